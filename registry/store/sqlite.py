"""SQLite, and the only place that knows it: how a file is made, opened, and written anew."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from optout.registry.durable import TEMPORARY_PREFIX, sync_file, sync_folder
from optout.registry.errors import RegistryError
from sqlalchemy import Connection, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

APPLICATION_ID = 0x6F70746F
"""`opto`: by this number in its header a file is known as a registry."""

BUSY_SECONDS = 30.0
"""How long a writer waits for its turn."""

_NEW = (f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA journal_mode = WAL")
_EACH = (
    "PRAGMA foreign_keys = ON",
    # A commit that was acknowledged is on the disk, on macOS too.
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",
    # What is deleted is overwritten, and no temporary file ever holds it.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    # What a stranger's file would have done while it is read and written is done without power.
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


class SqliteDatabase:
    """A database in a file that exists.

    Transactions begin as readers, which see one state and hold up nobody, or as the only writer.

    Args:
        path: of the file.
        name: what to call it in a message; its path by default.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.name = name or str(path)
        self._file = path.absolute()  # the process may go elsewhere
        self._engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(self._file),
            poolclass=QueuePool,
            hide_parameters=True,  # nothing that is registered stands in an error
        )

        @event.listens_for(self._engine, "begin")
        def begin(connection: Connection) -> None:
            writing = connection.get_execution_options().get("writing", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    def faults(self) -> AbstractContextManager[None]:
        """Turn what it raises within the block into a `RegistryError` that names it."""
        return database_faults(self.name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state, and holds up nobody."""
        with database_faults(self.name), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes: committed when the block ends, undone if it raises."""
        with database_faults(self.name), self._engine.connect() as plain:
            connection = plain.execution_options(writing=True)
            with connection.begin():
                yield connection

    def is_registry(self, connection: Connection) -> bool:
        """Whether the database was made as a registry."""
        found = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        return bool(found == APPLICATION_ID)

    def compact(self) -> bool:
        """Write the file anew without what rows held before, and cut the write-ahead log."""
        with database_faults(self.name), closing(_connect(self._file)) as connection:
            connection.execute("VACUUM")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Close every connection: the last one folds the write-ahead log in and removes it."""
        self._engine.dispose()


def open_database(path: Path) -> SqliteDatabase:
    """Open a file.

    Raises:
        RegistryError: there is no file that can be read.
    """
    # Said before SQLite does, less clearly. The file is not opened: to close it would end the locks
    # of every connection that this process has, and another process would remove the write-ahead
    # log from under them (sqlite.org/howtocorrupt.html, 2.2).
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise RegistryError(f"{path} is a folder", "Give the path of the registry's file.")
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileNotFoundError as fault:
        raise RegistryError(
            f"there is no registry at {path}", "Make one with: optout init"
        ) from fault
    except OSError as fault:
        raise RegistryError(
            f"{path} cannot be read: {fault.strerror}", "Check the path and its permissions."
        ) from fault
    return SqliteDatabase(path)


def has_unfolded(path: Path) -> bool:
    """Whether a write-ahead log beside a file holds what the file itself does not."""
    path = path.resolve()  # it lies beside the file itself, not beside a link to it
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _connect(path: Path, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",  # never makes a file
        uri=True,
        timeout=patience,
        isolation_level=None,  # `begin` above says when a transaction begins
        check_same_thread=False,
    )
    try:
        for pragma in _EACH:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def new_database(path: Path) -> Iterator[Connection]:
    """Make a database that appears under `path` whole, when the block has filled it, or not at all.

    Raises:
        RegistryError: there is something under `path` already.
        OSError: the folder is missing, full or must not be written to.
    """
    own = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        # The openings in it are not for everybody on the machine.
        os.close(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with database_faults(str(path)), closing(_connect(own)) as connection:
            for pragma in _NEW:
                connection.execute(pragma)
        database = SqliteDatabase(own, str(path))
        try:
            with database.writing() as filled:
                yield filled
        finally:
            database.close()
        sync_file(own)
        try:
            # A link, unlike a rename, never takes the place of another database.
            os.link(own, path)
        except FileExistsError as fault:
            raise RegistryError(
                f"{path} exists already", "Use it, or choose another path."
            ) from fault
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            own.with_name(f"{own.name}{end}").unlink(missing_ok=True)
    sync_folder(path.parent)


_REASONS = {
    sqlite3.SQLITE_BUSY: (
        "is being written by another process, and has been for half a minute",
        "Try again when that is done; nothing has changed.",
    ),
    sqlite3.SQLITE_LOCKED: ("is locked", "Try again in a moment; nothing has changed."),
    sqlite3.SQLITE_FULL: (
        "cannot grow: the disk is full",
        "Free some space there and do it again; nothing has changed.",
    ),
    sqlite3.SQLITE_READONLY: (
        "must not be written to",
        "Change the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check that the file exists, and the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_PERM: ("must not be opened", "Change the permissions of the file."),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk is failing",
        "Copy what matters, then restore it on another disk.",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a backup, with its key and its vault."),
    sqlite3.SQLITE_NOTADB: (
        "is not an optout registry",
        "Give the path of one, or make one with: optout init",
    ),
}


@contextmanager
def database_faults(name: str) -> Iterator[None]:
    """Turn what SQLite and SQLAlchemy raise about a database into a `RegistryError`."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as fault:
        cause = fault.orig if isinstance(fault, DBAPIError) else fault
        reason, advice = _REASONS.get(
            _code(cause),
            (f"cannot be used ({cause})", "Restore it from a backup, with its key and its vault."),
        )
        raise RegistryError(f"{name} {reason}", advice) from fault
    except PoolTimeoutError as fault:
        raise RegistryError(
            f"{name} is asked by too many at once", "Try again in a moment."
        ) from fault


def _code(fault: BaseException | None) -> int:
    """SQLite's primary result code (https://www.sqlite.org/rescode.html); 0 where it gave none."""
    return (getattr(fault, "sqlite_errorcode", 0) or 0) & 0xFF
