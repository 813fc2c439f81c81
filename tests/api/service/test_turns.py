"""Work in turns: a number at once, a queue that ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine

import pytest
from optout.api.errors import Busy
from optout.api.service import SENDER, Turns


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 10))


def test_no_more_than_its_places_are_at_work_at_once() -> None:
    async def main() -> None:
        turns, lock, at_work, most = Turns(2, 100), threading.Lock(), 0, 0
        both = threading.Barrier(2, timeout=5)

        def work(number: int) -> int:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            both.wait()
            with lock:
                at_work -= 1
            return number

        done = await asyncio.gather(*(turns.run(work, number) for number in range(6)))
        assert done == list(range(6))
        assert most == 2

    run(main())


def test_who_comes_after_the_queue_is_turned_away() -> None:
    async def main() -> None:
        turns, release = Turns(1, 2), threading.Event()
        waiting = [asyncio.create_task(turns.run(release.wait, 5)) for _ in range(3)]
        await asyncio.sleep(0.1)
        with pytest.raises(Busy):
            await turns.run(print)
        release.set()
        assert all(await asyncio.gather(*waiting))
        assert await turns.run(int, "7") == 7

    run(main())


def test_a_place_that_is_held_is_given_back_after_an_error() -> None:
    async def main() -> None:
        turns = Turns(1, 1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with turns.hold():
                    raise ZeroDivisionError
        async with turns.hold():
            pass

    run(main())


def test_an_error_in_the_work_comes_back() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await Turns(1, 1).run(lambda: 1 / 0)

    run(main())


async def pieces(*sizes: int, pause: float = 0) -> AsyncIterator[bytes]:
    for size in sizes:
        yield bytes(size)
        await asyncio.sleep(pause)


def test_a_small_body_needs_no_place() -> None:
    async def main() -> None:
        turns = Turns(1, 1)
        async with turns.hold(), turns.hold_beyond(10, pieces(4, 6)) as body:
            assert [len(chunk) async for chunk in body] == [4, 6]

    run(main())


def test_a_large_body_waits_for_its_place_and_gives_it_back() -> None:
    async def main() -> None:
        turns, lengths = Turns(1, 1), []

        async def read() -> None:
            async with turns.hold_beyond(10, pieces(4, 7, 1)) as body:
                lengths.extend([len(chunk) async for chunk in body])

        async with turns.hold():
            reading = asyncio.create_task(read())
            await asyncio.sleep(0.1)
            assert not reading.done()
            with pytest.raises(Busy):
                await read()
        await reading
        assert lengths == [4, 7, 1]
        async with turns.hold():
            pass

    run(main())


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("PAUSE_SECONDS", 0.1), ("_LOOK_SECONDS", 0.02)):
        monkeypatch.setattr(f"optout.api.service.turns.{name}", seconds)


SLOW = {"stalling": ((11, 1), 5.0), "dripping": ((11, *[1] * 500), 0.01)}


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize(("sizes", "pause"), SLOW.values(), ids=SLOW.keys())
def test_a_slow_body_loses_its_place_once_somebody_waits_for_it(
    sizes: tuple[int, ...], pause: float
) -> None:
    async def main() -> None:
        turns = Turns(1, 5)

        async def read(body: AsyncIterator[bytes]) -> int:
            async with turns.hold_beyond(10, body) as kept:
                return sum([len(chunk) async for chunk in kept])

        slow = asyncio.create_task(read(pieces(*sizes, pause=pause)))
        await asyncio.sleep(0.3)
        assert not slow.done(), "while nobody waits, it may be slow"
        async with asyncio.timeout(1):
            assert await read(pieces(4, 7, 1)) == 12
        with pytest.raises(Busy, match="others wait, and the request arrives too slowly"):
            await slow

    run(main())


@pytest.mark.usefixtures("_hurried")
def test_a_slow_body_is_kept_where_only_its_own_share_keeps_another_waiting() -> None:
    async def main() -> None:
        turns = Turns(3, 5, each=1)

        end = asyncio.Event()

        async def hold() -> None:
            SENDER.set("a")
            async with turns.hold():
                await end.wait()

        async def read() -> int:
            SENDER.set("b")
            async with turns.hold_beyond(10, pieces(11, 1, pause=0.3)) as kept:
                return sum([len(chunk) async for chunk in kept])

        holding = [asyncio.create_task(hold()) for _ in range(2)]
        await asyncio.sleep(0)
        assert turns.waiting == 1
        assert await asyncio.create_task(read()) == 12
        end.set()
        await asyncio.gather(*holding)

    run(main())


@pytest.mark.usefixtures("_hurried")
def test_a_brisk_body_keeps_its_place_whoever_waits() -> None:
    async def main() -> None:
        turns, ended = Turns(1, 5), []

        async def read(name: str, body: AsyncIterator[bytes]) -> None:
            async with turns.hold_beyond(10, body) as kept:
                ended.append((name, sum([len(chunk) async for chunk in kept])))

        brisk = asyncio.create_task(read("brisk", pieces(*[100_000] * 20, pause=0.02)))
        await asyncio.sleep(0.05)
        await read("small", pieces(11))
        await brisk
        assert ended == [("brisk", 2_000_000), ("small", 11)]

    run(main())


def test_what_is_done_between_two_pieces_is_not_held_against_the_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optout.api.service.turns.PAUSE_SECONDS", 0.1)

    async def main() -> None:
        turns = Turns(1, 5)
        async with turns.hold_beyond(10, pieces(11, 1, 1)) as body:
            waiting = asyncio.create_task(turns.run(int, "7"))
            async for _ in body:
                await asyncio.sleep(0.2)
        assert await waiting == 7

    run(main())


def test_who_waits_too_long_for_a_place_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("optout.api.service.turns.WAIT_SECONDS", 0.1)

    async def main() -> None:
        turns = Turns(1, 5)

        async def read() -> None:
            async with turns.hold_beyond(10, pieces(11)) as body:
                assert [chunk async for chunk in body] == []

        async with turns.hold():
            with pytest.raises(Busy, match="too many large requests are under way"):
                await asyncio.create_task(read())
            assert turns.waiting == 0
        async with turns.hold():
            pass

    run(main())


def test_a_body_that_ends_in_an_error_gives_its_place_back() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(11)
        raise ZeroDivisionError

    async def main() -> None:
        turns = Turns(1, 5)
        with pytest.raises(ZeroDivisionError):
            async with turns.hold_beyond(10, broken()) as body:
                assert [len(chunk) async for chunk in body] == [11]
        async with turns.hold():
            pass

    run(main())
