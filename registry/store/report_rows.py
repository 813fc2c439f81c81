"""Partners' reports in their tables: as they were signed, and what of them is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from optout.registry.errors import RegistryError
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    func,
    insert,
    select,
)

from .log_rows import chunks
from .partner_tables import partners, reported, reports
from .people_tables import contacts
from .tables import sealed, steps

MOST = (1 << 63) - 1
"""The largest number that a column can hold."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report.

    Attributes:
        number: its place in the order in which they came.
        partner: who sent it, by name.
        corpus: what it is about.
        date: the day it was made, `YYYY-MM-DD`.
        size: records of the log that was obeyed.
        entries: how many entries took something out.
        rows: how many rows they took out together, counted once for each.
        is_newest: whether no other of this partner and corpus has replaced it.
    """

    number: int
    partner: str
    corpus: str
    date: str
    size: int
    entries: int
    rows: int
    is_newest: bool = field(default=True)


def find_report(connection: Connection, digest: bytes) -> int | None:
    """The number of the report whose bytes have this digest."""
    found: int | None = connection.execute(
        select(reports.c.number).where(reports.c.digest == digest)
    ).scalar()
    return found


def newest_report(connection: Connection, name: str, corpus: str) -> tuple[int, str] | None:
    """Number and day of the report that is shown of a partner and a corpus."""
    row = connection.execute(
        select(reports.c.number, reports.c.date)
        .join(partners, partners.c.id == reports.c.partner)
        .where(partners.c.name == name, reports.c.corpus == corpus)
        .order_by(reports.c.date.desc(), reports.c.number.desc())
        .limit(1)
    ).one_or_none()
    return (row.number, row.date) if row else None


def next_number(connection: Connection, column: Column[int]) -> int:
    """The number behind all others of a column, from 0 on.

    Raises:
        RegistryError: it is larger than a column can hold.
    """
    last = connection.execute(select(column).order_by(column.desc()).limit(1)).scalar()
    if last == MOST:
        raise RegistryError(
            f"the registry's database holds the number {last}, and none comes behind it",
            "Restore it from a backup, with its key.",
        )
    return 0 if last is None else last + 1


def add_report(
    connection: Connection, identity: str, row: ReportRow, digest: bytes, envelope: bytes
) -> int:
    """Keep a report behind all others; its number."""
    number = next_number(connection, reports.c.number)
    connection.execute(
        insert(reports),
        {
            "number": number,
            "partner": identity,
            "corpus": row.corpus,
            "date": row.date,
            "size": row.size,
            "entries": row.entries,
            "rows": row.rows,
            "digest": digest,
            "envelope": envelope,
        },
    )
    return number


def show_rows(connection: Connection, number: int, rows: Mapping[int, int]) -> None:
    """Show what a report says of each entry."""
    for chunk in chunks(list(rows.items())):
        connection.execute(
            insert(reported),
            [{"report": number, "entry": entry, "rows": many} for entry, many in chunk],
        )


def hide_rows(connection: Connection, number: int) -> None:
    """Show what a report says no longer."""
    connection.execute(delete(reported).where(reported.c.report == number))


def steps_among(connection: Connection, positions: Collection[int]) -> set[int]:
    """Those of some positions of the log that add no entry."""
    found: set[int] = set()
    for chunk in chunks(list(positions)):
        wanted = select(steps.c.position).where(steps.c.position.in_(chunk))
        found.update(connection.execute(wanted).scalars())
    return found


def read_reported(
    connection: Connection, entries: Collection[int]
) -> list[tuple[int, str, str, str, int]]:
    """Entry, partner, corpus, day and rows of what is shown of some entries."""
    found: list[tuple[int, str, str, str, int]] = []
    for chunk in chunks(sorted(entries)):
        wanted = (
            select(
                reported.c.entry,
                partners.c.name,
                reports.c.corpus,
                reports.c.date,
                reported.c.rows,
            )
            .join(reports, reports.c.number == reported.c.report)
            .join(partners, partners.c.id == reports.c.partner)
            .where(reported.c.entry.in_(chunk))
            .order_by(reported.c.entry, partners.c.name, reports.c.corpus)
        )
        found += [tuple(row) for row in connection.execute(wanted)]
    return found


def cases_named(connection: Connection, entries: Collection[int]) -> dict[str, int]:
    """How many of some entries each case has, of cases that have confirmed an address.

    What was erased is none.
    """
    found: dict[str, int] = {}
    for chunk in chunks(sorted(entries)):
        wanted = (
            select(sealed.c.case_number, func.count())
            .join(contacts, contacts.c.case_number == sealed.c.case_number)
            .where(sealed.c.entry.in_(chunk), sealed.c.box.is_not(None), contacts.c.confirmed != 0)
            .group_by(sealed.c.case_number)
        )
        for number, count in connection.execute(wanted):
            found[number] = found.get(number, 0) + count
    return found


def cases_shown(connection: Connection, number: int) -> set[str]:
    """The cases of whose entries what a report says is shown."""
    wanted = (
        select(sealed.c.case_number)
        .join(reported, reported.c.entry == sealed.c.entry)
        .where(reported.c.report == number)
        .distinct()
    )
    return set(connection.execute(wanted).scalars())


def list_reports(connection: Connection, after: int, most: int) -> list[ReportRow]:
    """At most so many reports behind one, in the order in which they came."""
    wanted = _rows(reports.c.number > after).order_by(reports.c.number).limit(most)
    return [ReportRow(**row) for row in connection.execute(wanted).mappings()]


def list_newest(connection: Connection, most: int) -> list[ReportRow]:
    """At most so many reports that no other of their partner and corpus replaces, latest first."""
    wanted = _rows(~_replaced()).order_by(reports.c.date.desc(), reports.c.number.desc())
    return [ReportRow(**row) for row in connection.execute(wanted.limit(most)).mappings()]


def read_envelope(connection: Connection, number: int) -> bytes | None:
    """A report, byte by byte as it was sent."""
    found: bytes | None = connection.execute(
        select(reports.c.envelope).where(reports.c.number == number)
    ).scalar()
    return found


def _replaced() -> ColumnElement[bool]:
    """Whether a later report of the same partner and corpus is there."""
    later, sender = reports.alias(), partners.alias()
    return (
        exists()
        .where(sender.c.id == later.c.partner)
        .where(sender.c.name == partners.c.name, later.c.corpus == reports.c.corpus)
        .where(
            (later.c.date > reports.c.date)
            | ((later.c.date == reports.c.date) & (later.c.number > reports.c.number))
        )
    )


def _rows(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    return (
        select(
            reports.c.number,
            partners.c.name.label("partner"),
            reports.c.corpus,
            reports.c.date,
            reports.c.size,
            reports.c.entries,
            reports.c.rows,
            (~_replaced()).label("is_newest"),
        )
        .join(partners, partners.c.id == reports.c.partner)
        .where(condition)
    )
