"""Backups: a registry's database copied row by row into a SQLite file, and back into any database.

The vault is never part of a copy, and whatever tells what an entry covers is in it only sealed
under the entry's key: so an erasure reaches every copy, wherever it lies. That holds for the keyed
hashes too, by which claims and feeds are found again: a database has them as they are, because it
looks them up, and a copy has them sealed. What was erased after a copy was made is found again by
the keys that are missing, and is erased there too. What is kept for a day only, for requests that
may come again, is left out.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.errors import RegistryError
from optout.registry.log import ByOperator
from sqlalchemy import Connection, Table, delete, func, insert, select

from . import sqlite, upgrades
from .case_rows import remove_case
from .entries import erase
from .key_numbers import go_on, read_keys
from .log_rows import CHUNK, read_tree
from .people_tables import answers
from .settings import COPY, KEY, VAULT, drop_setting, put_setting, read_setting
from .shredding import keys_of, seal_if_kept, unseal, with_keys
from .tables import claims, feeds, metadata, openings, sealed
from .vault import Label, Vault

ERASED_SINCE = "erased after the backup that this was recovered from"
"""The reason that stands in the log."""

_HASHES = {claims.name: "lookup", feeds.name: "record"}
"""Columns with keyed hashes of what an entry covers, which stands beside them."""

_Row: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Source:
    """What is copied.

    Attributes:
        connection: reading.
        faults: names the database in what goes wrong with it within a block.
    """

    connection: Connection
    faults: Callable[[], AbstractContextManager[None]]


def write_copy(source: Source, path: Path, vault: Vault) -> int:
    """Copy everything that a transaction sees into a new SQLite file: whole, or not at all.

    Args:
        source: the registry.
        path: of the new file.
        vault: of the registry; not copied.

    Returns:
        How many records the log has.

    Raises:
        RegistryError: there is something under `path` already, or the registry cannot be read.
        OSError: it cannot be written.
    """

    def seal(entry: int, purpose: str, plain: bytes) -> bytes | None:
        # What is erased meanwhile is found out when the copy is recovered.
        return seal_if_kept(source.connection, Label.ENTRY, entry, purpose, plain)

    with sqlite.new_database(path) as target:
        upgrades.upgrade(target, str(path), vault)
        _copy_rows(source, target, seal)
        put_setting(target, COPY, "sealed")
        return read_tree(target).size


@contextmanager
def opened_copy(path: Path, vault: Vault) -> Iterator[Source]:
    """Read a copy, which stays as it is, with its tables brought up to date.

    Raises:
        RegistryError: it is missing, damaged, no copy of a registry, in use, or newer than this
            optout, or there is no room beside the vault for another copy of it.
    """
    sqlite.open_database(path).close()  # says in words what cannot be read
    if sqlite.has_unfolded(path):
        raise RegistryError(
            f"{path} is a registry in use: what was written to it last is not in it yet",
            "Copy it with optout backup, and give that file.",
        )
    own = vault.path.absolute().with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        try:
            os.close(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            shutil.copyfile(path, own)
        except OSError as fault:
            raise RegistryError(
                f"{path} cannot be copied to where {vault.path} is: {fault.strerror}",
                "Make room there, and let optout write there.",
            ) from fault
        database = sqlite.SqliteDatabase(own, str(path))
        try:
            with database.writing() as connection:
                if not database.is_registry(connection):
                    raise RegistryError(
                        f"{path} is no backup of a registry", "Give what optout backup wrote."
                    )
                upgrades.upgrade(connection, str(path), vault)
            with database.reading() as connection:
                yield Source(connection, database.faults)
        finally:
            database.close()
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            own.with_name(f"{own.name}{end}").unlink(missing_ok=True)


def fill_from(copy: Source, target: Connection, name: str, *, key: str, vault: Vault) -> int:
    """Fill an empty database from a copy, and erase what was erased since.

    Args:
        copy: from `opened_copy`.
        target: writing.
        name: what to call it in a message.
        key: the verifier key of the log, as text.
        vault: the registry's, as it is now.

    Returns:
        How many entries were erased since.

    Raises:
        RegistryError: key or vault are those of another registry, or the copy is damaged.
    """
    with copy.faults():
        of_key, of_vault = (read_setting(copy.connection, one) for one in (KEY, VAULT))
        is_sealed = read_setting(copy.connection, COPY) is not None
        kept = with_keys(copy.connection, read_keys(copy.connection, vault))
    if of_key != key:
        raise RegistryError(
            f"the backup is of a registry with another key than {key}",
            "Put its own key beside the new database.",
        )
    if of_vault != vault.name.hex():
        raise RegistryError(
            f"{vault.path} is not the vault of the registry that the backup is of",
            "Put its own vault there.",
        )

    def opened(entry: int, purpose: str, box: bytes) -> bytes | None:
        return unseal(kept, Label.ENTRY, entry, purpose, box) if is_sealed else box

    upgrades.upgrade(target, name, vault)
    _copy_rows(copy, target, opened)
    drop_setting(target, COPY)
    connection = with_keys(target, go_on(target, vault, read_tree(target).size))
    gone = list(_entries_without_key(connection))
    if gone:
        erase(connection, dict.fromkeys(gone, ByOperator(ERASED_SINCE)))
    for number in list(_cases_without_key(connection)):
        remove_case(connection, number)
    return len(gone)


_Change: TypeAlias = Callable[[int, str, bytes], bytes | None]
"""From an entry, what a hash of it is for, and the hash: what is copied; None for nothing."""


def _copy_rows(source: Source, target: Connection, change: _Change) -> None:
    for table in metadata.sorted_tables:
        target.execute(delete(table))  # what new tables say of themselves
        if table is answers:
            continue
        for part in _rows(source, table):
            rows = _changed(table.name, part, change) if table.name in _HASHES else part
            if rows:
                target.execute(insert(table), rows)


def _rows(source: Source, table: Table) -> Iterator[list[_Row]]:
    # Neighbours' keys cost less.
    ordered = [table.c.entry] if table.name in _HASHES else table.primary_key.columns
    wanted = select(table).order_by(*ordered).execution_options(yield_per=CHUNK)
    with source.faults(), source.connection.execute(wanted) as found:
        for part in found.mappings().partitions():
            yield [dict(row) for row in part]


def _changed(table: str, rows: Iterable[_Row], change: _Change) -> list[_Row]:
    """The rows with other hashes in them, but for those that have none any more."""
    column = _HASHES[table]
    made = []
    for row in rows:
        entry, said = row["entry"], row[column]
        assert isinstance(entry, int)  # noqa: S101  # of the column's type
        assert isinstance(said, bytes)  # noqa: S101  # likewise
        changed = change(entry, column, said)
        if changed is not None:
            made.append({**row, column: changed})
    return made


def _entries_without_key(connection: Connection) -> Iterator[int]:
    """Entries that are not erased here, and whose keys were destroyed."""
    wanted = select(openings.c.entry).where(openings.c.box.is_not(None)).order_by(openings.c.entry)
    for entry in connection.execute(wanted).scalars().all():
        if keys_of(connection).key(Label.ENTRY, entry) is None:
            yield entry


def _cases_without_key(connection: Connection) -> Iterator[str]:
    """Cases that are here, and whose keys were destroyed."""
    lowest = func.min(sealed.c.entry)
    held = select(sealed.c.case_number, lowest).group_by(sealed.c.case_number).order_by(lowest)
    for number, entry in connection.execute(held.where(sealed.c.case_number.is_not(None))).all():
        if keys_of(connection).key(Label.CASE, entry) is None:
            yield number
