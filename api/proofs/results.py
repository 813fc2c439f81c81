"""What came of looking for a proof: proved, not there, or nobody could be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

Clock = Callable[[], datetime]
"""Tells the time: aware, in UTC."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What was to be placed stands where only its owner can place it.

    Attributes:
        stable_id: what the platform calls the account by, whatever its name becomes; None for
            domains.
    """

    stable_id: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """The place was looked at, and what was to be placed is not there.

    Attributes:
        advice: what to do about it, in sentences.
        reason: a stable word for programs and for translation, such as `no-record`.
        seen: what stood in its place, where one word says it: an HTTP status.
    """

    advice: str
    reason: str = field(default="", compare=False)
    seen: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The place could not be looked at: this says nothing about who controls it.

    Attributes:
        advice: what went wrong and what to do about it, in sentences.
    """

    advice: str


Result = Proved | NotFound | Unreachable
