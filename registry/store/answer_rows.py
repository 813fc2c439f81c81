"""Answers to requests that may come again, in their table: opaque, and not for long.

What an answer holds is sealed under the key of its case, or of the entry that its notice is about,
and goes with it. A backup leaves these rows out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Select, delete, insert, select

from .columns import known
from .instants import to_number
from .log_rows import CHUNK, chunks
from .people_tables import answers
from .shredding import seal, unseal
from .vault import Label

PURPOSE = "answer"
"""What it is, for the seal."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What was answered to one request.

    Attributes:
        key_digest: of the key that came with it, 32 bytes.
        fingerprint: of the request, 32 bytes.
        number: of the case or the notice that it made, XXXX-XXXX.
        entry: the lowest of the case, or the one that the notice is about.
        box: what only who sent the request can open.
        is_notice: whether it made a notice.
    """

    key_digest: bytes
    fingerprint: bytes
    number: str
    entry: int
    box: bytes = field(repr=False)
    is_notice: bool = False

    @property
    def label(self) -> Label:
        """Whose key the box is sealed under once more."""
        return Label.ENTRY if self.is_notice else Label.CASE


def add_answers(connection: Connection, rows: Sequence[AnswerRow], until: datetime) -> None:
    """Keep answers, in place of whatever their keys had.

    Args:
        connection: writing.
        rows: the answers; of one batch.
        until: how long they are kept, aware.
    """
    # What is kept no longer, or can be opened no longer, was found by nobody.
    keys = [row.key_digest for row in rows]
    connection.execute(delete(answers).where(answers.c.key_digest.in_(keys)))
    connection.execute(
        insert(answers),
        [
            {
                "key_digest": row.key_digest,
                "fingerprint": row.fingerprint,
                "number": row.number,
                "label": int(row.label),
                "entry": row.entry,
                "until": to_number(until),
                "box": seal(connection, row.label, row.entry, PURPOSE, row.box),
            }
            for row in rows
        ],
    )


def find_answers(
    connection: Connection, key_digests: Collection[bytes], now: datetime
) -> list[AnswerRow]:
    """The answers to requests that came with some keys.

    Args:
        connection: reading or writing.
        key_digests: of the keys.
        now: the time, aware.
    """
    found = []
    for chunk in chunks(list(key_digests)):
        wanted = select(answers).where(
            answers.c.key_digest.in_(chunk), answers.c.until > to_number(now)
        )
        for row in connection.execute(wanted).all():
            label = known(Label, row.label)
            box = unseal(connection, label, row.entry, PURPOSE, row.box)
            if box is None:  # its key was destroyed since this copy of the database was made
                continue
            is_notice = label is Label.ENTRY
            found.append(
                AnswerRow(row.key_digest, row.fingerprint, row.number, row.entry, box, is_notice)
            )
    return found


def is_answer_over(connection: Connection, now: datetime) -> bool:
    """Whether `forget_answers` would remove any."""
    return connection.execute(_over(now).limit(1)).first() is not None


def forget_answers(connection: Connection, now: datetime) -> int:
    """Remove answers that are kept no longer: as many as one step may add, and no more.

    Args:
        connection: writing.
        now: the time, aware.

    Returns:
        How many were removed.
    """
    old = _over(now).limit(CHUNK)
    return connection.execute(delete(answers).where(answers.c.key_digest.in_(old))).rowcount


def _over(now: datetime) -> Select[tuple[bytes]]:
    return select(answers.c.key_digest).where(answers.c.until <= to_number(now))
