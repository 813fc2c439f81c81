"""The tables of a registry, as the newest migration leaves them.

Rows of `openings` and `sealed` are emptied by an erasure, and never deleted. What they held may
stay behind in the slack of a page, in a dead row, in a backup: it is sealed, and the key of it is
destroyed; see `vault`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
)

from .columns import Bytes, BytesOrNull, Whole, Word, Words

NUMBER_LENGTH = 9
"""Characters of a case number, XXXX-XXXX."""

Position = BigInteger().with_variant(Whole(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def position_of(name: str, target: Column[int], *, index: bool = False) -> Column[int]:
    """A column of a table's key that names a row of another table by its number.

    Args:
        name: of the column.
        target: the other table's key.
        index: whether rows are looked up by this column alone.
    """
    return Column(
        name, Position, ForeignKey(target), primary_key=True, autoincrement=False, index=index
    )


settings = Table(
    "settings",
    metadata,
    Column("name", Word(32), primary_key=True),
    Column("value", Words(), nullable=False),
)
"""What is said once; see `settings`."""

tree = Table(
    "tree",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one"), primary_key=True),
    Column("size", Position, nullable=False),
    Column("nodes", Bytes(), nullable=False),
)
"""One row: how long the log is, and the frontier of its Merkle tree, 32 bytes a node."""

leaves = Table(
    "leaves",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("leaf", Bytes(), nullable=False),
)
"""The log, from position 0 without a gap; never changed."""

steps = Table(
    "steps",
    metadata,
    position_of("position", leaves.c.position),
    Column("entry", Position, ForeignKey(leaves.c.position), nullable=False, index=True),
)
"""Which records are about an earlier entry, so that one entry folds without the others."""

openings = Table(
    "openings",
    metadata,
    position_of("entry", leaves.c.position),
    Column("box", BytesOrNull()),
)
"""Salt and matter of every entry, sealed under its key; null once it is erased."""

claims = Table(
    "claims",
    metadata,
    Column("lookup", Bytes(32), primary_key=True),
    Column("entry", Position, ForeignKey(leaves.c.position), nullable=False, index=True),
)
"""What the operator claimed, by a keyed hash; the latest entry of each; gone with the entry."""

feeds = Table(
    "feeds",
    metadata,
    Column("record", Bytes(32), primary_key=True),
    position_of("entry", leaves.c.position, index=True),
)
"""What a feed calls the entries that came from it, by keyed hashes; gone with the entry."""

cases = Table(
    "cases",
    metadata,
    Column("number", Word(NUMBER_LENGTH), primary_key=True),
    Column("date", Word(10), nullable=False),
    Column("proof", Bytes(), nullable=False),
)
"""People's cases, and what tells whether a secret is the right one."""

sealed = Table(
    "sealed",
    metadata,
    position_of("entry", openings.c.entry),
    Column("case_number", String(NUMBER_LENGTH), ForeignKey(cases.c.number), index=True),
    Column("box", BytesOrNull()),
)
"""The items of a case, which its secret alone opens, sealed under the entry's key; null once they
are erased."""

shreds = Table(
    "shreds",
    metadata,
    Column("label", Integer, primary_key=True, autoincrement=False),
    Column("number", Position, primary_key=True, autoincrement=False),
)
"""Keys that an erasure has still to destroy in the vault."""
