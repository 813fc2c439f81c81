"""What a store asks of a database: one state to read, one writer at a time, and plain words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection


class Database(Protocol):
    """A database, open. Threads may share it.

    Whatever the library or the server raises within a transaction becomes a `RegistryError` that
    names the database.
    """

    @property
    def name(self) -> str:
        """What to call it in a message: never a password, never an account."""
        ...

    def faults(self) -> AbstractContextManager[None]:
        """Turn what it raises within the block into a `RegistryError` that names it."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state, and holds up nobody."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """The only transaction that writes: committed when the block ends, undone if it raises.

        Nothing that it has read can change before it ends, and what it did is durable after it.
        """
        ...

    def is_registry(self, connection: Connection) -> bool:
        """Whether the database was made as a registry."""
        ...

    def compact(self) -> bool:
        """Leave nothing in the files of what rows held before: after a change of the tables.

        Returns:
            Whether it is done; otherwise somebody else was still reading.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
