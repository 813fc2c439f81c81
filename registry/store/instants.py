"""Instants as numbers, which every database compares alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from optout.registry.errors import RegistryError

_START = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT = timedelta(microseconds=1)


def to_number(instant: datetime) -> int:
    """Microseconds since 1970 by UTC.

    Args:
        instant: aware.
    """
    return (instant - _START) // _UNIT


def to_instant(number: int) -> datetime:
    """What `to_number` was given, by UTC.

    Raises:
        RegistryError: it gave no such number.
    """
    try:
        return _START + number * _UNIT
    except OverflowError as fault:
        raise RegistryError(
            f"the registry's database holds {number} where an instant belongs",
            "Restore it from a backup, with its key.",
        ) from fault
