"""Parts of one shard on several threads: all of them in order, or the fault of the first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Hear = Callable[[int], None]
"""Told of steps that are done."""

Work = Callable[[Item, Hear], Result]


class _Stopped(BaseException):
    """Nobody waits for this thread's work any more."""


def in_threads(
    items: Sequence[Item], workers: Sequence[Work[Item, Result]], hear: Hear
) -> list[Result]:
    """Do something for every item.

    Args:
        items: for what; they are begun in this order.
        workers: does it, a thread each; with one, or for one item, no thread is started. They run
            at the same time and are told what they may share.
        hear: hears of steps that are done, always in the caller's thread.

    Returns:
        The results, as the items are.

    Raises:
        Exception: what was raised for the first item for which something was.
    """
    if len(workers) == 1 or len(items) <= 1:
        return [workers[0](item, hear) for item in items]
    return _Threads(items, workers).results(hear)


class _Threads(Generic[Item, Result]):
    def __init__(self, items: Sequence[Item], workers: Sequence[Work[Item, Result]]) -> None:
        self._items = enumerate(items)
        self._lock = threading.Lock()
        self._done: dict[int, Result] = {}
        self._faults: dict[int, Exception] = {}
        self._stopped = False
        self._messages: SimpleQueue[int | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, args=[work], name=f"part {number}", daemon=True)
            for number, work in enumerate(workers[: len(items)])
        ]

    def results(self, hear: Hear) -> list[Result]:
        for thread in self._threads:
            thread.start()
        try:
            over = 0
            while over < len(self._threads):
                steps = self._messages.get()
                if steps is None:
                    over += 1
                else:
                    hear(steps)
        finally:
            self._stopped = True
            for thread in self._threads:
                thread.join()
        if self._faults:
            raise self._faults[min(self._faults)]
        return [self._done[number] for number in sorted(self._done)]

    def _run(self, work: Work[Item, Result]) -> None:
        try:
            while (following := self._next()) is not None:
                number, item = following
                try:
                    self._done[number] = work(item, self._hear)
                except Exception as fault:
                    self._faults[number] = fault
        except _Stopped:
            pass
        finally:
            self._messages.put(None)

    def _next(self) -> tuple[int, Item] | None:
        # What is before a fault was begun before it, and comes to its end: it may be the first.
        with self._lock:
            return None if self._stopped or self._faults else next(self._items, None)

    def _hear(self, steps: int) -> None:
        if self._stopped:
            raise _Stopped
        self._messages.put(steps)
