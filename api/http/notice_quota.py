"""How many notices one network may send in a day: about one entry, and about all together.

A notice makes an entry disputed for all to see, and a person has to decide it: nobody may have that
of hundreds of strangers' entries. And of one entry so many undecided notices are taken and no more.
Whoever registered what is not theirs must not fill those places before whoever it belongs to comes:
networks are counted, as for what is registered below a domain, and only what was sent in earnest
counts. Who does not know what an entry covers, or asks for the answer to an earlier request, is
told what everybody is told.

As with every quota what is counted lives in this process, and it fails open; see `quotas`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from optout.api.errors import TooOften
from optout.api.service import Admit, Rate, Windows
from starlette.requests import Request

from .quotas import Networks, in_words, network_of

NOTICES = Rate(3, 86_400)
"""Notices about one entry from one network."""

OF_ALL = Rate(40, 86_400)
"""Notices about all entries from one network."""


class NoticeQuota:
    """Counts what networks say against entries.

    Args:
        networks: networks and entries that are remembered at once.
        trusted: proxies whose X-Forwarded-For is believed.
        clock: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(
        self,
        networks: int,
        trusted: Networks = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trusted = trusted
        self._windows = Windows(networks, clock)
        self._lock = threading.Lock()

    @contextmanager
    def counted(self, request: Request, entry: int) -> Iterator[Admit]:
        """Count a notice once it is about to be kept; where that fails, it is not counted.

        Yields:
            what counts it, and raises `TooOften` where it is one too many.
        """
        network = network_of(request.scope, self._trusted)
        counted: list[str] = []

        def count(who: str, rate: Rate, about: str) -> None:
            if not self._windows.hit(who, rate):
                raise TooOften(
                    f"your network may send {rate.amount} notices about {about} within "
                    f"{in_words(rate.seconds)}, and no more",
                    "Nothing was sent. Write to the operator, who decides them, if yours says "
                    "something else.",
                    self._windows.wait(who, rate),
                )
            counted.append(who)

        def admit() -> None:
            with self._lock:
                count(f"{network} {entry}", NOTICES, "one entry")
                count(network, OF_ALL, "all entries together")

        try:
            yield admit
        except Exception:
            with self._lock:
                for who in counted:
                    self._windows.take_back(who, 1)
            raise
