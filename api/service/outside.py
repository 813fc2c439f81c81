"""What the service asks of the world: the time, DNS, pages of strangers, and a mail server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from optout.api.mail import Mailer, Post
from optout.api.proofs import Clock, Endpoints, Fetcher, Resolver


@dataclass(frozen=True, slots=True)
class Outside:
    """What lies outside of the service; tests put servers and a time of their own in its place.

    Attributes:
        clock: the time now, aware, in UTC.
        resolver: knows what stands in DNS.
        fetcher: fetches pages that strangers have named.
        endpoints: where platforms are asked about accounts.
        mailer: takes letters.
        post: writes them.
        ticks: seconds since some moment, which nobody sets back or forth.
    """

    clock: Clock
    resolver: Resolver
    fetcher: Fetcher
    endpoints: Endpoints
    mailer: Mailer
    post: Post
    ticks: Callable[[], float] = time.monotonic
