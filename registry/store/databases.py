"""The database of a location, of whichever kind: made, opened, and brought up to date."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from optout.registry.errors import RegistryError
from sqlalchemy import Connection

from . import postgresql, sqlite, upgrades
from .database import Database
from .location import Location
from .settings import COMPACT, drop_setting, put_setting, read_setting
from .vault import Vault


def new_database(location: Location) -> AbstractContextManager[Connection]:
    """Make a database, which is there whole when the block has filled it, or not at all.

    Raises:
        RegistryError: there is a registry already, or it cannot be used.
        OSError: the folder of a file is missing, full or must not be written to.
    """
    if isinstance(location.database, Path):
        return sqlite.new_database(location.database)
    return postgresql.new_database(location.database, location.name)


def open_database(location: Location) -> Database:
    """Open a database.

    Raises:
        RegistryError: there is no file that can be read, or no driver.
    """
    if isinstance(location.database, Path):
        return sqlite.open_database(location.database)
    return postgresql.PostgresDatabase(location.database, location.name)


def brought_up(database: Database, location: Location) -> Vault:
    """Bring a registry's tables up to date, with a vault where there was none; the vault.

    Raises:
        RegistryError: it is no registry's, or newer than this optout, or the vault is missing or
            damaged, or one of them cannot be written.
    """
    with database.reading() as connection:
        if not database.is_registry(connection):
            raise RegistryError(
                f"{location.name} is not an optout registry",
                "Give the path of one, or make one with: optout init",
            )
        found = upgrades.version(connection)
    if found == upgrades.NEWEST:
        vault = Vault(location.vault)
    else:
        vault = _upgraded(database, found, location)
    _compact(database)
    return vault


def _upgraded(database: Database, found: str | None, location: Location) -> Vault:
    """Bring the tables up to date, with a vault where there was none; the vault."""
    if found in upgrades.WITHOUT_VAULT and not location.vault.exists():
        try:
            vault = Vault.create(location.vault)
        except OSError as fault:
            raise RegistryError(
                f"the vault {location.vault} cannot be made: {fault.strerror}",
                "Let optout write beside the registry's key.",
            ) from fault
    else:
        vault = Vault(location.vault)
    with database.writing() as connection:
        upgrades.upgrade(connection, location.name, vault)
        if found in upgrades.WITHOUT_VAULT:
            put_setting(connection, COMPACT, "due")
    return vault


def _compact(database: Database) -> None:
    """Where an upgrade has left what was never sealed in the files, write them anew."""
    with database.reading() as connection:
        due = read_setting(connection, COMPACT) is not None
    if due and database.compact():
        with database.writing() as connection:
            drop_setting(connection, COMPACT)
