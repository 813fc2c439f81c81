"""What lies outside of the service, reached as the settings say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from optout.api.mail import OutboxMailer, Post, SmtpMailer
from optout.api.proofs import DnsResolver, Endpoints, Fetcher
from optout.api.service import Outside

if TYPE_CHECKING:
    from optout.api.settings import Settings


def outside_of(settings: Settings) -> Outside:
    """The world as it is, reached as the settings say.

    Raises:
        CannotAsk: no name servers are known.
    """

    def clock() -> datetime:
        return datetime.now(UTC)

    # Without a name, people reach it where it listens.
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    reached_at = settings.public_url or f"http://{host}:{settings.port}"
    resolver = DnsResolver()
    return Outside(
        clock,
        resolver,
        Fetcher(resolver),
        Endpoints(),
        mailer_of(settings),
        Post(settings.mail.sender, reached_at, clock),
    )


def mailer_of(settings: Settings) -> SmtpMailer | OutboxMailer:
    """The mail server that is set, or else the outbox folder."""
    mail = settings.mail
    if mail.host is None:
        return OutboxMailer(settings.outbox)
    return SmtpMailer(
        mail.host,
        mail.port,
        security=mail.security,
        username=mail.username,
        password=mail.password.get_secret_value() if mail.password else None,
        name=urlsplit(settings.public_url or "").hostname or "localhost",
        seconds=mail.seconds,
    )
