"""Work is done by many threads, and taken back in order."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from optout.filter.verify import lanes
from optout.filter.verify.lanes import in_order


def counting(task: int, items: int) -> list[tuple[int, tuple[int, int]]]:
    return [(1, (task, item)) for item in range(items)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_items_come_in_the_order_of_their_tasks(workers: int) -> None:
    tasks = [partial(counting, task, task % 4) for task in range(20)]
    expected = [(task, item) for task in range(20) for item in range(task % 4)]
    assert list(in_order(tasks, workers)) == expected


def test_tasks_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=20)

    def meet():
        both.wait()
        yield 1, "met"

    assert list(in_order([meet, meet], 2)) == ["met", "met"]


def test_what_a_task_raises_comes_where_its_next_item_would() -> None:
    def failing():
        yield 1, "first"
        raise ValueError("no more")

    found = in_order([failing, partial(counting, 1, 1)], 2)
    assert next(found) == "first"
    with pytest.raises(ValueError, match="no more"):
        next(found)


def test_no_more_waits_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_WAITING", 10)
    made = [0, 0, 0]

    def making(task: int):
        for _ in range(100):
            made[task] += 1
            yield 5, task

    found = in_order([partial(making, task) for task in range(3)], 2)
    assert next(found) == 0
    time.sleep(0.2)  # whoever does not wait would be done by now
    assert max(made) <= 4
    assert list(found) == [0] * 99 + [1] * 100 + [2] * 100


def test_tasks_are_asked_for_as_they_are_needed() -> None:
    asked = []

    def tasks():
        for task in range(50):
            asked.append(task)
            yield partial(counting, task, 1)

    found = in_order(tasks(), 2)
    next(found)
    assert len(asked) <= 4


def test_whoever_takes_no_more_leaves_no_thread_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "MOST_WAITING", 1)
    found = in_order([partial(counting, task, 100) for task in range(9)], 2)
    next(found)
    found.close()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("optout-verify_")]
