"""A registry's database: one writer at a time, readers that hold up nobody, nothing lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from optout.registry.errors import RegistryError
from optout.registry.log import Opening, Tree
from sqlalchemy import Connection, insert

from . import tables, upgrades
from .copying import Source, fill_from, opened_copy, write_copy
from .database import Database
from .databases import brought_up, new_database, open_database
from .key_numbers import Keys, read_keys
from .location import Location
from .log_rows import CHUNK, ended, erased_since, read_leaves, read_tree
from .openings import Overtaken, read_openings
from .settings import COPY, KEY, ORIGIN, VAULT, put_setting, read_setting
from .shredding import are_shreds_due, drop_shreds, due_shreds, with_keys
from .vault import Vault


class Store:
    """A database and its vault, open. Threads may share it, and processes the files.

    What tells what an entry covers is sealed under the entry's key in the vault. An erasure
    empties it, and destroys that key: so that nothing that stays behind in a file of the database,
    and no copy of it, can be opened with the vault as it is then. What it has to destroy is part of
    the erasure itself: where a fault or a crash comes between, every later `writing`, `open` and
    `close` makes up for it.

    Not sealed are the log, the numbers of cases and notices, their days, languages and states, and
    partners with their reports: a file or a copy from before an erasure goes on showing them. Not
    sealed either, except in what `backup` writes, are the keyed hashes by which claims and feeds
    are found again: whoever has the log's signing key can test a guess at an erased value against
    dead rows of PostgreSQL, and against copies that were made of the database's own files.

    Args:
        database: closed by `close`.
        vault: has its keys.

    Attributes:
        name: what to call the database in a message.
        vault: has the keys of what is sealed.
        origin: the name under which the log signs.
        key: the verifier key of the log, as text.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self.name = database.name
        self.vault = vault
        self._database = database
        self._turn = threading.Lock()
        self._closed = False
        self._keys = Keys(vault)
        with self.reading() as connection:
            self._keys = read_keys(connection, vault)
            self.origin = self._said(connection, ORIGIN)
            self.key = self._said(connection, KEY)
            name = self._said(connection, VAULT)
            is_copy = read_setting(connection, COPY) is not None
        if is_copy:
            raise RegistryError(
                f"{self.name} is a backup", "Make a registry of it with: optout recover"
            )
        if name != vault.name.hex():
            raise RegistryError(
                f"{vault.path} is not the vault of {self.name}", "Put its own vault back."
            )

    @staticmethod
    def create(location: Location, *, origin: str, key: str) -> None:
        """Make a vault and a database, whole or not at all.

        Args:
            location: of a new SQLite file, or of an empty PostgreSQL database.
            origin: the log's name.
            key: the log's verifier key, as text.

        Raises:
            RegistryError: there is a registry or a vault already, or they cannot be written.
            OSError: the folder is missing or must not be written to.
        """
        vault = Vault.create(location.vault)
        try:
            with new_database(location) as connection:
                upgrades.upgrade(connection, location.name, vault)
                connection.execute(insert(tables.tree), {"id": 1, "size": 0, "nodes": b""})
                put_setting(connection, ORIGIN, origin)
                put_setting(connection, KEY, key)
        except BaseException:
            with suppress(OSError):
                location.vault.unlink()
            raise

    @classmethod
    def open(cls, location: Location) -> Store:
        """Open a database and its vault, and bring the tables up to date.

        Raises:
            RegistryError: it is missing, damaged, no registry's, or newer than this optout.
        """
        database = open_database(location)
        try:
            store = cls(database, brought_up(database, location))
            store._catch_up()
        except BaseException:
            database.close()
            raise
        return store

    @classmethod
    def recover(cls, location: Location, backup: Path, *, key: str) -> Store:
        """Make a database from a copy that `backup` wrote, whole or not at all, and open it.

        Args:
            location: of a new SQLite file, or of an empty PostgreSQL database; its vault is there.
            backup: the copy.
            key: the log's verifier key, as text.

        Raises:
            RegistryError: there is a registry already, or no vault, or key or vault are another
                one's; or the copy is damaged, or newer than this optout.
            OSError: the folder is missing or must not be written to.
        """
        vault = Vault(location.vault)
        with opened_copy(backup, vault) as copy, new_database(location) as connection:
            fill_from(copy, connection, location.name, key=key, vault=vault)
        return cls.open(location)

    def backup(self, path: Path) -> int:
        """Copy the database as it stands into a new file; the vault is not part of it.

        Returns:
            How many records its log has.

        Raises:
            RegistryError: there is something under `path` already, or it cannot be read.
            OSError: it cannot be written.
        """
        with self.reading() as connection:
            return write_copy(Source(connection, self._database.faults), path, self.vault)

    def close(self) -> None:
        """Close every connection; once more does nothing."""
        if not self._closed:
            self._closed = True
            self._catch_up()  # what cannot be done now, the next `open` does
            self._database.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state; keep it short.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._database.reading() as connection:
            self.vault.refresh()
            yield with_keys(connection, self._keys)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes: committed when the block ends, undone if it raises.

        What it did is durable when this returns.

        Raises:
            RegistryError: the database cannot be written, or another process does not let go.
        """
        with self._turn:
            with self._database.writing() as connection:
                self.vault.refresh()
                yield with_keys(connection, self._keys)
                due = are_shreds_due(connection)
            if due:
                self._shred()

    def tree(self) -> Tree:
        """How long the log is, and the frontier of its Merkle tree."""
        with self.reading() as connection:
            return read_tree(connection)

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The log's leaves from `start` on: up to `stop`, or all there are when they are read."""
        while True:
            end = start + CHUNK if stop is None else min(start + CHUNK, stop)
            with self.reading() as connection:
                found = read_leaves(connection, start, end)
            yield from found
            start += len(found)
            if len(found) < CHUNK:
                return

    def openings(self, size: int | None = None) -> Iterator[Opening]:
        """The openings of all entries in force, by index.

        Args:
            size: in force after so many records; after all of them by default.

        Raises:
            Overtaken: `size` is given, and one of them has been erased since.
        """
        with self.reading() as connection:
            until = read_tree(connection).size if size is None else size
            gone = ended(connection, until)
        after = -1
        while True:
            with self.reading() as connection:
                rows = read_openings(connection, after, until)
            if not rows:
                return
            for entry, opening in rows:
                after = entry
                if entry in gone:
                    continue
                if opening is not None:
                    yield opening
                elif size is not None:
                    raise Overtaken

    def kept_openings(self, size: int) -> Iterator[Opening]:
        """The openings of the first `size` records' entries, by index: of those withdrawn too."""
        after = -1
        while True:
            with self.reading() as connection:
                rows = read_openings(connection, after, size)
            if not rows:
                return
            for entry, opening in rows:
                after = entry
                if opening is not None:
                    yield opening

    def erased_since(self, size: int) -> bool:
        """Whether something was erased after the first `size` records."""
        with self.reading() as connection:
            return erased_since(connection, size)

    def can_shred(self) -> bool:
        """Whether the vault can be written, and holds no key that had to be destroyed.

        Raises:
            RegistryError: the database or the vault cannot be read.
        """
        if self._is_due():
            self._catch_up()
        return os.access(self.vault.path, os.W_OK) and not self._is_due()

    def _catch_up(self) -> None:
        """Make up for keys that a fault or a crash has spared."""
        with suppress(RegistryError), self._turn:
            if self._is_due():
                self._shred()

    def _is_due(self) -> bool:
        with self.reading() as connection:
            return are_shreds_due(connection)

    def _shred(self) -> None:
        """Destroy the keys that are due; `_turn` is held."""
        # What was to be written is durable: a fault from here on is no reason to do it again, and
        # none to read nothing. The next transaction makes up for it.
        with suppress(RegistryError):
            with self.reading() as connection:
                due = due_shreds(connection)
            for label, numbers in due.items():
                self.vault.shred(label, numbers)
            with self._database.writing() as connection:
                drop_shreds(connection, due)

    def _said(self, connection: Connection, name: str) -> str:
        value = read_setting(connection, name)
        if value is None:
            raise RegistryError(
                f"{self.name} does not say its {name}",
                "Restore it from a backup, with its key and its vault.",
            )
        return value
