"""One after another, and together: what waits to be written is written in one transaction.

A transaction costs about as much for many as for one (group commit: DeWitt et al., 1984). Who comes
while none is under way waits for nobody; who comes while one is, is part of the next.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from optout.api.errors import Busy
from optout.registry.errors import UsageError

T = TypeVar("T", bound=Sized)
R = TypeVar("R")


class Sequencer(Generic[T, R]):
    """Gathers what callers hand in, and has it written a batch at a time, in a thread of its own.

    Args:
        write: writes some in one transaction, all of them or none; its results are in their order.
            A `UsageError` is the fault of one of them, any other error nobody's.
        most: how many things one batch may hold; a single caller may hand in more.
        waiting: callers that may wait; who comes after is turned away.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R]], *, most: int, waiting: int
    ) -> None:
        self._write = write
        self._most = most
        self._waiting = waiting
        self._lock = threading.Lock()
        self._queue: deque[tuple[T, Future[R]]] = deque()
        self._thread = ThreadPoolExecutor(1, "sequencer")
        self._at_work = False
        self.closed = False
        """Whether nothing more is taken."""

    @property
    def waiting(self) -> int:
        """How many wait to be part of a batch."""
        return len(self._queue)

    async def write(self, things: T) -> R:
        """Have things written; they are durable when this returns.

        Who stops waiting before the batch is begun takes back what was handed in.

        Raises:
            Busy: too many are waiting already, or the service ends; nothing was written.
            Exception: whatever writing raises; nothing was written.
        """
        done: Future[R] = Future()
        with self._lock:
            if self.closed or len(self._queue) >= self._waiting:
                raise Busy(
                    "the service has its hands full",
                    "Nothing was registered. Try again in a minute.",
                )
            self._queue.append((things, done))
            if not self._at_work:
                self._at_work = True
                self._thread.submit(self._work)
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Take no more, and wait until everything that was taken is written."""
        with self._lock:
            self.closed = True
        self._thread.shutdown()

    def _work(self) -> None:
        while batch := self._next():
            self._write_batch(batch)

    def _next(self) -> list[tuple[T, Future[R]]]:
        """The next batch, of callers who still wait; with none the work is over."""
        batch: list[tuple[T, Future[R]]] = []
        size = 0
        with self._lock:
            while self._queue and (not batch or size + len(self._queue[0][0]) <= self._most):
                things, done = self._queue.popleft()
                if done.set_running_or_notify_cancel():
                    batch.append((things, done))
                    size += len(things)
            self._at_work = bool(batch)
        return batch

    def _write_batch(self, batch: Sequence[tuple[T, Future[R]]]) -> None:
        try:
            results = self._write([things for things, _ in batch])
            told = list(zip(batch, results, strict=True))
        except BaseException as error:  # whatever it is, those who wait are told
            if isinstance(error, UsageError) and len(batch) > 1:
                # Nothing was written. The others are not to suffer for one of them.
                for one in batch:
                    self._write_batch([one])
                return
            for _, done in batch:
                done.set_exception(error)
            return
        for (_, done), result in told:
            done.set_result(result)
