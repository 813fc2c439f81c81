"""SQLite, and the only place that knows it: how a file is made, opened, and wiped."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from optout.registry.durable import TEMPORARY_PREFIX, sync_folder
from optout.registry.errors import RegistryError
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

APPLICATION_ID = 0x6F70746F
"""`opto`: by this number in its header a file is known as a registry."""

BUSY_SECONDS = 30.0
"""How long a writer waits for its turn."""

_TRY_SECONDS = 0.05
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


def make_engine(path: Path) -> Engine:
    """An engine over an existing file.

    Transactions begin as readers, which see one state and hold up nobody. With the execution
    option `writing` they begin as the only writer: nothing they read can change before they end.
    """
    file = path.absolute()  # the process may go elsewhere
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(file),
        poolclass=QueuePool,
        hide_parameters=True,  # nothing that is registered stands in an error, and then in a log
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


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
def new_database(path: Path) -> Iterator[Engine]:
    """Make a database that appears under `path` whole, when the block has filled it, or not at all.

    Raises:
        RegistryError: there is something under `path` already.
        OSError: the folder is missing, full or must not be written to.
    """
    own = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        # The openings in it are not for everybody on the machine.
        os.close(os.open(own, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_connect(own)) as connection:
            for pragma in _NEW:
                connection.execute(pragma)
        engine = make_engine(own)
        try:
            yield engine
        finally:
            engine.dispose()  # the last connection folds the write-ahead log in and removes it
        _sync(own)
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_registry(connection: Connection) -> bool:
    """Whether the database was made as a registry."""
    found = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    return bool(found == APPLICATION_ID)


def scrub(path: Path, seconds: float) -> bool:
    """Fold the write-ahead log into the database and cut it to nothing.

    What a transaction destroyed is then in no file of the database: its pages were overwritten
    (`secure_delete`), and the log that held them as they were before is empty. What a disk or a
    file system keeps below the level of files is out of reach from here.

    Args:
        path: of the database.
        seconds: how long to wait for transactions that still read what was before.

    Returns:
        Whether it was done: not if one of them outlasted the time.
    """
    deadline = time.monotonic() + seconds
    # With more patience in one try, SQLite would hold up every writer while it waits.
    with closing(_connect(path, _TRY_SECONDS)) as connection:
        while not _truncate(connection):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_TRY_SECONDS)
    return True


def _truncate(connection: sqlite3.Connection) -> bool:
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as fault:
        if _code(fault) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        raise
    return not busy


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
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a backup, with its key."),
    sqlite3.SQLITE_NOTADB: (
        "is not an optout registry",
        "Give the path of one, or make one with: optout init",
    ),
}


@contextmanager
def database_faults(path: Path) -> Iterator[None]:
    """Turn what SQLite and SQLAlchemy raise about `path` into a `RegistryError` that names it."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as fault:
        cause = fault.orig if isinstance(fault, DBAPIError) else fault
        reason, advice = _REASONS.get(
            _code(cause), (f"cannot be used ({cause})", "Restore it from a backup, with its key.")
        )
        raise RegistryError(f"{path} {reason}", advice) from fault
    except PoolTimeoutError as fault:
        raise RegistryError(
            f"{path} is asked by too many at once", "Try again in a moment."
        ) from fault


def _code(fault: BaseException | None) -> int:
    """SQLite's primary result code (https://www.sqlite.org/rescode.html); 0 where it gave none."""
    return (getattr(fault, "sqlite_errorcode", 0) or 0) & 0xFF
