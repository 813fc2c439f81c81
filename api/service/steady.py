"""Whether the clock is to be believed before something ends for good because of it.

A clock that is wrong for a while (after a start, or a mistake in setting it) would end all proofs
of everybody, and what the log says of it stays. So the clock is compared with the time that has
passed since it was looked at first, and that moment with the newest one that the database knows.
Where it is far ahead or behind, it is believed once it has held for an hour. A service that was off
for days begins an hour later, which harms nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from optout.api.proofs import Clock

log = logging.getLogger("optout.api")

JUMP = timedelta(days=2)
"""What no clock is off by that is only set right."""

HELD = timedelta(hours=1)


class SteadyClock:
    """Looks whether the clock holds.

    Args:
        clock: the time now.
        ticks: seconds since some moment, which nobody sets back or forth.
    """

    def __init__(self, clock: Clock, ticks: Callable[[], float]) -> None:
        self._clock = clock
        self._ticks = ticks
        self._since = (clock(), ticks())
        self._believed = self._since[1]
        self._is_new = True

    def holds(self, newest: datetime | None) -> bool:
        """Whether what is over by the clock is over.

        Args:
            newest: an instant that had come before this clock was first looked at; None where
                nothing is known.
        """
        since, then = self._since
        now, tick = self._clock(), self._ticks()
        if self._is_new and newest is not None and since - newest > JUMP:
            log.warning(
                "the clock is %d days ahead of the registry: no proof is looked at for an hour",
                (since - newest).days,
            )
            self._believed = then + HELD.total_seconds()
        self._is_new = False
        ahead = (now - since) - timedelta(seconds=tick - then)
        if abs(ahead) > JUMP:
            log.error(
                "the clock was set %s by %d days: no proof is looked at for an hour",
                "forth" if ahead > JUMP else "back",
                abs(ahead).days,
            )
            self._since = (now, tick)
            self._believed = tick + HELD.total_seconds()
        return tick >= self._believed
