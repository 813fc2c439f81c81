"""Places go to whoever had least of them lately."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.errors import Busy
from optout.api.service.fair_places import HALF_LIFE, FairPlaces


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class World:
    """Senders who hold places until they are told to finish, and a clock that is set by hand."""

    def __init__(self, places: int, waiting: int = 100, each: int | None = None) -> None:
        self.now = 0.0
        self.places = FairPlaces(places, waiting, each, lambda: self.now)
        self.at_work: list[str] = []
        self.order: list[str] = []
        self.ends: dict[str, list[asyncio.Event]] = {}

    def ask(self, whose: str) -> asyncio.Task[None]:
        async def work() -> None:
            async with self.places.hold(whose):
                self.at_work.append(whose)
                self.order.append(whose)
                end = asyncio.Event()
                self.ends.setdefault(whose, []).append(end)
                try:
                    await end.wait()
                finally:
                    self.at_work.remove(whose)

        return asyncio.create_task(work())

    def waiting(self, whose: str) -> int:
        sender = self.places._senders.get(whose)
        return len(sender.line) if sender else 0

    async def finish(self, whose: str, after: float) -> None:
        self.now += after
        self.ends[whose].pop(0).set()
        await settle()


def test_who_comes_first_is_served_first_where_nobody_had_a_place() -> None:
    async def main() -> None:
        one = World(1)
        tasks = [one.ask(name) for name in "abc"]
        await settle()
        for name in "abc":
            assert one.at_work == [name]
            await one.finish(name, 0)
        await asyncio.gather(*tasks)

    run(main())


def test_who_sends_much_waits_for_who_sends_little() -> None:
    async def main() -> None:
        one = World(1)
        tasks = [one.ask("much") for _ in range(20)]
        await settle()
        tasks.append(one.ask("little"))
        await settle()
        await one.finish("much", 60)
        assert one.at_work == ["little"]
        await one.finish("little", 1)
        for _ in range(19):
            await one.finish("much", 60)
        await asyncio.gather(*tasks)

    run(main())


def test_who_asks_again_right_away_comes_before_who_had_more() -> None:
    async def main() -> None:
        one, served = World(1), []

        async def little() -> None:
            for _ in range(5):
                async with one.places.hold("little"):
                    served.append(one.order.count("much"))
                    one.now += 1

        tasks = [one.ask("much") for _ in range(3)]
        await settle()
        small = asyncio.create_task(little())
        await settle()
        await one.finish("much", 60)
        await small
        assert served == [1] * 5, "all five between the first and the second of the other"
        for _ in range(2):
            await settle()
            await one.finish("much", 60)
        await asyncio.gather(*tasks)

    run(main())


def test_one_sender_never_holds_more_than_its_share() -> None:
    async def main() -> None:
        one = World(3, each=2)
        tasks = [one.ask("much") for _ in range(6)]
        await settle()
        assert one.at_work == ["much"] * 2
        tasks.append(one.ask("little"))
        await settle()
        assert one.at_work == ["much", "much", "little"], "at once, without waiting"
        await one.finish("little", 0)
        for _ in range(6):
            await one.finish("much", 1)
        await asyncio.gather(*tasks)

    run(main())


def test_who_holds_fewest_comes_first() -> None:
    async def main() -> None:
        one = World(3)
        tasks = [one.ask(name) for name in ("two", "two", "other", "two")]
        await settle()
        tasks.append(one.ask("none"))
        await settle()
        await one.finish("other", 1)
        assert one.at_work == ["two", "two", "none"]
        for name in ("two", "none", "two", "two"):
            await one.finish(name, 1)
        await asyncio.gather(*tasks)

    run(main())


def test_who_has_no_name_may_hold_all() -> None:
    async def main() -> None:
        one = World(3, each=1)
        tasks = [one.ask("") for _ in range(3)]
        await settle()
        assert one.at_work == [""] * 3
        for _ in range(3):
            await one.finish("", 0)
        await asyncio.gather(*tasks)

    run(main())


def test_what_somebody_had_long_ago_is_forgotten() -> None:
    async def main() -> None:
        one = World(1)
        tasks = [one.ask("earlier")]
        await settle()
        await one.finish("earlier", 60)
        one.now += 20 * HALF_LIFE
        tasks.append(one.ask("holds"))
        await settle()
        for name in ("earlier", "new"):
            tasks.append(one.ask(name))
            await settle()
            one.now += 1
        await one.finish("holds", 0)
        assert one.at_work == ["earlier"]
        await one.finish("earlier", 0)
        await one.finish("new", 0)
        await asyncio.gather(*tasks)

    run(main())


@pytest.mark.parametrize("seconds", [0.01, 1.0, 60.0])
def test_much_that_is_short_counts_as_what_is_long(seconds: float) -> None:
    async def main() -> None:
        one = World(1)
        tasks = [one.ask(name) for name in ("a", "b") * 50]
        await settle()
        for name in ("a", "b") * 10:
            await one.finish(name, seconds)
        tasks.append(one.ask("c"))
        await settle()
        await one.finish("a", seconds)
        assert one.at_work == ["c"]
        await one.finish("c", seconds)
        for name in ("b", "a") * 39 + ("b",):
            await one.finish(name, seconds)
        await asyncio.gather(*tasks)

    run(main())


def test_what_was_had_bit_by_bit_is_remembered() -> None:
    async def main() -> None:
        one = World(1)
        for _ in range(30):
            async with one.places.hold("often"):
                one.now += 1
        tasks = [one.ask("holds")]
        await settle()
        tasks.append(one.ask("often"))
        await settle()
        one.now += 10
        tasks.append(one.ask("later"))
        await settle()
        await one.finish("holds", 0)
        assert one.at_work == ["later"], "some 25 seconds are more than the 10 that it came before"
        await one.finish("later", 0)
        await one.finish("often", 0)
        await asyncio.gather(*tasks)

    run(main())


def test_nobody_is_overtaken_without_end_by_who_is_always_new() -> None:
    async def main() -> None:
        one = World(1)
        async with one.places.hold("honest"):
            one.now += 10
        tasks = [one.ask("0")]
        await settle()
        honest = one.ask("honest")
        for number in range(100):
            tasks.append(one.ask(str(number + 1)))
            await settle()
            if one.at_work == ["honest"]:
                break
            await one.finish(one.at_work[0], 1)
        assert number < 12, "a second for each of the ten that it had, and the one that was there"
        await one.finish("honest", 0)
        for _ in range(2):
            await one.finish(one.at_work[0], 0)
        await asyncio.gather(honest, *tasks)

    run(main())


def test_a_place_is_wanted_of_who_holds_it_where_others_could_have_it() -> None:
    async def main() -> None:
        one = World(3, each=2)
        tasks = [one.ask("a") for _ in range(3)] + [one.ask("b")]
        await settle()
        assert one.at_work == ["a", "a", "b"]
        assert one.places.is_wanted_of("a"), "another of its own waits for it"
        assert not one.places.is_wanted_of("b"), "nobody would get what b gives back"
        tasks.append(one.ask("c"))
        await settle()
        assert one.places.is_wanted_of("b")
        await one.finish("b", 1)
        assert one.at_work == ["a", "a", "c"]
        for name in "caaa":
            await one.finish(name, 1)
        await asyncio.gather(*tasks)
        assert not one.places.is_wanted_of("a")

    run(main())


def test_where_too_many_wait_the_one_with_most_of_them_is_turned_away() -> None:
    async def main() -> None:
        one = World(1, waiting=3)
        much = [one.ask("much") for _ in range(4)]
        await settle()
        one_too_many = one.ask("much")
        await settle()
        with pytest.raises(Busy):
            await one_too_many
        little = one.ask("little")
        await settle()
        with pytest.raises(Busy):
            await much.pop()
        assert one.places.waiting == 3
        await one.finish("much", 1)
        assert one.at_work == ["little"]
        await one.finish("little", 0)
        for _ in range(2):
            await one.finish("much", 1)
        await asyncio.gather(*much, little)
        assert one.places.waiting == 0

    run(main())


def test_nobody_is_turned_away_for_who_has_as_many_waiting() -> None:
    async def main() -> None:
        one = World(1, waiting=2)
        tasks = [one.ask(name) for name in "abc"]
        await settle()
        late = one.ask("d")
        await settle()
        with pytest.raises(Busy, match="the service has its hands full"):
            await late
        for name in "abc":
            await one.finish(name, 0)
        await asyncio.gather(*tasks)

    run(main())


def test_who_has_just_given_a_place_back_is_not_turned_away() -> None:
    async def main() -> None:
        one, served = World(1, waiting=1), []

        async def two() -> None:
            for number in range(2):
                async with one.places.hold("two"):
                    served.append(number)
                    await settle()

        task = asyncio.create_task(two())
        await asyncio.sleep(0)
        other = one.ask("other")
        while one.at_work != ["other"]:
            await asyncio.sleep(0)
        await one.finish("other", 0)
        await asyncio.gather(task, other)
        assert served == [0, 1]

    run(main())


def test_who_does_not_want_to_wait_any_more_loses_nothing_for_others() -> None:
    async def main() -> None:
        one = World(1)
        holder, gone, after = one.ask("a"), one.ask("b"), one.ask("c")
        await settle()
        gone.cancel()
        await settle()
        assert one.places.waiting == 1
        await one.finish("a", 0)
        assert one.at_work == ["c"]
        await one.finish("c", 0)
        await asyncio.gather(holder, after)

    run(main())


def test_who_leaves_in_the_moment_of_getting_a_place_gives_it_back() -> None:
    async def main() -> None:
        one = World(1)
        holder, gone, after = one.ask("a"), one.ask("b"), one.ask("c")
        await settle()
        one.ends["a"].pop().set()
        await asyncio.sleep(0)  # the place is given back
        asyncio.get_running_loop().call_soon(gone.cancel)  # and given on before this
        await settle()
        assert one.at_work == ["c"]
        await one.finish("c", 0)
        await asyncio.gather(holder, after)
        assert one.order == ["a", "c"]

    run(main())


def test_senders_who_are_gone_are_not_remembered_for_ever() -> None:
    async def main() -> None:
        now = 0.0
        places = FairPlaces(2, 10, ticks=lambda: now)
        for number in range(5000):
            async with places.hold(str(number)):
                now += 1
        assert len(places._senders) < 2500

    run(main())


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "end", "leave", "tick"]), st.integers(0, 5)),
    max_size=80,
)


@given(steps=STEPS, places=st.integers(1, 3), waiting=st.integers(1, 6), each=st.integers(1, 3))
def test_places_are_neither_lost_nor_given_twice(
    steps: list[tuple[str, int]], places: int, waiting: int, each: int
) -> None:
    """Whatever comes: no more at work than places, no place idle for whom it could serve."""

    async def main() -> None:
        one = World(places, waiting, each)
        tasks: list[asyncio.Task[None]] = []
        for step, number in steps:
            name = "abc"[number % 3]
            if step == "ask":
                tasks.append(one.ask(name))
            elif step == "end" and one.ends.get(name):
                one.ends[name].pop(0).set()
            elif step == "leave" and tasks:
                tasks[number % len(tasks)].cancel()
            one.now += number
            if number % 2:
                await settle()
                able = [name for name in "abc" if one.at_work.count(name) < each]
                assert len(one.at_work) == places or not any(one.waiting(name) for name in able)
            assert len(one.at_work) <= places
            assert all(one.at_work.count(name) <= each for name in "abc")
            assert one.places.waiting <= waiting
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await settle()
        assert one.places.waiting == 0
        async with asyncio.timeout(5):  # every place is there, for as many senders
            async with one.places.hold("x"):
                assert one.places._free == places - 1

    run(main())
