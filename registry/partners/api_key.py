"""API keys: what a partner's program shows, and how it is known again.

`oo_<purpose>_<30 base62><6 base62>`: thirty random characters (178 bits) and the CRC-32 of all that
stands before it, so that a cut or mistyped key is told from a wrong one without asking the
database, and so that scanners of published code find keys that were lost there. A key has so much
chance in it that SHA-256 of it can be kept and nobody finds the key from that: no slow hash is
needed. It is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from optout.registry.errors import UsageError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The digits of base62, by value."""

_CHANCE = 30
_CHECK = 6
_SHAPE = re.compile(rf"oo_([a-z]+)_([0-9A-Za-z]{{{_CHANCE}}})([0-9A-Za-z]{{{_CHECK}}})")
_SHOWN = 4


class Purpose(StrEnum):
    """What a key is for: it opens nothing else."""

    READ = "read"
    """To ask and to fetch: look-ups by the list, feeds, snapshots where they ask for a key."""

    UPLOAD = "upload"
    """To register whole lists, and to take them back."""

    REPORT = "report"
    """To tell what a corpus left out."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is shown once.

    Attributes:
        purpose: what it opens.
        text: the key itself: a secret.
    """

    purpose: Purpose
    text: str = field(repr=False)

    @classmethod
    def make(cls, purpose: Purpose) -> ApiKey:
        """A new key."""
        chance = "".join(secrets.choice(ALPHABET) for _ in range(_CHANCE))
        body = f"oo_{purpose}_{chance}"
        return cls(purpose, body + _check(body))

    @classmethod
    def parse(cls, text: str) -> ApiKey:
        """Read a key that somebody shows. Whether it was ever handed out, the registry says.

        Raises:
            UsageError: it is none, or was cut or mistyped. No part of it is shown.
        """
        found = _SHAPE.fullmatch(text)
        if found is None or found[1] not in Purpose.__members__.values():
            raise UsageError(
                "this is no API key of optout",
                "A key begins with oo_ and has 36 characters behind its second underscore.",
            )
        if _check(text[:-_CHECK]) != found[3]:
            raise UsageError("the API key is mistyped or cut off", "Copy it whole.")
        return cls(Purpose(found[1]), text)

    @property
    def hash(self) -> bytes:
        """What is kept of it: 32 bytes, SHA-256."""
        return hashlib.sha256(self.text.encode("ascii")).digest()

    @property
    def shown(self) -> str:
        """By what people tell keys apart: `oo_read_…4fYz`."""
        return f"oo_{self.purpose}_…{self.text[-_SHOWN:]}"


def _check(body: str) -> str:
    value, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(_CHECK):
        value, digit = divmod(value, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
