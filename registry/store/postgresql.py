"""PostgreSQL, and the only place that knows it: who writes, who reads, and what goes wrong.

The driver, psycopg, is loaded when the first database is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from optout.registry.errors import RegistryError
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

WRITER = 0x6F70746F7574
"""`optout`: the advisory lock that whoever writes to a registry holds."""

LOCK_SECONDS = 30
"""How long a writer waits for its turn."""

_CONNECT_SECONDS = 10


class PostgresDatabase:
    """A database of a PostgreSQL server.

    Args:
        url: of the database; the driver is psycopg.
        name: what to call it in a message.

    Raises:
        RegistryError: psycopg is not installed.
    """

    def __init__(self, url: URL, name: str) -> None:
        self.name = name
        try:
            self._engine = create_engine(
                url,
                hide_parameters=True,  # nothing that is registered stands in an error
                pool_pre_ping=True,  # a server that was restarted is found again
                connect_args={
                    "connect_timeout": _CONNECT_SECONDS,
                    "application_name": "optout",
                },
            )
        except ImportError as fault:
            raise RegistryError(
                "psycopg is not installed, and a registry on PostgreSQL needs it",
                "Install it with: pip install 'optout[postgresql]'",
            ) from fault

    def faults(self) -> AbstractContextManager[None]:
        """Turn what it raises within the block into a `RegistryError` that names it."""
        return database_faults(self.name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state, and holds up nobody."""
        with database_faults(self.name), self._engine.connect() as plain:
            connection = plain.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only transaction that writes: committed when the block ends, undone if it raises."""
        with database_faults(self.name), self._engine.connect() as plain:
            # Every statement sees what was committed before it: with the lock in hand, all of it.
            connection = plain.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                # A commit that was acknowledged is on the disk, whatever the server's default.
                connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")
                yield connection

    def is_registry(self, connection: Connection) -> bool:
        """Whether the database was made as a registry."""
        found = connection.exec_driver_sql(
            "SELECT to_regclass('leaves') IS NOT NULL"
            " AND to_regclass('alembic_version') IS NOT NULL"
        )
        return bool(found.scalar_one())

    def compact(self) -> bool:
        """Nothing: no registry on PostgreSQL ever held what is not sealed."""
        return True

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


@contextmanager
def new_database(url: URL, name: str) -> Iterator[Connection]:
    """Fill an empty database in one transaction: wholly, or not at all.

    Args:
        url: of the database, which exists.
        name: what to call it in a message.

    Raises:
        RegistryError: it holds something already, or cannot be used.
    """
    database = PostgresDatabase(url, name)
    try:
        with database.writing() as connection:
            if database.is_registry(connection):
                raise RegistryError(
                    f"{name} holds a registry already", "Use it, or choose another database."
                )
            if inspect(connection).get_table_names():
                raise RegistryError(
                    f"{name} holds tables of something else", "Make an empty database for optout."
                )
            yield connection
    finally:
        database.close()


_AWAY = (
    "cannot be reached",
    "Check that the server runs, its address, and the network between; nothing has changed.",
)
_REFUSED = ("refuses this account or its password", "Correct them in the registry's address.")
_MISSING = ("does not exist on its server", "Make it there first, with: createdb")
_BUSY = ("is asked by too many at once", "Try again in a moment.")
_DAMAGED = ("is damaged", "Restore it from a backup, with its key and its vault.")
_CHANGED = (
    "was changed by another process at the same time",
    "Do it again; nothing has changed.",
)

# By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), or its class.
_REASONS = {
    "08": _AWAY,
    "57": _AWAY,
    "28": _REFUSED,
    "3D": _MISSING,
    "40": _CHANGED,
    "XX": _DAMAGED,
    "55P03": (
        "is being written by another process, and has been for half a minute",
        "Try again when that is done; nothing has changed.",
    ),
    "53100": (
        "cannot grow: the disk is full",
        "Free some space there and do it again; nothing has changed.",
    ),
    "53300": _BUSY,
    "25006": (
        "must not be written to",
        "Name the server that takes writes: this one is a copy, or read-only.",
    ),
    "42501": (
        "must not be used by this account",
        "Make the account its owner, or grant it the right.",
    ),
}

# A server that turns a connection down says why in words alone.
_WORDS = (
    ("too many", _BUSY),
    ("slots are reserved", _BUSY),
    ("authentication failed", _REFUSED),
    ("no password supplied", _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
    ('role "', _REFUSED),
    ('" does not exist', _MISSING),
)


@contextmanager
def database_faults(name: str) -> Iterator[None]:
    """Turn what psycopg and SQLAlchemy raise about a database into a `RegistryError`."""
    try:
        yield
    except DBAPIError as fault:
        reason, advice = _reason(fault)
        raise RegistryError(f"{name} {reason}", advice) from fault
    except PoolTimeoutError as fault:
        raise RegistryError(f"{name} {_BUSY[0]}", _BUSY[1]) from fault


def _reason(fault: DBAPIError) -> tuple[str, str]:
    state = getattr(fault.orig, "sqlstate", None)
    if state:
        unknown = (f"cannot be used (SQLSTATE {state})", "Look into the server's own log.")
        return _REASONS.get(state) or _REASONS.get(state[:2]) or unknown
    if not isinstance(fault, (OperationalError, InterfaceError)):
        # The driver itself refuses a value: its words may hold it.
        return (f"cannot be used ({type(fault.orig).__name__})", "Report it: this is a fault.")
    said = str(fault.orig)
    if "FATAL" in said:
        return next((reason for word, reason in _WORDS if word in said), _AWAY)
    return _AWAY
