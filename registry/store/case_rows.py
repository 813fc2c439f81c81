"""Cases and their sealed items in their tables; what only a case's secret opens is opaque here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import Connection, delete, func, insert, select, update

from .log_rows import chunks
from .people_tables import answers, contacts, letters, proofs, proved
from .shredding import NONCE_SIZE, seal, to_shred, unseal
from .tables import cases, sealed
from .vault import Label

PURPOSE = "item"
"""What it is, for the seal."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case.

    Attributes:
        number: XXXX-XXXX.
        date: the day it was opened, `YYYY-MM-DD`.
        proof: what tells whether a secret is its own.
    """

    number: str
    date: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One item of a case.

    Attributes:
        entry: its number.
        nonce: 12 bytes, what box and token were made with; None once it is erased.
        box: what only the case's secret opens; None once it is erased.
    """

    entry: int
    nonce: bytes | None
    box: bytes | None


def add_cases(connection: Connection, made: Mapping[CaseRow, Sequence[SealedItem]]) -> None:
    """Keep new cases and their items, none of which is erased."""
    connection.execute(
        insert(cases),
        [{"number": case.number, "date": case.date, "proof": case.proof} for case in made],
    )
    placed = [(item, case.number) for case, items in made.items() for item in items]
    rows = [
        {
            "entry": item.entry,
            "case_number": number,
            "box": seal(
                connection,
                Label.ENTRY,
                item.entry,
                PURPOSE,
                (item.nonce or b"") + (item.box or b""),
            ),
        }
        for item, number in sorted(placed, key=lambda one: one[0].entry)
    ]
    connection.execute(insert(sealed), rows)


def find_case(connection: Connection, number: str) -> CaseRow | None:
    """The case of this number."""
    row = connection.execute(
        select(cases.c.number, cases.c.date, cases.c.proof).where(cases.c.number == number)
    ).one_or_none()
    return CaseRow(row.number, row.date, row.proof) if row else None


def taken_numbers(connection: Connection, numbers: Collection[str]) -> set[str]:
    """Those of some numbers that are a case's."""
    taken: set[str] = set()
    for chunk in chunks(list(numbers)):
        found = connection.execute(select(cases.c.number).where(cases.c.number.in_(chunk)))
        taken.update(found.scalars())
    return taken


def items_of(connection: Connection, number: str) -> list[SealedItem]:
    """The items of a case, by entry; erased ones too."""
    rows = connection.execute(
        select(sealed.c.entry, sealed.c.box)
        .where(sealed.c.case_number == number)
        .order_by(sealed.c.entry)
    ).all()
    return [_item(connection, entry, box) for entry, box in rows]


def _item(connection: Connection, entry: int, box: bytes | None) -> SealedItem:
    plain = unseal(connection, Label.ENTRY, entry, PURPOSE, box)
    if plain is None:
        return SealedItem(entry, None, None)
    return SealedItem(entry, plain[:NONCE_SIZE], plain[NONCE_SIZE:])


def case_key_number(connection: Connection, number: str) -> int | None:
    """By which number the vault has the key of a case; None where there is no such case."""
    own = select(sealed.c.entry).where(sealed.c.case_number == number)
    found: int | None = connection.execute(own.order_by(sealed.c.entry).limit(1)).scalar()
    return found


def case_key_numbers(connection: Connection, numbers: Collection[str]) -> dict[str, int]:
    """As `case_key_number`, of many cases; in the order of the keys, in which a vault is fast."""
    found: dict[str, int] = {}
    for chunk in chunks(sorted(numbers)):
        own = (
            select(sealed.c.case_number, func.min(sealed.c.entry))
            .where(sealed.c.case_number.in_(chunk))
            .group_by(sealed.c.case_number)
        )
        found.update((number, lowest) for number, lowest in connection.execute(own))
    return dict(sorted(found.items(), key=itemgetter(1)))


def remove_case(connection: Connection, number: str) -> None:
    """Forget a case, and which entries were in it, and have its key destroyed.

    Its contact, its proofs, the letters to it, and the answer to who opened it go with it.
    """
    lowest = case_key_number(connection, number)
    if lowest is not None:
        to_shred(connection, Label.CASE, [lowest])
        own_answer = (answers.c.label == int(Label.CASE)) & (answers.c.entry == lowest)
        connection.execute(delete(answers).where(own_answer))
    connection.execute(
        update(sealed).where(sealed.c.case_number == number).values(case_number=None)
    )
    own = select(proofs.c.id).where(proofs.c.case_number == number)
    connection.execute(delete(proved).where(proved.c.proof.in_(own)))
    for table in (proofs, contacts, letters):
        connection.execute(delete(table).where(table.c.case_number == number))
    connection.execute(delete(cases).where(cases.c.number == number))
