"""Codes that confirm an address of mail: eight digits, ten minutes, five attempts, used once.

A code proves that somebody reads that mailbox, and nothing about any item. What is kept of it is an
HMAC bound to case and address, so that whoever reads the database cannot count through eight digits
without the key, and a code for one address confirms no other (ASVS 5.0, 6.5 and 6.6).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

DIGITS = 8
LIFETIME = timedelta(minutes=10)
ATTEMPTS = 5


class Outcome(StrEnum):
    """What came of an attempt."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent, without the code.

    Attributes:
        digest: HMAC-SHA-256 of the code, the case and the address, 32 bytes; empty once used.
        until: when it is over.
        attempts: how many are left.
    """

    digest: bytes = field(repr=False)
    until: datetime
    attempts: int = ATTEMPTS


def new_code(
    key: bytes,
    case_number: str,
    address: str,
    now: datetime,
    below: Callable[[int], int] = secrets.randbelow,
) -> tuple[str, Code]:
    """Make a code.

    Args:
        key: secret of the service, at least 16 bytes.
        case_number: the case it belongs to.
        address: of mail, in the form in which it will be compared.
        now: the time.
        below: a random number below its argument; from the system's own source by default.

    Returns:
        eight digits to send, and what to keep.
    """
    digits = f"{below(10**DIGITS):0{DIGITS}d}"
    return digits, Code(_digest(key, case_number, address, digits), now + LIFETIME)


def try_code(
    code: Code, digits: str, key: bytes, case_number: str, address: str, now: datetime
) -> tuple[Outcome, Code]:
    """Try a code.

    Args:
        code: what was kept.
        digits: what somebody gives; spaces and hyphens in it are let be.
        key: as when it was made.
        case_number: the case that is asked for.
        address: the address that is to be confirmed.
        now: the time.

    Returns:
        what came of it, and what to keep from now on: before anybody is told the outcome.
    """
    if not code.digest:
        return Outcome.USED, code
    if now >= code.until:
        return Outcome.EXPIRED, code
    if code.attempts <= 0:
        return Outcome.EXHAUSTED, code
    given = "".join(each for each in digits[:40] if not each.isspace() and each != "-")
    if hmac.compare_digest(code.digest, _digest(key, case_number, address, given)):
        return Outcome.CONFIRMED, replace(code, digest=b"", attempts=0)
    return Outcome.WRONG, replace(code, attempts=code.attempts - 1)


def _digest(key: bytes, case_number: str, address: str, digits: str) -> bytes:
    bound = f"optout/v1/code\0{case_number}\0{address}\0{digits}"
    return hmac.digest(key, bound.encode("utf-8", "surrogatepass"), "sha256")
