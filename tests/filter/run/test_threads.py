"""Parts of a shard on threads: all are done, in order, and the first fault is the one told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from optout.filter.run.budget import Budget
from optout.filter.run.threads import in_threads

THREADS = pytest.mark.parametrize("threads", [1, 2, 5])


class Told:
    """Hears of steps, and of the thread that tells."""

    def __init__(self) -> None:
        self.steps = 0
        self.threads: set[int] = set()

    def __call__(self, steps: int) -> None:
        self.steps += steps
        self.threads.add(threading.get_ident())


@THREADS
def test_results_are_in_the_order_of_the_items(threads: int) -> None:
    def work(item: int, hear: Callable[[int], None]) -> int:
        time.sleep((item % 3) / 500)
        hear(item)
        return -item

    told = Told()
    assert in_threads(range(20), [work] * threads, told) == [-item for item in range(20)]
    assert told.steps == sum(range(20))
    assert told.threads == {threading.get_ident()}


def test_every_thread_has_a_worker_of_its_own() -> None:
    both = threading.Barrier(2, timeout=10)

    def worker(name: str) -> Callable[[int, object], str]:
        def work(_item: int, _hear: object) -> str:
            both.wait()
            return name

        return work

    assert sorted(in_threads([1, 2], [worker("a"), worker("b")], Told())) == ["a", "b"]


@THREADS
def test_the_fault_of_the_first_item_is_raised(threads: int) -> None:
    def work(item: int, _hear: object) -> None:
        time.sleep(0.02 if item == 3 else 0)
        if item >= 3:
            raise ValueError(item)

    for _ in range(5):
        with pytest.raises(ValueError, match="3"):
            in_threads(range(20), [work] * threads, Told())


def test_an_interrupt_stops_all_threads() -> None:
    before = threading.active_count()

    def work(_item: int, hear: Callable[[int], None]) -> None:
        while True:
            hear(1)
            time.sleep(0.001)

    def interrupt(_steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(range(4), [work] * 3, interrupt)
    assert threading.active_count() == before


def test_no_more_is_taken_than_there_is_and_too_much_is_taken_alone() -> None:
    budget, lock = Budget(10), threading.Lock()
    inside: list[int] = []
    most: list[list[int]] = []

    def work(item: int, _hear: object) -> None:
        with budget.taken(item):
            with lock:
                inside.append(item)
                most.append(sorted(inside))
            time.sleep(0.002)
            with lock:
                inside.remove(item)

    in_threads([4, 4, 4, 25, 4, 9, 1, 4, 30, 2], [work] * 6, Told())
    assert all(sum(held) <= 10 or len(held) == 1 for held in most)
    assert [25] in most
    assert any(len(held) > 1 for held in most)
