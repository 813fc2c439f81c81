"""Letters from templates: `templates/<language>/<kind>.txt`, the subject on the first line.

A further language is a further folder. Plain text, nothing that tells when it is read, and every
value on one line, so that none can pass itself off as a header or as a paragraph of ours.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_ORIGINAL = "en"
_MOST = 400
"""Characters of one value; what is longer is cut."""

KINDS = ("code", "confirmed", "graded", "excluded")
"""What letters are about, and what their templates want to know:

- `code`: `code`, `minutes`, `case`, `link` (where the code is entered).
- `confirmed`: `case`, `link`.
- `graded`: `case`, `link`, `items` (a number), `name` (the domain or account that was proved).
- `excluded`: `case`, `link`, `corpus`, `partner`, `items` (a number).
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one person.

    Attributes:
        kind: one of `KINDS`.
        language: of the text, as a BCP 47 tag.
        sender: the address it comes from.
        recipient: the address it goes to, as `read_address` gives it.
        subject: one line.
        text: the lines of the letter.
        identity: its Message-ID, the same however often it is sent.
        written: when; aware.
    """

    kind: str
    language: str
    sender: str
    recipient: str
    subject: str
    text: str
    identity: str
    written: datetime

    def as_bytes(self) -> bytes:
        """The letter as it travels: RFC 5322 and MIME, in seven bits, lines ended by CRLF."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = self.recipient
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.written)
        message["Message-ID"] = self.identity
        # Nobody's holiday reply is to answer it (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, charset="utf-8", cte="quoted-printable")
        message["Content-Language"] = self.language
        return message.as_bytes()


class Post:
    """Writes letters.

    Args:
        sender: the address that they come from.
        public_url: of the service: links lead there, and its host stands in each Message-ID.
        clock: the time now, aware.
    """

    def __init__(self, sender: str, public_url: str, clock: Callable[[], datetime]) -> None:
        self._sender = sender
        self._host = urlsplit(public_url).hostname or "localhost"
        self._base = public_url.rstrip("/") or "http://localhost"
        self._clock = clock

    def link(self, case_number: str) -> str:
        """Where a case is looked at, without its secret, which nobody here has."""
        return f"{self._base}/case/{case_number}"

    @property
    def code_link(self) -> str:
        """Where a code is entered; the same for every case, with its number beside it."""
        return f"{self._base}/case/code"

    def write(
        self,
        kind: str,
        language: str,
        recipient: str,
        values: Mapping[str, str | int],
        identity: str = "",
    ) -> Letter:
        """Write one letter.

        Args:
            kind: one of `KINDS`.
            language: a language that has no templates gets English.
            recipient: the address, as `read_address` gives it.
            values: what the kind's template wants to know.
            identity: what the letter is called by here, drawn at random: written once more it has
                the same Message-ID, so that whoever gets it twice gets one. Without it, every
                letter that is written is another one.
        """
        spoken = language if language in languages() else _ORIGINAL
        template = _environment().get_template(f"{spoken}/{kind}.txt")
        host = self._host
        first, _, text = template.render(
            {name: _line(value) for name, value in values.items()}, host=host
        ).partition("\n")
        return Letter(
            kind,
            spoken,
            self._sender,
            recipient,
            first.removeprefix("Subject:").strip(),
            text.strip() + "\n",
            f"<{_name(identity)}@{host}>",
            self._clock(),
        )


@cache
def languages() -> tuple[str, ...]:
    """The languages that letters are written in."""
    return tuple(sorted(path.name for path in _TEMPLATES.iterdir() if path.is_dir()))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # plain text, no page
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _name(identity: str) -> str:
    # Hashed, because nobody outside is to learn what anything is called by in the database.
    return hashlib.sha256(f"letter {identity or secrets.token_hex(16)}".encode()).hexdigest()[:32]


def _line(value: str | int) -> str | int:
    """A value on one line, without signs that steer a reader's screen."""
    if isinstance(value, int):
        return value
    visible = "".join(
        " " if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else sign
        for sign in value
    )
    words = " ".join(visible.split())
    return words if len(words) <= _MOST else f"{words[: _MOST - 1]}…"
