"""How much came lately, one at a time or many at once."""

from __future__ import annotations

import time

from optout.api.service import Rate, Windows

RATE = Rate(10, 60)


class Clock:
    """Stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_many_at_once_count_as_many_and_pass_or_do_not_as_one() -> None:
    windows = Windows(5, Clock())
    assert windows.hit("a", RATE, 7)
    assert not windows.hit("a", RATE, 4)
    assert windows.left("a", RATE) == 3
    assert windows.hit("a", RATE, 3)
    assert not windows.hit("a", RATE)
    assert windows.left("b", RATE) == 10
    assert not windows.hit("b", RATE, 11)


def test_who_waits_so_long_may_bring_so_many() -> None:
    clock = Clock()
    windows = Windows(5, clock)
    for count in (4, 3, 3):
        assert windows.hit("a", RATE, count)
        clock.now += 10
    waits = {count: windows.wait("a", RATE, count) for count in (1, 4, 5, 7, 8, 10, 11)}
    assert waits == {1: 30, 4: 30, 5: 40, 7: 40, 8: 50, 10: 50, 11: 50}
    clock.now += 39
    assert not windows.hit("a", RATE, 5)
    clock.now += 1
    assert windows.hit("a", RATE, 5)


def test_what_came_to_nothing_is_counted_no_more_the_latest_first() -> None:
    clock = Clock()
    windows = Windows(5, clock)
    windows.hit("a", RATE, 4)
    clock.now += 10
    windows.hit("a", RATE, 3)
    windows.take_back("a", 5)
    assert windows.left("a", RATE) == 8
    assert windows.wait("a", RATE, 9) == 50
    windows.take_back("a", 100)
    windows.take_back("b", 1)
    assert windows.left("a", RATE) == windows.left("b", RATE) == 10


def test_whoever_sets_the_clock_changes_nothing() -> None:
    # A wall clock that jumps by a day would keep everybody out, or nobody.
    assert Windows(5)._clock is time.monotonic
