"""What is done again and again while the service runs, each in its own time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from anyio import create_task_group, current_time, move_on_after
from optout.api.places import where

log = logging.getLogger("optout.api")

GRACE_SECONDS = 3.0
"""How long a turn that is under way may still take once the service ends."""

RETRY_SECONDS = 60.0
"""After how long at most a turn that failed is tried again."""


class Round:
    """Some work that has a turn at once, then at most so many seconds after the turn before.

    A turn that fails is noted and tried again soon: what is away may come back. Several
    processes may serve one registry, so what one takes on it has to claim first.

    Args:
        name: what it is called in the log.
        seconds: between two turns, if nobody wakes it.
        work: one turn.
    """

    def __init__(self, name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        self.name = name
        self.seconds = seconds
        self._work = work
        self._woken = asyncio.Event()
        self._ended = False

    def wake(self) -> None:
        """Have the next turn at once, or as soon as the present one is over."""
        self._woken.set()

    def end(self) -> None:
        """Have no turn any more after the present one."""
        self._ended = True
        self._woken.set()

    async def run(self) -> None:
        """Have one turn after another until it is ended."""
        while not self._ended:
            self._woken.clear()
            pause = self.seconds
            try:
                await self._work()
            except Exception as error:  # a registry that is away may come back
                log.error("%s: %s", self.name, where(error))
                pause = min(pause, RETRY_SECONDS)
            with move_on_after(pause):
                await self._woken.wait()


@asynccontextmanager
async def running(rounds: Iterable[Round]) -> AsyncIterator[None]:
    """Have every round run until the block ends; what is under way then has a while to finish."""
    kept, fault = list(rounds), None
    async with create_task_group() as group:
        for one in kept:
            group.start_soon(one.run, name=one.name)
        try:
            yield
        except Exception as error:  # the block's own, which is to come out alone
            fault = error
        finally:
            for one in kept:
                one.end()
            group.cancel_scope.deadline = current_time() + GRACE_SECONDS
    if fault is not None:
        raise fault
