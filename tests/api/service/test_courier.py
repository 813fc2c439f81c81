"""Codes on their way: nobody waits for them, and they stand nowhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from optout.api.errors import Busy
from optout.api.mail import Letter, Post, SmtpMailer
from optout.api.service import Outside, courier
from optout.api.service.courier import Courier

from tests.api.mail.boxes import Handler, Silent, keeping, run, serving

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=10)
TO = "bad@anna.example"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "RETRY", timedelta(milliseconds=50))
    monkeypatch.setattr(courier, "GRACE", timedelta(milliseconds=100))


@pytest.fixture
def world(outside: Outside) -> Callable[[int], Outside]:
    post = Post("optout@optout.example", "https://optout.example", lambda: NOW)

    def world(port: int) -> Outside:
        mailer = SmtpMailer("127.0.0.1", port, security="none")
        return replace(outside, clock=lambda: NOW, post=post, mailer=mailer)

    return world


def writing(world: Outside) -> Callable[[], Letter]:
    values = {"code": "01234567", "minutes": 10, "case": "K7WQ-2MZD", "link": world.post.code_link}
    return lambda: world.post.write("code", "en", TO, values)


async def settle(sender: Courier) -> None:
    while sender._tasks:
        await asyncio.sleep(0.01)


class Later(Handler):
    """Takes letters from the second attempt on."""

    async def handle_DATA(self, *args: Any) -> str:  # noqa: N802  # aiosmtpd's own name
        self.data = "250 OK" if self.taken else "451 later"
        return await super().handle_DATA(*args)


@pytest.mark.parametrize(
    ("until", "attempts"), [(UNTIL, 2), (NOW + timedelta(seconds=2), 1), (NOW, 0)]
)
def test_a_letter_is_tried_once_more_while_somebody_needs_it(
    world: Callable[[int], Outside],
    until: datetime,
    attempts: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = Later()
    if attempts < 2:
        monkeypatch.setattr(courier, "RETRY", timedelta(seconds=2))

    async def work() -> None:
        async with serving(keeping(handler)) as port:
            outside = world(port)
            sender = Courier(outside, 1)
            sender.take(writing(outside), until)
            await settle(sender)

    run(work())
    assert len(handler.taken) == attempts
    identities = {content.partition(b"Message-ID")[2][:40] for _, _, content in handler.taken}
    assert len(identities) == min(attempts, 1)


def test_a_code_whose_turn_does_not_come_in_time_is_not_sent(
    world: Callable[[int], Outside], caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with serving(Silent) as port:
            outside = world(port)
            sender = Courier(outside, 1)
            sender.take(writing(outside), NOW + timedelta(milliseconds=50))
            await settle(sender)

    with caplog.at_level(logging.WARNING, "optout"):
        run(work())
    assert "a code was not sent: it was over before its turn came" in caplog.text


def test_a_letter_that_is_refused_is_not_tried_again_and_nobody_is_named(
    world: Callable[[int], Outside], caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with serving(keeping(Handler(rcpt="550 bad@anna.example 01234567"))) as port:
            outside = world(port)
            sender = Courier(outside, 1)
            sender.take(writing(outside), UNTIL)
            await settle(sender)

    with caplog.at_level(logging.DEBUG, "optout"):
        run(work())
    refused = "a code was not sent: the mail server refuses this recipient (550)"
    assert [one.getMessage() for one in caplog.records if one.name == "optout.api"] == [refused]


def test_a_letter_that_cannot_be_written_is_noted_by_its_place(
    world: Callable[[int], Outside], caplog: pytest.LogCaptureFixture
) -> None:
    def write() -> Letter:
        raise RuntimeError(TO)

    async def work() -> None:
        sender = Courier(world(1), 1)
        sender.take(write, UNTIL)
        await settle(sender)

    run(work())
    assert "RuntimeError at " in caplog.text
    assert TO not in caplog.text


def test_who_comes_while_the_mail_server_hangs_is_turned_away_and_the_end_is_not_held_up(
    world: Callable[[int], Outside],
) -> None:
    async def work() -> None:
        async with serving(Silent) as port:
            outside = world(port)
            sender = Courier(outside, 2)
            for _ in range(2):
                sender.check()
                sender.take(writing(outside), UNTIL)
            with pytest.raises(Busy, match="too many letters are on their way"):
                sender.check()
            await sender.close()
            await asyncio.sleep(0)
            sender.check()

    run(work())
