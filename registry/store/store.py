"""A registry's database: one writer at a time, readers that hold up nobody, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from optout.registry.errors import RegistryError
from optout.registry.log import Opening, Tree
from sqlalchemy import Connection, Engine, insert

from . import tables, upgrades
from .log_rows import CHUNK, ended, erased_since, read_leaves, read_tree
from .openings import Overtaken, read_openings
from .settings import KEY, ORIGIN, SCRUB, drop_setting, put_setting, read_setting
from .sqlite import database_faults, is_registry, make_engine, new_database, scrub

SCRUB_SECONDS = 10.0
"""How long an erasure waits for readers of what was before."""


class Store:
    """A database, open. Threads may share it, and processes the file.

    After an erasure the bytes that it destroyed are in no file of the database: not in the main
    one, nor in the write-ahead log. Only a transaction that began before and still reads, in
    whatever process, can delay that, for the log it reads from must stay until it ends; or a disk
    that is full. `writing` then waits `SCRUB_SECONDS` for the reader and returns, and every later
    `writing`, `open` and `close` makes up for it, also after a crash: that it is still to do is
    part of the erasure itself.

    Args:
        path: the database's file.
        engine: over it; disposed of by `close`.

    Attributes:
        path: of the database.
        origin: the name under which the log signs.
        key: the verifier key of the log, as text.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._file = path.absolute()  # the process may go elsewhere
        self._engine = engine
        self._turn = threading.Lock()
        self._closed = False
        with self.reading() as connection:
            self.origin = self._said(connection, ORIGIN)
            self.key = self._said(connection, KEY)

    @classmethod
    def create(cls, path: Path, *, origin: str, key: str) -> Store:
        """Make a database, whole or not at all, and open it.

        Args:
            path: of the new file.
            origin: the log's name.
            key: the log's verifier key, as text.

        Raises:
            RegistryError: there is something under `path` already, or it cannot be written.
            OSError: the folder is missing or must not be written to.
        """
        with (
            database_faults(path),
            new_database(path) as engine,
            _writing(engine) as connection,
        ):
            upgrades.upgrade(connection, str(path))
            connection.execute(insert(tables.tree), {"id": 1, "size": 0, "nodes": b""})
            put_setting(connection, ORIGIN, origin)
            put_setting(connection, KEY, key)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a database, and bring its tables up to date.

        Raises:
            RegistryError: it is missing, damaged, no registry's, or newer than this optout.
        """
        _check_file(path)
        engine = make_engine(path)
        try:
            with database_faults(path):
                with engine.begin() as connection:
                    if not is_registry(connection):
                        raise RegistryError(
                            f"{path} is not an optout registry",
                            "Give the path of one, or make one with: optout init",
                        )
                    current = upgrades.version(connection) == upgrades.NEWEST
                if not current:
                    with _writing(engine) as connection:
                        upgrades.upgrade(connection, str(path))
            store = cls(path, engine)
            store._catch_up()
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Close every connection; once more does nothing."""
        if not self._closed:
            self._closed = True
            with suppress(RegistryError):  # what cannot be done now, the next `open` does
                self._catch_up()
            self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state; keep it short: see the class.

        Raises:
            RegistryError: the database cannot be read.
        """
        with database_faults(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes: committed when the block ends, undone if it raises.

        What it did is durable when this returns.

        Raises:
            RegistryError: the database cannot be written, or another process does not let go.
        """
        with database_faults(self.path), self._turn, _writing(self._engine) as connection:
            before = read_setting(connection, SCRUB)
            yield connection
            due = read_setting(connection, SCRUB)
        if due is not None:
            self._scrub(due, 0.0 if due == before else SCRUB_SECONDS)

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
            for entry, salt, matter in rows:
                after = entry
                if entry in gone:
                    continue
                if salt is not None and matter is not None:
                    yield Opening(entry, salt, matter)
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
            for entry, salt, matter in rows:
                after = entry
                if salt is not None and matter is not None:
                    yield Opening(entry, salt, matter)

    def erased_since(self, size: int) -> bool:
        """Whether something was erased after the first `size` records."""
        with self.reading() as connection:
            return erased_since(connection, size)

    def _catch_up(self) -> None:
        """Make up for a scrub that a reader or a crash prevented, if it can be done at once."""
        with self.reading() as connection:
            due = read_setting(connection, SCRUB)
        if due is not None:
            self._scrub(due, 0.0)

    def _scrub(self, due: str, seconds: float) -> None:
        # What was to be written is durable: a fault from here on is no reason to do it again, and
        # none to read nothing. The next scrub makes up for it.
        with suppress(RegistryError), database_faults(self.path):
            if scrub(self._file, seconds):
                with self._turn, _writing(self._engine) as connection:
                    # Not if more was erased since: that is another scrub.
                    drop_setting(connection, SCRUB, due)

    def _said(self, connection: Connection, name: str) -> str:
        value = read_setting(connection, name)
        if value is None:
            raise RegistryError(
                f"{self.path} does not say its {name}", "Restore it from a backup, with its key."
            )
        return value


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as plain:
        connection = plain.execution_options(writing=True)
        with connection.begin():
            yield connection


def _check_file(path: Path) -> None:
    """Say what is wrong with a path before SQLite does, less clearly.

    Raises:
        RegistryError: there is no file that can be read.
    """
    try:
        if path.is_dir():
            raise RegistryError(f"{path} is a folder", "Give the path of the registry's file.")
        with path.open("rb") as stream:
            stream.read(1)
    except FileNotFoundError as fault:
        raise RegistryError(
            f"there is no registry at {path}", "Make one with: optout init"
        ) from fault
    except OSError as fault:
        raise RegistryError(
            f"{path} cannot be read: {fault.strerror}", "Check the path and its permissions."
        ) from fault
