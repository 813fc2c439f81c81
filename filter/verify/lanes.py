"""Work for all cores, taken back in order, and no more of it waiting than memory holds."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")
Task = Callable[[], Iterable[tuple[int, Item]]]
"""Makes items, and says of each what it weighs."""

MOST_WAITING = 1 << 18
"""What the items of one task may weigh together before they are taken: values, or rows."""


def threads() -> int:
    """How many cores there are to work on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(tasks: Iterable[Task[Item]], workers: int) -> Iterator[Item]:
    """Do tasks at the same time, each in a thread.

    Args:
        tasks: asked for one after another, not long before they are done.
        workers: how many threads.

    Yields:
        What they make, task by task in their order.

    Raises:
        Exception: whatever a task raises, where its next item would be.
    """
    lanes: deque[_Lane[Item]] = deque()
    waiting = iter(tasks)
    with ThreadPoolExecutor(workers, "optout-verify") as pool:
        try:
            while True:
                # One more than there are threads: nobody waits for the next task to be told.
                while len(lanes) <= workers and (task := next(waiting, None)) is not None:
                    lanes.append(_Lane(pool, task))
                if not lanes:
                    return
                yield from lanes[0]
                lanes.popleft()
        finally:
            for lane in lanes:
                lane.stop()


class _StoppedError(Exception):
    """Nobody takes the items any more."""


class _Lane(Generic[Item]):
    """The items of one task on their way."""

    def __init__(self, pool: ThreadPoolExecutor, task: Task[Item]) -> None:
        self._items: deque[tuple[int, Item]] = deque()
        self._weight = 0
        self._changed = Condition()
        self._stopped = False
        self._ended = False
        self._running: Future[None] = pool.submit(self._run, task)

    def _run(self, task: Task[Item]) -> None:
        try:
            for weight, item in task():
                self._put(weight, item)
        except _StoppedError:
            pass
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, weight: int, item: Item) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._weight < MOST_WAITING or self._stopped)
            if self._stopped:
                raise _StoppedError
            self._items.append((weight, item))
            self._weight += weight
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._ended)
                if not self._items:
                    break
                weight, item = self._items.popleft()
                self._weight -= weight
                self._changed.notify_all()
            yield item
        self._running.result()

    def stop(self) -> None:
        """Take no more items."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._running.cancel()
