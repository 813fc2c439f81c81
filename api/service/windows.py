"""How often somebody did something lately, counted in memory over a moving window.

What is counted lives in this process, and is forgotten with it.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Rate(NamedTuple):
    """So many requests within so many seconds."""

    amount: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read a rate as settings hold it: `60/minute`, or `10/5 minutes`."""
        amount, _, span = text.partition("/")
        count, _, unit = span.rpartition(" ")
        return cls(int(amount), int(count or 1) * _UNITS[unit.removesuffix("s")])


@dataclass(slots=True)
class _Hits:
    """What came lately: moments, and how much came at each; the latest last."""

    moments: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def add(self, moment: float, count: int) -> None:
        self.moments.append((moment, count))
        self.total += count

    def drop_until(self, moment: float) -> None:
        while self.moments and self.moments[0][0] <= moment:
            self.total -= self.moments.popleft()[1]

    def take_back(self, count: int) -> None:
        while count and self.moments:
            moment, latest = self.moments.pop()
            kept = max(0, latest - count)
            if kept:
                self.moments.append((moment, kept))
            self.total -= latest - kept
            count -= latest - kept


class Windows:
    """When the latest requests of each sender came; those longest unseen are forgotten.

    Args:
        most: senders that are remembered.
        clock: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._hits: OrderedDict[str, _Hits] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hits)

    def hit(self, who: str, rate: Rate, count: int = 1) -> bool:
        """Count a request, or so many at once, unless that were too many."""
        hits = self._hits[who] = self._recent(who, rate)
        self._hits.move_to_end(who)
        while len(self._hits) > self._most:
            self._hits.popitem(last=False)
        if hits.total + count > rate.amount:
            return False
        hits.add(self._clock(), count)
        return True

    def take_back(self, who: str, count: int) -> None:
        """Count so many of the latest no more: nothing came of them."""
        if who in self._hits:
            self._hits[who].take_back(count)

    def left(self, who: str, rate: Rate) -> int:
        """How many more may come now."""
        return max(0, rate.amount - self._recent(who, rate).total)

    def wait(self, who: str, rate: Rate, count: int = 1) -> int:
        """Seconds until enough of the oldest requests count no more for so many; at least 1.

        Where so many are never let through, until none counts.
        """
        hits, now = self._recent(who, rate), self._clock()
        frees, until = rate.amount - hits.total, now
        for moment, came in hits.moments:
            until = moment
            frees += came
            if frees >= count:
                break
        # In this order: a sum with what the clock shows is rounded, and may exceed the window.
        return max(1, ceil(rate.seconds - (now - until)))

    def _recent(self, who: str, rate: Rate) -> _Hits:
        hits = self._hits.get(who) or _Hits()
        hits.drop_until(self._clock() - rate.seconds)
        return hits
