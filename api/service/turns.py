"""Blocking work in threads, a bounded number at once and a bounded number waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from optout.api.errors import Busy

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """A number of places, and a queue before them that has an end.

    Args:
        places: how many may be at work at once.
        waiting: how many may wait; who comes after is turned away.
    """

    def __init__(self, places: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(places)
        self._waiting = waiting

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread.

        Raises:
            Busy: too many are waiting already.
        """
        self._check()
        return await to_thread.run_sync(partial(work, *args, **kwargs), limiter=self._limiter)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a place while something else is done.

        Raises:
            Busy: too many are waiting already.
        """
        self._check()
        async with self._limiter:
            yield

    @asynccontextmanager
    async def hold_beyond(
        self, size: int, body: AsyncIterator[bytes]
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Hold a place from the moment on at which a body turns out to be large.

        Args:
            size: bytes up to which a body needs no place.
            body: as it arrives.

        Yields:
            the same body. Reading it raises `Busy` where it needs a place and too many are waiting.
        """
        async with AsyncExitStack() as place:

            async def read() -> AsyncIterator[bytes]:
                taken, holds = 0, False
                async for chunk in body:
                    taken += len(chunk)
                    if taken > size and not holds:
                        holds = True
                        await place.enter_async_context(self.hold())
                    yield chunk

            yield read()

    def _check(self) -> None:
        if self.waiting >= self._waiting:
            raise Busy(
                "the service has its hands full", "Nothing was registered. Try again in a minute."
            )
