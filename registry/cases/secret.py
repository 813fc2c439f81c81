"""Case numbers, secrets, and the keys that come out of a secret.

The secret has 80 random bits: guessing it is hopeless at any speed, so its keys are derived fast
(HKDF, RFC 5869) and nobody can keep the service busy by sending wrong ones. A number has 40: it
names a case and opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from optout.registry.identifiers import nfkc

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
"""Base32 (RFC 4648, section 6): no 0, 1, 8 and 9, which look like letters."""

_GROUP = 4
_NUMBER = 8
_SECRET = 16
_KEY = 32
_INFO = b"optout/v1/case"
_LOOKALIKES = str.maketrans("0189", "OIBG")


def new_number() -> str:
    """A number for a case, XXXX-XXXX."""
    return _grouped(_drawn(_NUMBER))


def new_secret() -> str:
    """A secret for a case, XXXX-XXXX-XXXX-XXXX."""
    return _grouped(_drawn(_SECRET))


def folded(text: str) -> str:
    """A number or a secret as it was made, from what somebody typed or copied.

    Small letters are taken for capital ones, digits that do not occur for the letters they look
    like; whatever is neither letter nor digit is passed over.
    """
    wide = nfkc(text).upper().translate(_LOOKALIKES)
    return _grouped("".join(character for character in wide if character in ALPHABET))


def _drawn(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _grouped(text: str) -> str:
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


@dataclass(frozen=True, slots=True, repr=False)
class CaseKeys:
    """What one secret is good for, in one case.

    Attributes:
        proof: kept with the case, to recognise the secret; opens nothing.
        box: seals the items.
        token: makes the tokens of the entries.
    """

    proof: bytes
    box: bytes
    token: bytes

    @classmethod
    def derive(cls, number: str, secret: str) -> CaseKeys:
        """The keys of a case.

        Args:
            number: folded.
            secret: folded; any other text gives keys that fit nothing.
        """
        material = HKDF(hashes.SHA256(), 3 * _KEY, number.encode(), _INFO).derive(secret.encode())
        return cls(material[:_KEY], material[_KEY : 2 * _KEY], material[2 * _KEY :])

    def token_of(self, nonce: bytes) -> bytes:
        """The token of an entry: revealed in the log by the one who ends it."""
        return hmac.digest(self.token, nonce, hashlib.sha256)
