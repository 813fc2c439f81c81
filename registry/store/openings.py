"""Openings in their table: kept, read, destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optout.registry.log import Opening
from sqlalchemy import Connection, delete, insert, select, update

from .log_rows import CHUNK, chunks
from .tables import claims, feeds, openings, sealed

Row = tuple[int, bytes | None, bytes | None]
"""Entry, salt and matter; without the last two where they were destroyed."""


class Overtaken(Exception):  # noqa: N818  # says what happened
    """What was to be read has been erased meanwhile: begin anew with the log as it is now."""


def keep(connection: Connection, made: Iterable[Opening]) -> None:
    """Keep the openings of entries that are just being added."""
    # In the order of their entries, for the reason that `tables` gives.
    rows = [
        {"entry": one.index, "salt": one.salt, "matter": one.matter}
        for one in sorted(made, key=lambda one: one.index)
    ]
    connection.execute(insert(openings), rows)


def read_openings(connection: Connection, after: int, size: int) -> list[Row]:
    """A few openings, by entry: of entries above `after` and below `size`."""
    wanted = (
        select(openings.c.entry, openings.c.salt, openings.c.matter)
        .where(openings.c.entry > after, openings.c.entry < size)
        .order_by(openings.c.entry)
        .limit(CHUNK)
    )
    return [(entry, salt, matter) for entry, salt, matter in connection.execute(wanted)]


def destroy(connection: Connection, entries: Sequence[int]) -> None:
    """Empty everything that could tell what these entries cover.

    Overwritten pages reach the database's file, and leave every other, with `sqlite.scrub`.
    """
    for chunk in chunks(entries):
        connection.execute(
            update(openings).where(openings.c.entry.in_(chunk)).values(salt=None, matter=None)
        )
        connection.execute(
            update(sealed).where(sealed.c.entry.in_(chunk)).values(nonce=None, box=None)
        )
        connection.execute(delete(claims).where(claims.c.entry.in_(chunk)))
        connection.execute(delete(feeds).where(feeds.c.entry.in_(chunk)))
