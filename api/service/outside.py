"""What the service asks of the world: the time, DNS, pages of strangers, and a mail server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from optout.api.mail import Mailer, Post, mailer_of
from optout.api.proofs import Clock, DnsResolver, Endpoints, Fetcher, Resolver

if TYPE_CHECKING:
    from optout.api.settings import Settings


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
    """

    clock: Clock
    resolver: Resolver
    fetcher: Fetcher
    endpoints: Endpoints
    mailer: Mailer
    post: Post


def outside_of(settings: Settings) -> Outside:
    """The world as it is, reached as the settings say.

    Raises:
        CannotAsk: no name servers are known.
    """

    def clock() -> datetime:
        return datetime.now(UTC)

    resolver = DnsResolver()
    return Outside(
        clock,
        resolver,
        Fetcher(resolver),
        Endpoints(),
        mailer_of(settings),
        Post(settings.mail.sender, settings.public_url or "", clock),
    )
