"""What a database says once about itself."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from .tables import settings

ORIGIN = "origin"
"""The name under which the log signs."""

KEY = "key"
"""The verifier key of the log."""

VAULT = "vault"
"""The name of the vault that has the keys, as hex."""

COMPACT = "compact"
"""Stands there until the files have been written anew: they hold what was never sealed."""

COPY = "copy"
"""Stands in a backup: it is no registry before it is recovered."""

KEY_PARTS = "parts"
"""Which keys of the vault are its own, where it was recovered; see `key_numbers`."""


def read_setting(connection: Connection, name: str) -> str | None:
    """A setting; None where it is not there."""
    found = connection.execute(select(settings.c.value).where(settings.c.name == name))
    value: str | None = found.scalar()
    return value


def drop_setting(connection: Connection, name: str) -> None:
    """Remove a setting, where it is there."""
    connection.execute(delete(settings).where(settings.c.name == name))


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Set a setting, whatever it was."""
    drop_setting(connection, name)
    connection.execute(insert(settings), {"name": name, "value": value})
