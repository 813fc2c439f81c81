"""The tables of partners: their keys, and what they say a corpus left out."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from .columns import Bytes, Whole, Word, Words
from .tables import Position, leaves, metadata, position_of

PARTNER_ID = 8
"""Characters of what a key is called by."""

UPLOAD_ID = 16
"""Characters of what an upload is called by."""

partners = Table(
    "partners",
    metadata,
    Column("id", Word(PARTNER_ID), primary_key=True),
    Column("name", Word(100), nullable=False),
    Column("purpose", Word(8), nullable=False),
    Column("key_hash", Bytes(32), nullable=False, index=True, unique=True),
    Column("key_shown", Word(24), nullable=False),
    Column("domain", Word(253), nullable=False),
    Column("verifier", Word(400), nullable=False),
    Column("made", Word(10), nullable=False),
    Column("used", Word(10), nullable=False),
    Column("ended", Word(10), nullable=False),
)
"""One row a key. Of the key only its SHA-256 is kept; what is missing is the empty text."""

reports = Table(
    "reports",
    metadata,
    Column("number", Position, primary_key=True, autoincrement=False),
    Column("partner", Word(PARTNER_ID), ForeignKey(partners.c.id), nullable=False, index=True),
    Column("corpus", Word(200), nullable=False),
    Column("date", Word(10), nullable=False),
    Column("size", Position, nullable=False),
    Column("entries", Position, nullable=False),
    Column("rows", Position, nullable=False),
    Column("digest", Bytes(32), nullable=False, index=True, unique=True),
    Column("envelope", Bytes(), nullable=False),
)
"""What partners have sent, as they signed it, in the order in which it came."""

reported = Table(
    "reported",
    metadata,
    position_of("report", reports.c.number),
    position_of("entry", leaves.c.position, index=True),
    Column("rows", Position, nullable=False),
)
"""How many rows each entry took out, by the newest report of each partner and corpus."""

uploads = Table(
    "uploads",
    metadata,
    Column("number", Position, primary_key=True, autoincrement=False),
    Column("id", Word(UPLOAD_ID), nullable=False, index=True, unique=True),
    Column("partner", Word(PARTNER_ID), ForeignKey(partners.c.id), nullable=False, index=True),
    Column("kind", Word(16), nullable=False),
    Column("form", Word(16), nullable=False),
    Column("takes_back", Whole(), nullable=False),
    Column("state", Word(16), nullable=False),
    Column("rows", Position, nullable=False),
    Column("changed", Position, nullable=False),
    Column("known", Position, nullable=False),
    Column("refused", Position, nullable=False),
    Column("refusals", Words(), nullable=False),
    Column("fault", Words(), nullable=False),
)
"""Lists that partners have sent, in their order, and how far each has been worked off."""
