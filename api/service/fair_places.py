"""A number of places, given to whoever had least of them lately.

A place that becomes free goes to the sender who holds fewest, and among those to who has waited for
it longest, where somebody who held places for so many seconds lately counts as having come so much
later. So whoever sends much, or what takes long, waits for others, and nobody is overtaken without
end by senders who are always new. Where too many wait, the longest line loses its latest.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from optout.api.errors import Busy

HALF_LIFE = 60.0
"""Seconds after which half of the time that somebody held a place is forgotten."""

_NOTHING = 0.01
"""Seconds that are forgotten where there are very many senders to be remembered."""

_MANY = 1000


@dataclass(slots=True, eq=False)
class _Waiting:
    came: float
    number: int
    place: asyncio.Future[None]


@dataclass(slots=True, eq=False)
class _Sender:
    line: deque[_Waiting] = field(default_factory=deque)
    held: int = 0
    seconds: float = 0.0
    told: float = 0.0
    """When `seconds` was right: a place was given back."""

    def lately(self, now: float) -> float:
        """The seconds for which places were held, those longer ago for less."""
        return float(self.seconds * 0.5 ** ((now - self.told) / HALF_LIFE))

    def is_known(self, now: float) -> bool:
        """Whether there is anything to know of them."""
        return bool(self.line or self.held) or self.lately(now) > _NOTHING

    def rank(self, now: float) -> tuple[int, float, int]:
        """Whose line comes next: that of the least rank."""
        first = self.line[0]
        # What stood behind another of the same sender waits for a place from then on.
        since = max(first.came, self.told)
        return self.held, since + self.lately(now), first.number


class FairPlaces:
    """Places, and a queue before them that has an end.

    Args:
        places: how many there are.
        waiting: how many may wait.
        each: how many one sender may hold at once; all of them by default, and always of who has
            no name.
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
        self._places = places
        self._each = places if each is None else each
        self._ticks = ticks
        self._senders: dict[str, _Sender] = {}
        self._lines: dict[str, _Sender] = {}
        self._waiting = 0
        self._numbers = count()
        self._giving = False
        self._looked_through_at = _MANY

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    def is_wanted_of(self, whose: str) -> bool:
        """Whether somebody waits who would get a place that this sender gives back."""
        return whose in self._lines or (not self._free and any(self._able()))

    @asynccontextmanager
    async def hold(self, whose: str = "") -> AsyncIterator[None]:
        """Hold a place; wait for it where none is free.

        Args:
            whose: the sender it is counted with.

        Raises:
            Busy: too many are waiting, and not fewer of this sender than of any other.
        """
        waiting = self._queue(whose)
        if not self._giving:
            self._give()
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
        now = self._ticks()
        if len(self._senders) > self._looked_through_at:
            self._senders = {name: one for name, one in self._senders.items() if one.is_known(now)}
            self._looked_through_at = max(_MANY, 2 * len(self._senders))
        sender = self._lines[whose] = self._senders.setdefault(whose, _Sender())
        place = asyncio.get_running_loop().create_future()
        sender.line.append(waiting := _Waiting(now, next(self._numbers), place))
        self._waiting += 1
        return waiting

    def _able(self) -> Iterator[tuple[str, _Sender]]:
        """Those who wait, and may hold one more place."""
        for whose, sender in self._lines.items():
            if sender.held < (self._each if whose else self._places):
                yield whose, sender

    def _give(self) -> None:
        self._giving, now = False, self._ticks()
        while self._free:
            best = min(self._able(), key=lambda one: one[1].rank(now), default=None)
            if best is None:
                break
            whose, sender = best
            waiting = self._leave_line(whose, sender.line[0])
            # Who does not want to wait any more may not have come to say so.
            if not waiting.place.done():
                sender.held += 1
                self._free -= 1
                waiting.place.set_result(None)
        while self._waiting > self._most_waiting:
            self._turn_away()

    def _turn_away(self) -> None:
        lines = self._lines.items()
        whose, sender = max(lines, key=lambda one: (len(one[1].line), one[1].line[-1].number))
        latest = self._leave_line(whose, sender.line[-1])
        if not latest.place.done():
            latest.place.set_exception(
                Busy(
                    "the service has its hands full",
                    "Nothing was registered. Try again in a minute.",
                )
            )

    def _leave_line(self, whose: str, waiting: _Waiting) -> _Waiting:
        line = self._lines[whose].line
        line.remove(waiting)
        self._waiting -= 1
        if not line:
            del self._lines[whose]
        return waiting

    def _leave(self, whose: str, waiting: _Waiting) -> None:
        """Somebody does not want to wait any more."""
        if not waiting.place.cancelled():
            # In this very moment they got a place, or were turned away.
            if waiting.place.exception() is None:
                self._take_back(whose, 0.0)
        elif whose in self._lines and waiting in self._lines[whose].line:
            self._leave_line(whose, waiting)

    def _take_back(self, whose: str, seconds: float) -> None:
        sender, now = self._senders[whose], self._ticks()
        sender.held -= 1
        sender.seconds, sender.told = sender.lately(now) + seconds, now
        self._free += 1
        # Not at once: who wants a next place right away is to be among those who are asked.
        if not self._giving:
            self._giving = True
            asyncio.get_running_loop().call_soon(self._give)
