"""Openings in their table: kept and read sealed, and emptied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optout.registry.log import SALT_SIZE, Entry, Opening
from sqlalchemy import Connection, delete, select, update

from .log_rows import CHUNK, chunks, read_state
from .many_rows import insert_rows
from .notice_rows import lapse_notices
from .people_tables import answers, notices, proved, shared
from .shredding import seal, to_shred, unseal
from .tables import claims, feeds, openings, sealed
from .vault import Label

PURPOSE = "opening"
"""What it is, for the seal."""

Row = tuple[int, Opening | None]
"""An entry, and its opening unless that was destroyed."""


class Overtaken(Exception):  # noqa: N818  # says what happened
    """What was to be read has been erased meanwhile: begin anew with the log as it is now."""


def keep(connection: Connection, made: Iterable[Opening]) -> None:
    """Keep the openings of entries that are just being added."""
    rows = [
        (one.index, seal(connection, Label.ENTRY, one.index, PURPOSE, one.salt + one.matter))
        for one in sorted(made, key=lambda one: one.index)  # neighbours' keys cost less
    ]
    insert_rows(connection, openings, rows)


def read_openings(connection: Connection, after: int, size: int) -> list[Row]:
    """A few openings, by entry: of entries above `after` and below `size`."""
    wanted = (
        select(openings.c.entry, openings.c.box)
        .where(openings.c.entry > after, openings.c.entry < size)
        .order_by(openings.c.entry)
        .limit(CHUNK)
    )
    rows = connection.execute(wanted).all()
    return [(entry, _opening(connection, entry, box)) for entry, box in rows]


def read_opening(connection: Connection, index: int) -> tuple[Entry | None, Opening | None]:
    """An entry and its opening; None for what there is not, or no longer."""
    entry = read_state(connection, [index]).entries.get(index)
    if entry is None:
        return None, None
    box = connection.execute(select(openings.c.box).where(openings.c.entry == index)).scalar()
    return entry, _opening(connection, index, box)


def _opening(connection: Connection, entry: int, box: bytes | None) -> Opening | None:
    plain = unseal(connection, Label.ENTRY, entry, PURPOSE, box)
    return Opening(entry, plain[:SALT_SIZE], plain[SALT_SIZE:]) if plain is not None else None


def destroy(connection: Connection, entries: Sequence[int]) -> None:
    """Empty everything that could tell what these entries cover, and have their keys destroyed."""
    to_shred(connection, Label.ENTRY, entries)
    lapse_notices(connection, entries)
    for chunk in chunks(entries):
        connection.execute(update(openings).where(openings.c.entry.in_(chunk)).values(box=None))
        connection.execute(update(sealed).where(sealed.c.entry.in_(chunk)).values(box=None))
        connection.execute(delete(claims).where(claims.c.entry.in_(chunk)))
        connection.execute(delete(feeds).where(feeds.c.entry.in_(chunk)))
        connection.execute(delete(proved).where(proved.c.entry.in_(chunk)))
        connection.execute(delete(shared).where(shared.c.entry.in_(chunk)))
        about = (answers.c.label == int(Label.ENTRY)) & answers.c.entry.in_(chunk)
        connection.execute(delete(answers).where(about))
        # Who sent a notice still learns that there is nothing left to decide.
        connection.execute(
            update(notices).where(notices.c.entry.in_(chunk)).values(box=None, counter_box=None)
        )
