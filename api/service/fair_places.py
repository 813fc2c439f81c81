"""A number of places, given to whoever had least of them lately.

A place that becomes free goes to the sender who holds fewest, among those to who held them for the
shortest time lately, among those to who came first: whoever sends much, or what takes long, waits
for others and not they for them. Where too many wait, the longest line loses its latest.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from optout.api.errors import Busy

HALF_LIFE = 60.0
"""Seconds after which half of the time that somebody had a place is forgotten."""

_NOTHING = 0.05
"""Seconds for which nobody is served later than who came after them."""


_MANY = 1000
"""Senders that are known before those of whom there is nothing to know are looked for."""


@dataclass(slots=True)
class _Waiting:
    number: int
    place: asyncio.Future[None]


@dataclass(slots=True)
class _Sender:
    """What is known of one sender; forgotten once there is nothing to know."""

    line: deque[_Waiting] = field(default_factory=deque)
    held: int = 0
    seconds: float = 0.0
    told: float = 0.0
    """When `seconds` was right."""

    def lately(self, now: float) -> float:
        """The seconds for which places were held, those longer ago for less."""
        seconds = self.seconds * 0.5 ** ((now - self.told) / HALF_LIFE)
        return seconds if seconds > _NOTHING else 0.0

    def is_known(self, now: float) -> bool:
        """Whether there is anything to know of them."""
        return bool(self.line or self.held or self.lately(now))

    def rank(self, now: float) -> tuple[int, float, int]:
        """Whose line comes next: that of the least rank."""
        return self.held, self.lately(now), self.line[0].number


class FairPlaces:
    """Places, and a queue before them that has an end.

    Args:
        places: how many there are.
        waiting: how many may wait.
        each: how many one sender may hold at once; all of them by default.
        ticks: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(
        self,
        places: int,
        waiting: int,
        each: int | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = places
        self._most_waiting = waiting
        self._each = places if each is None else each
        self._ticks = ticks
        self._senders: dict[str, _Sender] = {}
        self._waiting = 0
        self._numbers = count()
        self._giving = False

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    @asynccontextmanager
    async def hold(self, whose: str = "") -> AsyncIterator[None]:
        """Hold a place; wait for it where none is free.

        Args:
            whose: the sender it is counted with.

        Raises:
            Busy: too many are waiting, and not fewer of this sender than of any other.
        """
        waiting = self._queue(whose)
        try:
            await waiting.place
        except asyncio.CancelledError:
            self._leave(whose, waiting)
            raise
        begun = self._ticks()
        try:
            yield
        finally:
            self._take_back(whose, self._ticks() - begun)

    def _queue(self, whose: str) -> _Waiting:
        if len(self._senders) > _MANY:
            now = self._ticks()
            self._senders = {name: one for name, one in self._senders.items() if one.is_known(now)}
        sender = self._senders.setdefault(whose, _Sender())
        waiting = _Waiting(next(self._numbers), asyncio.get_running_loop().create_future())
        sender.line.append(waiting)
        self._waiting += 1
        if not self._giving:
            self._give()
        if self._waiting > self._most_waiting:
            longest = max((one.line for one in self._senders.values()), key=len)
            self._turn_away(longest if len(longest) > len(sender.line) else sender.line)
        return waiting

    def _turn_away(self, line: deque[_Waiting]) -> None:
        latest = line.pop()
        self._waiting -= 1
        if not latest.place.done():
            latest.place.set_exception(
                Busy(
                    "the service has its hands full",
                    "Nothing was registered. Try again in a minute.",
                )
            )

    def _give(self) -> None:
        self._giving, now = False, self._ticks()
        while self._free:
            able = (one for one in self._senders.values() if one.line and one.held < self._each)
            best = min(able, key=lambda one: one.rank(now), default=None)
            if best is None:
                return
            waiting = best.line.popleft()
            self._waiting -= 1
            # Who does not want to wait any more may not have come to say so.
            if not waiting.place.done():
                best.held += 1
                self._free -= 1
                waiting.place.set_result(None)

    def _leave(self, whose: str, waiting: _Waiting) -> None:
        if not waiting.place.cancelled():
            # In this very moment they got a place, or were turned away.
            if waiting.place.exception() is None:
                self._take_back(whose, 0.0)
            return
        sender = self._senders.get(whose)
        if sender is not None and waiting in sender.line:
            sender.line.remove(waiting)
            self._waiting -= 1

    def _take_back(self, whose: str, seconds: float) -> None:
        sender, now = self._senders[whose], self._ticks()
        sender.held -= 1
        sender.seconds, sender.told = sender.lately(now) + seconds, now
        if not sender.is_known(now):
            del self._senders[whose]
        self._free += 1
        # Not at once: who wants a next place right away is to be among those who are asked.
        if not self._giving:
            self._giving = True
            asyncio.get_running_loop().call_soon(self._give)
