"""Letters that are due are sent once, to whoever still wants them, and to nobody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from optout.api.http.world import outside_of
from optout.api.mail import OutboxMailer, Post, SmtpMailer
from optout.api.service import Outside, letters
from optout.api.service.letters import Letters
from optout.api.settings import Settings
from optout.registry import Identifier, Registry
from optout.registry.cases import LEASE, CaseItem, Method, OpenedCase, SentCode, Wish, tell
from optout.registry.identifiers import Grade
from optout.registry.log import SigningKey
from optout.registry.partners import Purpose, Report

from tests.api.mail.boxes import Handler, Server, keeping, read, run, serving

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=365)
ANNA = "anna@anna.example"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class World:
    """A registry, what is outside of it, and the letters between."""

    def __init__(self, database: Path, outside: Outside) -> None:
        self.database = database
        self.clock = Clock()
        self.outside = replace(
            outside,
            clock=self.clock,
            post=Post("optout@optout.example", "https://optout.example/no/", self.clock),
        )
        self.registry = Registry.open(database)

    def case(self, address: str = ANNA, language: str = "en") -> OpenedCase:
        """A case with a confirmed address, which hears of everything; one letter says so."""
        items = [CaseItem(Identifier.site(f"{name}.anna.example"), name) for name in "ab"]
        case = self.registry.cases.open_case(items)
        key, code = (case.number, case.secret), SentCode(b"c" * 32, LATER, 5)
        contacts = self.registry.contacts
        contacts.put(*key, address, code, language=language, wishes=Wish)
        contacts.confirm(*key, lambda contact: (True, contact.code), NOW)
        return case

    def tell(self, case: OpenedCase, **values: str) -> None:
        with self.registry._store.writing() as connection:
            wish = Wish.EXCLUDED if values else Wish.CONFIRMED
            assert tell(connection, case.number, wish, values, NOW)

    def sent_to(self, handler: Handler, times: int = 1) -> None:
        """Send what is due to a mail server, some at the same time."""

        async def work() -> None:
            async with serving(keeping(handler)) as port:
                await asyncio.gather(*(self.sending(port).send_due() for _ in range(times)))

        run(work())

    def sending(self, port: int, registry: Registry | None = None) -> Letters:
        mailer = SmtpMailer("127.0.0.1", port, security="none")
        return Letters(registry or self.registry, replace(self.outside, mailer=mailer))

    def left(self, days: int = 99) -> int:
        return len(self.registry.news.due(NOW + timedelta(days=days)))


@pytest.fixture
def world(new_registry: Callable[[], Path], outside: Outside) -> Iterator[World]:
    made = World(new_registry(), outside)
    yield made
    made.registry.close()


def shown(content: bytes) -> tuple[str, str]:
    letter = read(content)
    return str(letter["Subject"]), letter.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("language", "thanks", "proof", "news"),
    [
        ("en", "your address is confirmed", "we found your proof for", "good news: Harbour"),
        ("fr", "votre adresse est confirmée", "trouvé votre preuve pour", "Harbour Models déclare"),
    ],
)
def test_what_happens_to_a_case_is_written_in_its_language(
    world: World, language: str, thanks: str, proof: str, news: str
) -> None:
    case, registry = world.case(language=language), world.registry
    entries = [entry.index for entry in case.entries]
    identity = registry.proofs.start(
        case.number, case.secret, Method.DNS, "anna.example", b"t", now=NOW, expires=LATER
    )
    registry.proofs.record_proved(
        case.number, case.secret, identity, entries, Grade.DOMAIN, now=NOW, expires=LATER
    )
    verifier = str(SigningKey.generate("harbour.example").verifier)
    partner, _ = registry.partners.make("Harbour Models", Purpose.REPORT, verifier=verifier)
    size, root = registry.size, registry.root().hex()
    rows = {entries[0]: 40}
    registry.reports.keep(
        partner, Report("Harbours 2026", "2026-11-24", registry.origin, size, root, rows, b"1"), NOW
    )
    handler = Handler()
    world.sent_to(handler)
    assert {tuple(to) for _, to, _ in handler.taken} == {(ANNA,)}
    texts = [shown(content)[1] for _, _, content in handler.taken]
    link = f"https://optout.example/no/case/{case.number}\n"
    assert all(link in text and case.secret not in text for text in texts)
    (confirmed,) = [text for text in texts if thanks in text]
    (graded,) = [text for text in texts if proof in text]
    (excluded,) = [text for text in texts if news in text]
    assert case.number in confirmed
    assert "anna.example" in graded
    assert "2 " in graded.replace(case.number, "")
    assert "    Harbours 2026\n" in excluded
    assert world.left() == 0


def test_several_letters_need_one_connection(world: World) -> None:
    handler, made = Handler(), []
    case = world.case()
    for _ in range(letters._BATCH - 1):
        world.tell(case)

    def make() -> Server:
        made.append(keeping(handler)())
        return made[-1]

    async def work() -> None:
        async with serving(make) as port:
            await world.sending(port).send_due()

    run(work())
    assert (len(handler.taken), len(made)) == (letters._BATCH, 1)


def test_two_processes_send_no_letter_twice(world: World) -> None:
    handler = Handler()
    for number in range(30):
        world.case(f"anna{number}@anna.example")

    async def work() -> None:
        with Registry.open(world.database) as other:
            async with serving(keeping(handler)) as port:
                both = (world.sending(port), world.sending(port, other))
                await asyncio.gather(*(one.send_due() for one in both))

    run(work())
    assert len(handler.taken) == len({to[0] for _, to, _ in handler.taken}) == 30
    assert world.left() == 0


@contextmanager
def noted(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What is noted, in which nobody is named."""
    found: list[str] = []
    with caplog.at_level(logging.DEBUG, "optout"):
        yield found
    found += [one.getMessage() for one in caplog.records if one.name.startswith("optout")]
    assert "anna" not in "\n".join(found)


def test_what_is_sent_again_because_nobody_could_say_so_is_known_for_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, case = Handler(), world.case()
    world.tell(case)
    with monkeypatch.context() as killed:
        killed.setattr(world.registry.news, "sent", lambda _: None)
        world.sent_to(handler)
    world.clock.now += LEASE
    world.sent_to(handler)
    assert world.left() == 0
    identities = [letter["Message-ID"] for letter in handler.letters(ANNA)]
    assert len(identities) == 4
    assert len(set(identities)) == 2


def test_an_address_that_is_refused_is_not_written_to_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.case("bad@anna.example")
    world.case()
    handler = Handler(rcpt="550 bad@anna.example unknown")
    with noted(caplog) as said:
        world.sent_to(handler)
    assert [to for _, to, _ in handler.taken] == [[ANNA]]
    assert world.left() == 0
    assert said == ["a letter was given up: the mail server refuses this recipient (550)"]


def test_a_letter_that_is_not_taken_now_is_sent_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.case()
    with noted(caplog) as said:
        world.sent_to(Handler(data="451 later"))
    assert said == ["a letter was not sent: the mail server does not take this letter now (451)"]
    handler = Handler()
    world.clock.now = NOW + timedelta(minutes=4)
    world.sent_to(handler)
    assert handler.taken == []
    world.clock.now = NOW + timedelta(minutes=5)
    world.sent_to(handler)
    assert len(handler.taken) == 1
    assert world.left() == 0


def test_a_letter_that_cannot_be_written_does_not_keep_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.tell(world.case("carla@anna.example"), items="1")  # of no partner and no corpus
    world.case()
    handler = Handler()
    with noted(caplog) as said:
        world.sent_to(handler)
    assert sorted(to[0] for _, to, _ in handler.taken) == [ANNA, "carla@anna.example"]
    assert len(said) == 1
    assert said[0].startswith("UndefinedError at ")
    assert world.left() == 1


def test_who_takes_back_an_address_is_not_written_to_even_at_the_last_moment(world: World) -> None:
    forgotten, changed = world.case("one@anna.example"), world.case("two@anna.example")
    handler = Handler()
    taken = world.registry.news.take

    def take(now: datetime, most: int = 100) -> Any:
        found = taken(now, most)
        contacts, code = world.registry.contacts, SentCode(b"c" * 32, LATER, 5)
        if found:
            contacts.forget(forgotten.number, forgotten.secret)
            key = (changed.number, changed.secret)
            contacts.put(*key, "three@anna.example", code, language="en", wishes=Wish)
        return found

    world.registry.news.take = take  # type: ignore[method-assign]
    world.sent_to(handler)
    assert handler.taken == []


def test_who_wishes_to_hear_no_more_of_it_is_not_written_to(world: World) -> None:
    case = world.case()
    world.registry.contacts.change(case.number, case.secret, language="en", wishes=[Wish.GRADED])
    handler = Handler()
    world.sent_to(handler)
    assert handler.taken == []
    assert world.left() == 0


def test_what_does_not_fit_into_the_time_of_a_batch_is_sent_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.case()
    handler = Handler()
    monkeypatch.setattr(letters, "_SECONDS", -1)
    world.sent_to(handler)
    assert handler.taken == []
    monkeypatch.undo()
    world.clock.now = NOW + LEASE
    world.sent_to(handler)
    assert len(handler.taken) == 1


HOSTILE = {
    "partner": "Harbour\r\nBcc: everybody@anna.example\r\n\r\nSend us your secret \u202egpj.exe",
    "corpus": "Harbours\u2028\u2066" + "x" * 10_000,
}


def test_a_partners_words_stay_in_their_lines(world: World) -> None:
    case = world.case()
    world.tell(case, **HOSTILE, items="1")
    handler = Handler()
    world.sent_to(handler)
    (content,) = [one for _, _, one in handler.taken if b"Bcc" in one]
    letter = read(content)
    assert letter["Bcc"] is None
    assert [to for _, to, _ in handler.taken] == [[ANNA], [ANNA]]
    subject, text = shown(content)
    assert "\n" not in subject
    assert not set("\u202e\u2066\u2028\r") & set(subject + text)
    assert max(map(len, text.splitlines())) < 600
    assert "good news: Harbour Bcc: everybody@anna.example Send us your secret" in text


def test_where_no_mail_server_is_set_letters_go_into_the_outbox(world: World) -> None:
    world.case()
    mailer = world.outside.mailer
    assert isinstance(mailer, OutboxMailer)
    run(Letters(world.registry, world.outside).send_due())
    (path,) = mailer.folder.iterdir()
    assert "confirmed" in path.name
    assert read(path.read_bytes())["To"] == ANNA
    assert world.left() == 0


@pytest.mark.parametrize(
    ("settings", "link"),
    [
        ({"public_url": "https://optout.example/no"}, "https://optout.example/no/case/K7WQ-2MZD"),
        ({"port": 8080}, "http://127.0.0.1:8080/case/K7WQ-2MZD"),
        ({"host": "::1"}, "http://[::1]:8000/case/K7WQ-2MZD"),
    ],
)
def test_links_lead_where_people_reach_the_service(settings: dict[str, Any], link: str) -> None:
    assert outside_of(Settings(**settings)).post.link("K7WQ-2MZD") == link


def test_who_queues_a_letter_says_so(world: World) -> None:
    sending, told = Letters(world.registry, world.outside), []
    sending.when_queued.append(lambda: told.append(True))
    sending.queued()
    assert told == [True]
