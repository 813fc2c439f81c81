"""Instants as numbers, which every database compares alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)


def to_number(instant: datetime) -> int:
    """Microseconds since 1970 by UTC.

    Args:
        instant: aware.
    """
    return (instant - _START) // _UNIT


def to_instant(number: int) -> datetime:
    """What `to_number` was given, by UTC."""
    return _START + number * _UNIT
