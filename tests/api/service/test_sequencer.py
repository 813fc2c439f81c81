"""What waits is written together, and everybody gets what is their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optout.api.errors import Busy
from optout.api.service import Desk, Item, Limits, Outside, read_lines
from optout.api.service.sequencer import Sequencer
from optout.registry.errors import RegistryError, UsageError

LIMITS = Limits()


class Held:
    """Writes when it is let; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[list[str]]] = []
        self.begun = threading.Event()
        self.let = threading.Event()

    def __call__(self, batch: Sequence[Sequence[str]]) -> list[str]:
        self.batches.append([list(things) for things in batch])
        self.begun.set()
        assert self.let.wait(10)
        if any("odd" in things for things in batch):
            raise UsageError("one of them is odd", "Leave it out.")
        if any("away" in things for things in batch):
            raise RegistryError("the registry is away", "Wait.")
        return ["".join(things) for things in batch]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def begun(sequencer: Sequencer[str, str], held: Held) -> asyncio.Task[str]:
    """The first of all, under way."""
    first = asyncio.create_task(sequencer.write(["first"]))
    assert await asyncio.to_thread(held.begun.wait, 10)
    return first


async def waiting(
    sequencer: Sequencer[str, str], *all_things: list[str]
) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(sequencer.write(things)) for things in all_things]
    await asyncio.sleep(0)
    return tasks


def test_what_waits_is_one_batch_and_each_gets_their_own() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=500, waiting=10)
        first = await begun(sequencer, held)
        tasks = await waiting(sequencer, ["a"], ["b", "c"], ["d"])
        assert sequencer.waiting == 3
        held.let.set()
        assert await asyncio.gather(first, *tasks) == ["first", "a", "bc", "d"]
        assert held.batches == [[["first"]], [["a"], ["b", "c"], ["d"]]]
        sequencer.close()

    run(main())


def test_a_batch_has_an_end_and_one_caller_may_hand_in_more() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=2, waiting=10)
        first = await begun(sequencer, held)
        tasks = await waiting(sequencer, ["a"], ["b"], ["c"], ["d", "e", "f"])
        held.let.set()
        assert await asyncio.gather(first, *tasks) == ["first", "a", "b", "c", "def"]
        assert [len(batch) for batch in held.batches] == [1, 2, 1, 1]
        sequencer.close()

    run(main())


def test_nobody_suffers_for_what_another_hands_in() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=500, waiting=10)
        first = await begun(sequencer, held)
        tasks = await waiting(sequencer, ["a"], ["odd"], ["b"])
        held.let.set()
        assert await first == "first"
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [told[0], told[2]] == ["a", "b"]
        assert isinstance(told[1], UsageError)
        sequencer.close()

    run(main())


def test_a_fault_of_the_transaction_is_told_to_all_of_it_and_to_nobody_else() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=500, waiting=10)
        first = await begun(sequencer, held)
        tasks = await waiting(sequencer, ["a"], ["away"], ["b"])
        held.let.set()
        assert await first == "first"
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in told] == [RegistryError] * 3
        assert await sequencer.write(["c"]) == "c"
        sequencer.close()

    run(main())


@pytest.mark.parametrize("results", [[], ["a", "b", "c"]])
def test_who_writes_and_tells_too_few_or_too_many_keeps_nobody_waiting(results: list[str]) -> None:
    async def main() -> None:
        told = [results, ["d"]]
        sequencer: Sequencer[str, str] = Sequencer(lambda _: told.pop(0), most=500, waiting=10)
        with pytest.raises(ValueError, match="zip"):
            await sequencer.write(["a"])
        assert await sequencer.write(["d"]) == "d"
        sequencer.close()

    run(main())


def test_who_comes_after_the_queue_or_after_the_end_is_turned_away() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=500, waiting=2)
        first = await begun(sequencer, held)
        tasks = await waiting(sequencer, ["a"], ["b"])
        with pytest.raises(Busy, match="hands full"):
            await sequencer.write(["c"])
        ended = asyncio.create_task(asyncio.to_thread(sequencer.close))
        while not sequencer.closed:
            await asyncio.sleep(0.001)
        with pytest.raises(Busy):
            await sequencer.write(["d"])
        held.let.set()
        assert await asyncio.gather(first, *tasks) == ["first", "a", "b"]
        await ended

    run(main())


def test_who_stops_waiting_takes_back_what_was_handed_in() -> None:
    async def main() -> None:
        held = Held()
        sequencer = Sequencer(held, most=500, waiting=10)
        first = await begun(sequencer, held)
        gone, stays = await waiting(sequencer, ["a"], ["b"])
        gone.cancel()
        first.cancel()  # what is under way goes on
        await asyncio.sleep(0)
        held.let.set()
        assert await stays == "b"
        assert held.batches == [[["first"]], [["b"]]]
        sequencer.close()

    run(main())


def test_cases_that_are_opened_at_once_show_what_the_registry_shows(
    new_registry: Callable[[], Path], outside: Outside
) -> None:
    async def main(desk: Desk) -> None:
        texts = ["anna.example/a\n\nanna.example", "https://bea.example/y"]
        found = [[line.result for line in read_lines(text, LIMITS)] for text in texts]
        items = [[item for item in one if isinstance(item, Item)] for one in found]
        items[0] += items[0][:1]
        items.append([replace(items[1][0], shown="b\ud800")])
        registered = await asyncio.gather(
            *(desk.register(one, ["train-ai", "search"]) for one in items)
        )
        for opened, checkpoint in registered:
            assert opened.case == await desk.read_case(opened.number, opened.secret)
            assert int(checkpoint.split("\n")[1]) > max(entry.index for entry in opened.entries)
        assert (await desk.checkpoint()).split("\n")[1] == "4"

    desk = Desk.open(new_registry(), None, LIMITS, outside)
    run(main(desk))
    desk.close()
