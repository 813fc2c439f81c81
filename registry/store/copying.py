"""Backups: a registry's database copied row by row into a SQLite file, and back into any database.

A copy holds what is registered only sealed, and the vault is never part of it: so an erasure
reaches every copy, wherever it lies. What was erased after a copy was made is found again by the
keys that are missing, and is erased there too.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.errors import RegistryError
from optout.registry.log import ByOperator
from sqlalchemy import Connection, Table, delete, func, insert, select

from . import sqlite, upgrades
from .case_rows import remove_case
from .entries import erase
from .log_rows import CHUNK, read_tree
from .settings import KEY, VAULT, read_setting
from .shredding import with_vault
from .tables import metadata, openings, sealed
from .vault import Label, Shredded, Vault

ERASED_SINCE = "erased after the backup that this was recovered from"
"""The reason that stands in the log."""


def write_copy(source: Connection, path: Path, vault: Vault) -> int:
    """Copy everything that a transaction sees into a new SQLite file: whole, or not at all.

    Args:
        source: reading.
        path: of the new file.
        vault: of the registry; not copied.

    Returns:
        How many records the log has.

    Raises:
        RegistryError: there is something under `path` already.
        OSError: it cannot be written.
    """
    with sqlite.new_database(path) as target:
        upgrades.upgrade(target, str(path), vault)
        _copy_rows(source, target)
        return read_tree(target).size


@contextmanager
def opened_copy(path: Path, vault: Vault) -> Iterator[Connection]:
    """Read a copy, which stays as it is, with its tables brought up to date.

    Raises:
        RegistryError: it is missing, damaged, no copy of a registry, or newer than this optout.
        OSError: there is no room beside the vault for another copy of it.
    """
    sqlite.open_database(path).close()  # says in words what cannot be read
    own = vault.path.absolute().with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        os.close(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(path, own)
        database = sqlite.SqliteDatabase(own, str(path))
        try:
            with database.writing() as connection:
                if not database.is_registry(connection):
                    raise RegistryError(
                        f"{path} is no backup of a registry", "Give what optout backup wrote."
                    )
                upgrades.upgrade(connection, str(path), vault)
            with database.reading() as connection:
                yield connection
        finally:
            database.close()
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            own.with_name(f"{own.name}{end}").unlink(missing_ok=True)


def fill_from(copy: Connection, target: Connection, name: str, *, key: str, vault: Vault) -> int:
    """Fill an empty database from a copy, and erase what was erased since.

    Args:
        copy: reading, from `opened_copy`.
        target: writing.
        name: what to call it in a message.
        key: the verifier key of the log, as text.
        vault: the registry's, as it is now.

    Returns:
        How many entries were erased since.

    Raises:
        RegistryError: key or vault are those of another registry.
    """
    if read_setting(copy, KEY) != key:
        raise RegistryError(
            f"the backup is of a registry with another key than {key}",
            "Put its own key beside the new database.",
        )
    if read_setting(copy, VAULT) != vault.name.hex():
        raise RegistryError(
            f"{vault.path} is not the vault of the registry that the backup is of",
            "Put its own vault there.",
        )
    upgrades.upgrade(target, name, vault)
    _copy_rows(copy, target)
    connection = with_vault(target, vault)
    gone = list(_entries_without_key(connection, vault))
    if gone:
        erase(connection, dict.fromkeys(gone, ByOperator(ERASED_SINCE)))
    for number in list(_cases_without_key(connection, vault)):
        remove_case(connection, number)
    return len(gone)


def _copy_rows(source: Connection, target: Connection) -> None:
    for table in metadata.sorted_tables:
        target.execute(delete(table))  # what new tables say of themselves
        for rows in _rows(source, table):
            target.execute(insert(table), rows)


def _rows(source: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    ordered = select(table).order_by(*table.primary_key.columns)
    with source.execute(ordered.execution_options(yield_per=CHUNK)) as found:
        for part in found.mappings().partitions():
            yield [dict(row) for row in part]


def _entries_without_key(connection: Connection, vault: Vault) -> Iterator[int]:
    """Entries that are not erased here, and whose keys were destroyed."""
    wanted = select(openings.c.entry).where(openings.c.box.is_not(None)).order_by(openings.c.entry)
    for entry in connection.execute(wanted).scalars().all():
        if _is_shredded(vault, Label.ENTRY, entry):
            yield entry


def _cases_without_key(connection: Connection, vault: Vault) -> Iterator[str]:
    """Cases that are here, and whose keys were destroyed."""
    lowest = func.min(sealed.c.entry)
    held = select(sealed.c.case_number, lowest).group_by(sealed.c.case_number).order_by(lowest)
    for number, entry in connection.execute(held.where(sealed.c.case_number.is_not(None))).all():
        if _is_shredded(vault, Label.CASE, entry):
            yield number


def _is_shredded(vault: Vault, label: Label, number: int) -> bool:
    try:
        vault.key(label, number)
    except Shredded:
        return True
    return False
