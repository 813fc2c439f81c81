"""Letters in their table, their values sealed under the key of the case."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from .case_rows import case_key_numbers
from .log_rows import chunks
from .people_tables import ID_LENGTH, contacts, letters
from .sealed_cases import unseal_for_case
from .shredding import seal_if_kept
from .vault import Label

DUE = "due"


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter that is to be written.

    Attributes:
        id: what it is called by.
        case_number: to whom.
        kind: what it tells.
        values: what stands in it.
        attempts: how often it was tried before.
    """

    id: str
    case_number: str
    kind: str
    values: Mapping[str, str] = field(repr=False)
    attempts: int


def queue_letters(
    connection: Connection, kind: str, told: Mapping[str, Mapping[str, str]], due: int
) -> set[str]:
    """Keep a letter to each of some cases that is to be written, from an instant on.

    Args:
        connection: writing.
        kind: what they tell.
        told: what stands in each, by the number of its case.
        due: the instant.

    Returns:
        The cases that get one: all but those whose keys were destroyed.
    """
    rows = []
    for number, at in case_key_numbers(connection, told).items():
        identity = secrets.token_hex(ID_LENGTH // 2)
        plain = json.dumps(dict(told[number])).encode()
        box = seal_if_kept(connection, Label.CASE, at, _purpose(identity), plain)
        if box is not None:
            rows.append(
                {
                    "id": identity,
                    "case_number": number,
                    "kind": kind,
                    "box": box,
                    "state": DUE,
                    "due": due,
                    "attempts": 0,
                }
            )
    for chunk in chunks(rows):
        connection.execute(insert(letters), list(chunk))
    return {str(row["case_number"]) for row in rows}


def due_letters(connection: Connection, now: int, most: int) -> list[LetterRow]:
    """Letters that are due to confirmed addresses, the longest due first.

    Those whose keys were destroyed are none.
    """
    return _opened(connection, connection.execute(_due(now, most)).all())


def take_letters(connection: Connection, now: int, until: int, most: int) -> list[LetterRow]:
    """As `due_letters`; nobody else finds them due before `until`."""
    rows = connection.execute(_due(now, most)).all()
    # Those that nobody can open any more, too: they would hold up the rest for ever.
    taken = [row.id for row in rows]
    connection.execute(update(letters).where(letters.c.id.in_(taken)).values(due=until))
    return _opened(connection, rows)


def _due(now: int, most: int) -> Select[Any]:
    return (
        select(letters)
        .join(contacts, contacts.c.case_number == letters.c.case_number)
        .where(contacts.c.confirmed != 0, letters.c.state == DUE, letters.c.due <= now)
        .order_by(letters.c.due, letters.c.id)
        .limit(most)
    )


def _opened(connection: Connection, rows: Sequence[Row[Any]]) -> list[LetterRow]:
    found = []
    for row in rows:
        plain = unseal_for_case(connection, row.case_number, _purpose(row.id), row.box)
        if plain is not None:
            values = json.loads(plain)
            found.append(LetterRow(row.id, row.case_number, row.kind, values, row.attempts))
    return found


def is_letter_due(connection: Connection, now: int) -> bool:
    """Whether `take_letters` would take any."""
    return connection.execute(_due(now, 1)).first() is not None


def remove_letter(connection: Connection, identity: str) -> None:
    """Forget a letter that was sent, or is given up."""
    connection.execute(delete(letters).where(letters.c.id == identity))


def delay_letter(connection: Connection, identity: str, due: int) -> None:
    """Keep that a letter could not be sent: it is due again later."""
    connection.execute(
        update(letters)
        .where(letters.c.id == identity)
        .values(due=due, attempts=letters.c.attempts + 1)
    )


def letter_attempts(connection: Connection, identity: str) -> int | None:
    """How often a letter that is due was tried; None where there is no such letter."""
    found: int | None = connection.execute(
        select(letters.c.attempts).where(letters.c.id == identity, letters.c.state == DUE)
    ).scalar()
    return found


def remove_letters(connection: Connection, number: str) -> None:
    """Forget every letter to a case."""
    connection.execute(delete(letters).where(letters.c.case_number == number))


def _purpose(identity: str) -> str:
    return f"letter/{identity}"
