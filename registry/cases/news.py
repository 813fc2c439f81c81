"""Letters that are due: kept together with what they tell, until they are sent or given up.

A letter is queued in the transaction that makes it true, and for those alone who have confirmed an
address and wished to hear of it. It goes with its case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from optout.registry.store import (
    Store,
    delay_letter,
    due_letters,
    known,
    letter_attempts,
    queue_letter,
    read_contact,
    remove_letter,
    to_number,
)
from sqlalchemy import Connection

FIRST_DELAY = timedelta(minutes=5)
"""How long a letter waits that could not be sent; every next time twice as long."""

MOST_ATTEMPTS = 10
"""After so many a letter is given up: some two days."""


class Wish(StrEnum):
    """What a case can wish to hear of."""

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
        values: what stands in it.
        now: the time.

    Returns:
        Whether the case has a confirmed address and wished for it.
    """
    contact = read_contact(connection, number)
    if contact is None or not contact.confirmed or wish not in contact.news.split():
        return False
    queue_letter(connection, number, wish, values, to_number(now))
    return True


class News:
    """The letters of one registry. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, now: datetime, most: int = 100) -> list[Letter]:
        """Letters that are due, the longest due first.

        A letter is there until `sent` or `delayed` says what became of it.

        Raises:
            RegistryError: the database cannot be read.
        """
        found = []
        with self._store.reading() as connection:
            for row in due_letters(connection, to_number(now), most):
                contact = read_contact(connection, row.case_number)
                if contact is not None:
                    found.append(
                        Letter(
                            row.id,
                            row.case_number,
                            known(Wish, row.kind),
                            row.values,
                            contact.address,
                            contact.language,
                        )
                    )
        return found

    def sent(self, identity: str) -> None:
        """Say that a letter was sent: it is forgotten.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            remove_letter(connection, identity)

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
