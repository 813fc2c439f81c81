"""Letters that are due: kept together with what they tell, until they are sent or given up.

A letter is queued in the transaction that makes it true, and for those alone who have confirmed an
address and wished to hear of it. It goes with its case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from optout.registry.store import (
    LetterRow,
    Store,
    delay_letter,
    due_letters,
    is_letter_due,
    known,
    letter_attempts,
    queue_letters,
    read_contact,
    remove_letter,
    take_letters,
    to_number,
    wishing,
)
from sqlalchemy import Connection

FIRST_DELAY = timedelta(minutes=5)
"""How long a letter waits that could not be sent; every next time twice as long."""

MOST_ATTEMPTS = 10
"""After so many a letter is given up: some two days."""


LEASE = timedelta(minutes=10)
"""For how long a letter that was taken is due to nobody else: within that time it must be said what
became of it, or it is sent twice."""


class Wish(StrEnum):
    """What a case can wish to hear of: each is told in a letter with values of its own.

    - `confirmed`: none.
    - `graded`: `items` (how many were raised), `name` (the domain or account that was proved).
    - `excluded`: `partner`, `corpus`, `items` (how many the report names).
    """

    CONFIRMED = "confirmed"
    GRADED = "graded"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter that is due.

    Attributes:
        id: what it is called by.
        case_number: of whom it tells.
        wish: what it tells of.
        values: what stands in it, by name.
        address: where it goes.
        language: in which it is written.
    """

    id: str
    case_number: str
    wish: Wish
    values: Mapping[str, str] = field(repr=False)
    address: str = field(repr=False)
    language: str


def tell(
    connection: Connection, number: str, wish: Wish, values: Mapping[str, str], now: datetime
) -> bool:
    """Queue a letter, in the transaction that makes true what it tells.

    Args:
        connection: writing.
        number: of the case.
        wish: what it tells of.
        values: what stands in it, as `Wish` says.
        now: the time.

    Returns:
        Whether the case has a confirmed address and wished for it.
    """
    return bool(tell_all(connection, wish, {number: values}, now))


def tell_all(
    connection: Connection, wish: Wish, told: Mapping[str, Mapping[str, str]], now: datetime
) -> set[str]:
    """As `tell`, to many cases at once: no address is opened for it.

    Args:
        connection: writing.
        wish: what is told.
        told: what stands in each letter, by the number of its case.
        now: the time.

    Returns:
        The cases that have a confirmed address and wished for it.
    """
    wished = wishing(connection, told, wish)
    return queue_letters(
        connection, wish, {number: told[number] for number in wished}, to_number(now)
    )


class News:
    """The letters of one registry. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, now: datetime, most: int = 100) -> list[Letter]:
        """Letters that are due, the longest due first.

        A letter is there until `sent`, `delayed` or `refused` says what became of it.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return _addressed(connection, due_letters(connection, to_number(now), most))

    def take(self, now: datetime, most: int = 100) -> list[Letter]:
        """As `due`, and for `LEASE` none of them is due to anybody else, such as another process.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.reading() as connection:
            if not is_letter_due(connection, to_number(now)):
                return []  # without keeping anybody from writing
        with self._store.writing() as connection:
            rows = take_letters(connection, to_number(now), to_number(now + LEASE), most)
            return _addressed(connection, rows)

    def sent(self, identity: str) -> None:
        """Say that a letter was sent: it is forgotten.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            remove_letter(connection, identity)

    def refused(self, identity: str) -> None:
        """Say that nobody takes or wants a letter: it is given up.

        Raises:
            RegistryError: the database cannot be written.
        """
        self.sent(identity)

    def delayed(self, identity: str, now: datetime) -> bool:
        """Say that a letter could not be sent.

        Returns:
            Whether it will be due again; otherwise it is given up, or gone.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            before = letter_attempts(connection, identity)
            if before is None:
                return False
            if before + 1 >= MOST_ATTEMPTS:
                remove_letter(connection, identity)
                return False
            delay_letter(connection, identity, to_number(now + FIRST_DELAY * 2**before))
            return True


def _addressed(connection: Connection, rows: Iterable[LetterRow]) -> list[Letter]:
    found = []
    for row in rows:
        contact = read_contact(connection, row.case_number)
        if contact is not None:
            wish = known(Wish, row.kind)
            found.append(
                Letter(row.id, row.case_number, wish, row.values, contact.address, contact.language)
            )
    return found
