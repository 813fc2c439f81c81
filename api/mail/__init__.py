"""Letters to people who asked for news: checked addresses, templates, and two ways to send."""

from .addresses import read_address
from .letters import KINDS, Letter, Post, languages
from .outbox import OutboxMailer
from .sending import Mailer, SmtpMailer

__all__ = [
    "KINDS",
    "Letter",
    "Mailer",
    "OutboxMailer",
    "Post",
    "SmtpMailer",
    "languages",
    "read_address",
]
