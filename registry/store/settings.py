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


def read_setting(connection: Connection, name: str) -> str | None:
    """A setting; None where it is not there."""
    found = connection.execute(select(settings.c.value).where(settings.c.name == name))
    value: str | None = found.scalar()
    return value


def put_setting(connection: Connection, name: str, value: str) -> None:
    """Set a setting, whatever it was."""
    connection.execute(delete(settings).where(settings.c.name == name))
    connection.execute(insert(settings), {"name": name, "value": value})
