"""Which way letters leave, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .outbox import OutboxMailer
from .sending import SmtpMailer

if TYPE_CHECKING:
    from optout.api.settings import Settings


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
