"""The tables of what a case can have beside its items.

What tells something of a person is sealed: of the case under the key of the case, of an item under
the key of its entry. Instants are microseconds since 1970 by UTC, days `YYYY-MM-DD`; what is
missing is the empty text, or 0.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table

from .columns import Bytes, BytesOrNull, Word
from .tables import NUMBER_LENGTH, Position, cases, leaves, metadata, position_of

ID_LENGTH = 16
"""Characters of what a proof or a letter is called by."""


def _case(*, primary_key: bool = False, index: bool = False) -> Column[str]:
    return Column(
        "case_number",
        Word(NUMBER_LENGTH),
        ForeignKey(cases.c.number),
        primary_key=primary_key,
        nullable=False,
        index=index,
    )


contacts = Table(
    "contacts",
    metadata,
    _case(primary_key=True),
    Column("box", Bytes(), nullable=False),
    Column("language", Word(16), nullable=False),
    Column("news", Word(40), nullable=False),
    Column("confirmed", Position, nullable=False),
    Column("code", Bytes(), nullable=False),
    Column("code_until", Position, nullable=False),
    Column("code_attempts", Position, nullable=False),
)
"""Where a case wants its news. Of a code only an HMAC is kept, which is empty once it is used."""

proofs = Table(
    "proofs",
    metadata,
    Column("id", Word(ID_LENGTH), primary_key=True),
    _case(index=True),
    Column("method", Word(8), nullable=False),
    Column("box", Bytes(), nullable=False),
    Column("grade", Word(8), nullable=False),
    Column("state", Word(8), nullable=False, index=True),
    Column("made", Position, nullable=False),
    Column("checked", Position, nullable=False),
    Column("failures", Position, nullable=False),
    Column("expires", Position, nullable=False),
)
"""What cases prove, or have begun to. The box has subject, token and the stable name."""

proved = Table(
    "proved",
    metadata,
    Column("proof", Word(ID_LENGTH), ForeignKey(proofs.c.id), primary_key=True),
    position_of("entry", leaves.c.position, index=True),
)
"""Which entries a proof is for; gone with either."""

notices = Table(
    "notices",
    metadata,
    Column("number", Word(NUMBER_LENGTH), primary_key=True),
    Column("entry", Position, ForeignKey(leaves.c.position), nullable=False, index=True),
    Column("proof", Bytes(), nullable=False),
    Column("reason", Word(20), nullable=False),
    Column("box", BytesOrNull()),
    Column("state", Word(9), nullable=False, index=True),
    Column("made", Word(10), nullable=False),
    Column("due", Word(10), nullable=False),
    Column("counter_box", BytesOrNull()),
    Column("countered", Word(10), nullable=False),
    Column("decided", Word(10), nullable=False),
)
"""What others say against entries. Statements are null once the entry is erased."""

shared = Table(
    "shared",
    metadata,
    position_of("entry", leaves.c.position),
    Column("box", BytesOrNull()),
    Column("state", Word(9), nullable=False, index=True),
    Column("asked", Word(10), nullable=False),
    Column("answer_box", BytesOrNull()),
)
"""What creators show the reviewer: value and note until it is decided, the answer from then on."""

letters = Table(
    "letters",
    metadata,
    Column("id", Word(ID_LENGTH), primary_key=True),
    _case(index=True),
    Column("kind", Word(16), nullable=False),
    Column("box", Bytes(), nullable=False),
    Column("state", Word(8), nullable=False),
    Column("due", Position, nullable=False, index=True),
    Column("attempts", Position, nullable=False),
)
"""Letters that are due, until they are sent or given up."""

answers = Table(
    "answers",
    metadata,
    Column("key_digest", Bytes(32), primary_key=True),
    Column("fingerprint", Bytes(32), nullable=False),
    Column("number", Word(NUMBER_LENGTH), nullable=False),
    Column("label", Position, nullable=False),
    Column("entry", Position, ForeignKey(leaves.c.position), nullable=False, index=True),
    Column("until", Position, nullable=False, index=True),
    Column("box", Bytes(), nullable=False),
)
"""What was answered to requests that may come again, for a day; gone with the case or the entry.

Key and request are keyed hashes. The box is sealed by who sent the request, and once more under the
key of the case, or of the entry.
"""
