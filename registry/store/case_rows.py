"""Cases and their sealed items in their tables; what is sealed is opaque here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from .tables import cases, sealed


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
        nonce: what box and token were made with; None once it is erased.
        box: what only the case's secret opens; None once it is erased.
    """

    entry: int
    nonce: bytes | None
    box: bytes | None


def add_case(connection: Connection, case: CaseRow, items: Sequence[SealedItem]) -> None:
    """Keep a new case and its items."""
    connection.execute(
        insert(cases), {"number": case.number, "date": case.date, "proof": case.proof}
    )
    # In the order of their entries, for the reason that `tables` gives.
    rows = [
        {"entry": item.entry, "case_number": case.number, "nonce": item.nonce, "box": item.box}
        for item in sorted(items, key=lambda item: item.entry)
    ]
    connection.execute(insert(sealed), rows)


def find_case(connection: Connection, number: str) -> CaseRow | None:
    """The case of this number."""
    row = connection.execute(
        select(cases.c.number, cases.c.date, cases.c.proof).where(cases.c.number == number)
    ).one_or_none()
    return CaseRow(row.number, row.date, row.proof) if row else None


def items_of(connection: Connection, number: str) -> list[SealedItem]:
    """The items of a case, by entry; erased ones too."""
    rows = connection.execute(
        select(sealed.c.entry, sealed.c.nonce, sealed.c.box)
        .where(sealed.c.case_number == number)
        .order_by(sealed.c.entry)
    )
    return [SealedItem(entry, nonce, box) for entry, nonce, box in rows]


def remove_case(connection: Connection, number: str) -> None:
    """Forget a case, and which entries were in it."""
    connection.execute(
        update(sealed).where(sealed.c.case_number == number).values(case_number=None)
    )
    connection.execute(delete(cases).where(cases.c.number == number))
