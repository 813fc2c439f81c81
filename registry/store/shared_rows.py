"""What creators show the reviewer, in its table, sealed under the key of the entry."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from .columns import known
from .log_rows import chunks
from .people_tables import shared
from .shredding import seal, unseal
from .tables import sealed
from .vault import Label

_SHOWN = "shared"
_ANSWER = "answer"


class SharedState(StrEnum):
    """Where an item stands that was shown."""

    ASKED = "asked"
    REVIEWED = "reviewed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class SharedItem:
    """An item that was shown.

    Attributes:
        entry: its number.
        value: what it is; empty once it is decided.
        note: what its creator says to it; empty once it is decided.
        state: where it stands.
        asked: the day it was shown, `YYYY-MM-DD`.
        answer: what the reviewer says; empty until then.
    """

    entry: int
    value: str = field(repr=False)
    note: str = field(repr=False)
    state: SharedState
    asked: str
    answer: str = field(default="", repr=False)


def put_shared(connection: Connection, row: SharedItem) -> None:
    """Keep what is shown, instead of what was before."""
    connection.execute(delete(shared).where(shared.c.entry == row.entry))
    connection.execute(
        insert(shared),
        {
            "entry": row.entry,
            "box": _seal(connection, row.entry, _SHOWN, [row.value, row.note]),
            "state": row.state,
            "asked": row.asked,
            "answer_box": None,
        },
    )


def find_shared(connection: Connection, entry: int) -> SharedItem | None:
    """What is shown of an entry."""
    return next(iter(_read(connection, select(shared).where(shared.c.entry == entry))), None)


def shared_of(connection: Connection, case_number: str) -> list[SharedItem]:
    """What a case has shown, by entry."""
    own = select(sealed.c.entry).where(sealed.c.case_number == case_number)
    return _read(connection, select(shared).where(shared.c.entry.in_(own)))


def asked_items(connection: Connection) -> list[SharedItem]:
    """What the reviewer has not decided, the longest asked first."""
    found = _read(connection, select(shared).where(shared.c.state == SharedState.ASKED))
    return sorted(found, key=lambda row: row.asked)


def decide_shared(connection: Connection, entry: int, state: SharedState, answer: str) -> None:
    """Keep what the reviewer says, and remove what was shown."""
    box = _seal(connection, entry, _ANSWER, [answer])
    connection.execute(
        update(shared).where(shared.c.entry == entry).values(state=state, answer_box=box, box=None)
    )


def forget_asked(connection: Connection, entries: Collection[int]) -> None:
    """Remove what was shown and is not decided: the entries are in force no longer."""
    for chunk in chunks(sorted(entries)):
        connection.execute(
            delete(shared).where(shared.c.entry.in_(chunk), shared.c.state == SharedState.ASKED)
        )


def case_of(connection: Connection, entry: int) -> str | None:
    """The number of the case that an entry is an item of."""
    found: str | None = connection.execute(
        select(sealed.c.case_number).where(sealed.c.entry == entry)
    ).scalar()
    return found


def _read(connection: Connection, wanted: Select[Any]) -> list[SharedItem]:
    found = []
    for row in connection.execute(wanted.order_by(shared.c.entry)).all():
        shown = _unseal(connection, row.entry, _SHOWN, row.box)
        answered = _unseal(connection, row.entry, _ANSWER, row.answer_box)
        if shown or answered:
            (value, note), (answer,) = shown or ["", ""], answered or [""]
            state = known(SharedState, row.state)
            found.append(SharedItem(row.entry, value, note, state, row.asked, answer))
    return found


def _seal(connection: Connection, entry: int, purpose: str, texts: list[str]) -> bytes:
    return seal(connection, Label.ENTRY, entry, purpose, json.dumps(texts).encode())


def _unseal(
    connection: Connection, entry: int, purpose: str, box: bytes | None
) -> list[str] | None:
    plain = unseal(connection, Label.ENTRY, entry, purpose, box)
    texts: list[str] | None = None if plain is None else json.loads(plain)
    return texts
