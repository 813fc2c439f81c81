"""Proofs that stand: what raised the grades of entries, until it is over.

Finding out is `api.proofs`' part. Here is kept what it found, and what follows for the log: a proof
raises the entries it is for, and none is lowered by it. Where a proof ends, its entries fall back
to the best that another proof or a review still gives them. What the log is told names no subject.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from optout.registry.identifiers import Grade
from optout.registry.store import (
    ProofRow,
    ProofState,
    end_proof,
    known,
    proved_by,
    read_entries,
    read_reviewed,
    regrade,
    standing_grades,
    to_instant,
    with_proofs,
)
from sqlalchemy import Connection

RAISED = "a proof stands"
LOWERED = "a proof no longer stands"


class Method(StrEnum):
    """How something is proved."""

    DNS = "dns"
    FILE = "file"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class StandingProof:
    """One proof of a case, or what has begun to be one.

    Attributes:
        id: what it is called by.
        case_number: of the case.
        method: how it is proved.
        subject: a host, or an account such as `github:octocat`.
        token: what was to be placed there.
        stable: what a platform calls the account for good; may be empty.
        state: where it stands.
        grade: what it gives to its entries; None while it is asked for.
        entries: which it is for.
        made: when it was asked for.
        checked: when it was last looked at; None while it is asked for.
        failures: how often in a row it was missing.
        expires: when it is over.
    """

    id: str
    case_number: str
    method: Method
    subject: str = field(repr=False)
    token: bytes = field(repr=False)
    stable: str = field(repr=False)
    state: ProofState
    grade: Grade | None
    entries: list[int]
    made: datetime
    checked: datetime | None
    failures: int
    expires: datetime


def standing(connection: Connection, row: ProofRow) -> StandingProof:
    """A proof as it stands, from its row."""
    return StandingProof(
        row.id,
        row.case_number,
        known(Method, row.method),
        row.subject,
        row.token,
        row.stable,
        row.state,
        known(Grade, row.grade) if row.grade else None,
        proved_by(connection, row.id),
        to_instant(row.made),
        to_instant(row.checked) if row.checked else None,
        row.failures,
        to_instant(row.expires),
    )


def end(connection: Connection, identity: str) -> list[int]:
    """End a proof, whatever it stood for.

    Args:
        connection: writing.
        identity: of the proof.

    Returns:
        The entries that fell back to a lower grade.
    """
    entries = proved_by(connection, identity)
    end_proof(connection, identity)
    return lower_unproved(connection, entries)


def lower_unproved(connection: Connection, indexes: Collection[int]) -> list[int]:
    """Let entries fall back to what still stands; those that are not in force do so once they are.

    Args:
        connection: writing.
        indexes: the entries; those that no proof was ever for stay as they are.

    Returns:
        The entries that fell back.
    """
    raised = with_proofs(connection, indexes)
    reviewed = read_reviewed(connection, raised, (RAISED, LOWERED))
    grades, standing_by = {}, standing_grades(connection, raised)
    for at, entry in read_entries(connection, raised).items():
        given = [known(Grade, word) for word in standing_by.get(at, ())]
        best = max([reviewed.get(at, Grade.SELF), *given], key=lambda grade: grade.rank)
        if entry.status.in_force and best.rank < entry.grade.rank:
            grades[at] = (best, LOWERED)
    regrade(connection, grades)
    return list(grades)
