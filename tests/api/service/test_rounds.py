"""What is done again and again: at once, in its time, when it is woken, whatever went wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from optout.api.service import Round, rounds, running


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await asyncio.wait_for(work(), 5)

    asyncio.run(main())


class Turns:
    """Counts the turns of a round, and fails at the first so many."""

    def __init__(self, failures: int = 0) -> None:
        self.count = 0
        self._failures = failures

    async def work(self) -> None:
        self.count += 1
        if self.count <= self._failures:
            raise RuntimeError("anna@anna.example")

    async def reach(self, count: int) -> None:
        while self.count < count:
            await asyncio.sleep(0.005)


def test_a_round_has_a_turn_at_once_and_again_in_its_time() -> None:
    turns = Turns()

    async def work() -> None:
        async with running([Round("often", 0.01, turns.work)]):
            await turns.reach(3)
        count = turns.count
        await asyncio.sleep(0.05)
        assert turns.count == count, "it has ended"

    run(work)


def test_a_round_that_is_woken_does_not_wait() -> None:
    turns = Turns()

    async def work() -> None:
        one = Round("seldom", 3600, turns.work)
        async with running([one]):
            for count in range(1, 4):
                await turns.reach(count)
                one.wake()
            await turns.reach(4)
            await asyncio.sleep(0.05)
            assert turns.count == 4

    run(work)


def test_a_turn_that_fails_is_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "RETRY_SECONDS", 0.01)
    turns = Turns(failures=2)

    async def work() -> None:
        async with running([Round("seldom", 3600, turns.work)]):
            await turns.reach(3)
            await asyncio.sleep(0.05)
            assert turns.count == 3

    run(work)


def test_who_wakes_a_round_at_work_gets_a_turn_after_it() -> None:
    turns = 0

    async def work() -> None:
        async def turn() -> None:
            nonlocal turns
            turns += 1
            if turns == 1:
                one.wake()
                await asyncio.sleep(0.02)

        one = Round("seldom", 3600, turn)
        async with running([one]):
            while turns < 2:
                await asyncio.sleep(0.005)

    run(work)
    assert turns == 2


def test_a_turn_that_fails_is_noted_by_its_place_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, sound = Turns(failures=2), Turns()

    async def work() -> None:
        async with running([Round("broken", 0.01, broken.work), Round("sound", 0.01, sound.work)]):
            await broken.reach(3)
            await sound.reach(3)

    with caplog.at_level(logging.ERROR):
        run(work)
    assert len(caplog.messages) == 2
    assert all(line.startswith("broken: RuntimeError at ") for line in caplog.messages)
    assert "anna" not in caplog.text


def test_a_turn_under_way_is_finished_and_one_that_takes_too_long_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rounds, "GRACE_SECONDS", 0.1)
    finished = []

    def turn(name: str, seconds: float) -> Callable[[], Awaitable[None]]:
        async def turn() -> None:
            await asyncio.sleep(seconds)
            finished.append(name)

        return turn

    async def work() -> None:
        async with running([Round("a", 60, turn("short", 0.03)), Round("b", 60, turn("long", 60))]):
            await asyncio.sleep(0.01)

    run(work)
    assert finished == ["short"]


def test_what_goes_wrong_within_the_block_comes_out_as_it_is() -> None:
    async def work() -> None:
        async with running([Round("a", 60, Turns().work)]):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run(work)
