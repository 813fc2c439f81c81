"""Blocking work in threads, a bounded number at once and a bounded number waiting.

A body that is too large to be held by everybody at once needs a place while it arrives. Nobody is
turned away for a slow connection alone: only where others wait must a body come briskly to keep its
place, and who has waited long enough is told to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from optout.api.errors import Busy

from .fair_places import FairPlaces

P = ParamSpec("P")
T = TypeVar("T")

BRISK = 256 * 1024
"""Bytes a second that a body has to bring to keep its place where others wait."""

PAUSE_SECONDS = 3.0
"""How long such a body may pause; every byte buys time, and no more of it than this."""

WAIT_SECONDS = 30.0
"""How long a body waits for its place."""

SENDER: ContextVar[str] = ContextVar("sender", default="")
"""Whose request is being answered; empty where that is nobody, or not known."""

_LOOK_SECONDS = 0.25


class Turns:
    """A number of places, given fairly to those who send, and a queue before them that has an end.

    Args:
        places: how many may be at work at once.
        waiting: how many may wait; who comes after is turned away.
        each: how many may be at work for one sender; all by default.
    """

    def __init__(self, places: int, waiting: int, each: int | None = None) -> None:
        self._places = FairPlaces(places, waiting, each)

    @classmethod
    def leaving_one(cls, places: int, waiting: int) -> Turns:
        """Places for what takes long: never all are one sender's, where there are several."""
        return cls(places, waiting, max(1, places - 1))

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._places.waiting

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread.

        Raises:
            Busy: too many are waiting already.
        """
        async with self.hold():
            # A limiter of its own: who is here has its turn.
            return await to_thread.run_sync(
                partial(work, *args, **kwargs), limiter=CapacityLimiter(1)
            )

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a place while something else is done.

        Raises:
            Busy: too many are waiting already.
        """
        async with self._places.hold(SENDER.get()):
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
            the same body. Reading it raises `Busy` where it needs a place and too many are waiting,
            where it has waited too long, and where others wait while it comes too slowly.
        """
        async with AsyncExitStack() as place:

            async def read() -> AsyncIterator[bytes]:
                taken = 0
                async for chunk in body:
                    taken += len(chunk)
                    if taken > size:
                        await self._wait_for(place)
                        yield chunk
                        break
                    yield chunk
                async for chunk in self._in_time(body):
                    yield chunk

            yield read()

    async def _wait_for(self, place: AsyncExitStack) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await place.enter_async_context(self.hold())
        except TimeoutError as fault:
            raise Busy(
                "too many large requests are under way",
                "Nothing was registered. Send less at a time, or try again in a minute.",
            ) from fault

    async def _in_time(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """What is left of a body that holds a place, as long as it comes briskly or nobody waits.

        Only what its sender takes counts, not what is done here between two pieces.
        """
        clock, patience = asyncio.get_running_loop().time, PAUSE_SECONDS
        while True:
            coming, begun, waited = asyncio.ensure_future(_next_of(body)), clock(), 0.0
            try:
                while not coming.done():
                    await asyncio.wait({coming}, timeout=_LOOK_SECONDS)
                    waited = clock() - begun
                    # Others may have begun to wait only just now.
                    if waited > patience and self._places.is_wanted_of(SENDER.get()):
                        raise Busy(
                            "others wait, and the request arrives too slowly",
                            "Nothing was registered. Send less at a time, or try again later.",
                        )
            finally:
                coming.cancel()
            chunk = coming.result()
            if chunk is None:
                return
            earned = len(chunk) / BRISK
            patience = min(max(0.0, patience - waited) + earned, PAUSE_SECONDS)
            yield chunk


async def _next_of(body: AsyncIterator[bytes]) -> bytes | None:
    return await anext(body, None)
