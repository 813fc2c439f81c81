"""Work in turns: a number at once, a queue that ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine

import pytest
from optout.api.errors import Busy
from optout.api.service import Turns


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


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield bytes(size)


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
