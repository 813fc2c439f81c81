"""Notices in their table: what people say is sealed under the key of the entry it is about."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from .columns import known
from .log_rows import chunks
from .people_tables import notices
from .shredding import seal, unseal
from .tables import sealed
from .vault import Label


class NoticeState(StrEnum):
    """Where a notice stands."""

    OPEN = "open"
    COUNTERED = "countered"
    UPHELD = "upheld"
    REJECTED = "rejected"
    LAPSED = "lapsed"

    @property
    def undecided(self) -> bool:
        """Whether it is still to be decided."""
        return self in UNDECIDED


UNDECIDED = (NoticeState.OPEN, NoticeState.COUNTERED)
"""Where a notice stands that is still to be decided."""

_SEVERAL = b"\xff"
"""Begins a box of several texts: no text does, and a statement stood alone at first."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What somebody says against an entry; days `YYYY-MM-DD`, empty where it has not come to it.

    Attributes:
        number: XXXX-XXXX.
        entry: which it is about.
        proof: what tells whether a secret is its own.
        reason: a word.
        statement: why, in the sender's words; None once the entry is erased.
        state: where it stands.
        made: the day it came.
        due: the day by which it is decided.
        counter: what the owner of the entry says; None where there is nothing.
        countered: the day that came.
        decided: the day of the decision.
        covers: what the sender calls what the entry covers; None where nothing was kept.
        because: why it was decided so; None likewise.
    """

    number: str
    entry: int
    proof: bytes = field(repr=False)
    reason: str
    statement: str | None = field(repr=False)
    state: NoticeState
    made: str
    due: str
    counter: str | None = field(default=None, repr=False)
    countered: str = ""
    decided: str = ""
    covers: str | None = field(default=None, repr=False)
    because: str | None = field(default=None, repr=False)


def add_notice(connection: Connection, row: NoticeRow) -> None:
    """Keep a new notice, which has a statement."""
    connection.execute(
        insert(notices),
        {
            "number": row.number,
            "entry": row.entry,
            "proof": row.proof,
            "reason": row.reason,
            "box": _said(connection, row),
            "state": row.state,
            "made": row.made,
            "due": row.due,
            "counter_box": None,
            "countered": "",
            "decided": "",
        },
    )


def find_notice(connection: Connection, number: str) -> NoticeRow | None:
    """The notice of this number."""
    return next(iter(_read(connection, select(notices).where(notices.c.number == number))), None)


def notices_of(connection: Connection, case_number: str) -> list[NoticeRow]:
    """The notices against the items of a case, the oldest first."""
    own = select(sealed.c.entry).where(sealed.c.case_number == case_number)
    return _read(connection, select(notices).where(notices.c.entry.in_(own)))


def undecided_notices(connection: Connection) -> list[NoticeRow]:
    """The notices that are to be decided, the soonest due first."""
    found = _read(connection, select(notices).where(notices.c.state.in_(UNDECIDED)))
    return sorted(found, key=lambda row: row.due)


def undecided_about(connection: Connection, entry: int) -> int:
    """How many notices about an entry are to be decided."""
    wanted = select(func.count()).where(notices.c.entry == entry, notices.c.state.in_(UNDECIDED))
    return int(connection.execute(wanted).scalar_one())


def undecided_against(connection: Connection, case_number: str) -> int:
    """How many notices against the items of a case are to be decided."""
    own = select(sealed.c.entry).where(sealed.c.case_number == case_number)
    wanted = select(func.count()).where(notices.c.entry.in_(own), notices.c.state.in_(UNDECIDED))
    return int(connection.execute(wanted).scalar_one())


def undecided_among(connection: Connection, entries: Collection[int]) -> dict[int, str]:
    """Of those of some entries about which notices are to be decided, the number of one."""
    found: dict[int, str] = {}
    for chunk in chunks(sorted(set(entries))):
        wanted = select(notices.c.entry, notices.c.number).where(
            notices.c.entry.in_(chunk), notices.c.state.in_(UNDECIDED)
        )
        for entry, number in connection.execute(wanted.order_by(notices.c.due, notices.c.number)):
            found.setdefault(entry, number)
    return found


def counter_notice(connection: Connection, row: NoticeRow, counter: str, day: str) -> None:
    """Keep what the owner of an entry says to a notice."""
    _change(
        connection,
        row,
        counter_box=_seal(connection, "counter", row, counter.encode("utf-8", "replace")),
        countered=day,
        state=NoticeState.COUNTERED,
    )


def decide_notice(
    connection: Connection, row: NoticeRow, state: NoticeState, day: str, because: str
) -> None:
    """Keep how a notice was decided, and why, for as long as its entry is not erased."""
    values: dict[str, object] = {"state": state, "decided": day}
    if row.statement is not None:
        values["box"] = _said(connection, replace(row, because=because))
    _change(connection, row, **values)


def lapse_notices(connection: Connection, entries: Collection[int]) -> None:
    """Keep that there is nothing left to decide: the entries are in force no longer."""
    for chunk in chunks(sorted(entries)):
        connection.execute(
            update(notices)
            .where(notices.c.entry.in_(chunk), notices.c.state.in_(UNDECIDED))
            .values(state=NoticeState.LAPSED)
        )


def _change(connection: Connection, row: NoticeRow, **values: object) -> None:
    connection.execute(update(notices).where(notices.c.number == row.number).values(**values))


def _read(connection: Connection, wanted: Select[Any]) -> list[NoticeRow]:
    rows: Iterable[Row[Any]] = connection.execute(
        wanted.order_by(notices.c.made, notices.c.number)
    ).all()
    found = []
    for row in rows:
        statement, covers, because = _texts(_unseal(connection, "notice", row, row.box))
        counter = _unseal(connection, "counter", row, row.counter_box)
        found.append(
            NoticeRow(
                row.number,
                row.entry,
                row.proof,
                row.reason,
                statement,
                known(NoticeState, row.state),
                row.made,
                row.due,
                None if counter is None else counter.decode(),
                row.countered,
                row.decided,
                covers,
                because,
            )
        )
    return found


def _said(connection: Connection, row: NoticeRow) -> bytes:
    texts = [row.statement or "", row.covers, row.because]
    plain = _SEVERAL + json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")
    return _seal(connection, "notice", row, plain)


def _texts(plain: bytes | None) -> tuple[str | None, str | None, str | None]:
    """Statement, what the entry covers, and why it was decided so."""
    if plain is None:
        return None, None, None
    if not plain.startswith(_SEVERAL):
        return plain.decode(), None, None
    statement, covers, because = json.loads(plain.removeprefix(_SEVERAL))
    return statement, covers, because


def _seal(connection: Connection, what: str, row: NoticeRow, plain: bytes) -> bytes:
    return seal(connection, Label.ENTRY, row.entry, f"{what}/{row.number}", plain)


def _unseal(connection: Connection, what: str, row: Row[Any], box: bytes | None) -> bytes | None:
    return unseal(connection, Label.ENTRY, row.entry, f"{what}/{row.number}", box)
