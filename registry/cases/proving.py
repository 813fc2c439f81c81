"""Proofs that stand: what raised the grades of entries, looked at again until it is over.

Finding out is `api.proofs`' part. Here is kept what it found, and what follows for the log: a proof
raises the entries it is for, and none is lowered by it. Where a proof ends, its entries fall back
to the best that another proof or a review still gives them. What the log is told names no subject.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import (
    ProofRow,
    ProofState,
    Store,
    add_proved,
    end_proof,
    find_proof,
    is_proof_due,
    is_proof_over,
    items_of,
    known,
    proofs_of,
    proofs_over,
    proved_by,
    put_proof,
    read_entries,
    read_reviewed,
    regrade,
    remove_unproved,
    standing_grades,
    take_proofs,
    to_instant,
    to_number,
    with_proofs,
)
from sqlalchemy import Connection

from .news import Wish, tell
from .unlocking import no_entry, unlocked

RAISED = "a proof stands"
LOWERED = "a proof no longer stands"

MOST_MISSING = 3
"""After so many checks in a row that found nothing, a proof ends."""

CHECKED_EVERY = timedelta(days=7)

LEASE = timedelta(hours=1)
"""For how long a proof that was taken is due to nobody else: within that time it must be said what
came of looking at it, or that is done once more."""

MOST_PROOFS = 100
"""Of one case, that have not ended."""


class Method(StrEnum):
    """How something is proved."""

    DNS = "dns"
    FILE = "file"
    ACCOUNT = "account"


class Check(StrEnum):
    """What came of looking again."""

    FOUND = "found"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


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


class Proofs:
    """The proofs of one registry's cases. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def start(
        self,
        number: str,
        secret: str,
        method: Method,
        subject: str,
        token: bytes,
        *,
        now: datetime,
        expires: datetime,
    ) -> str:
        """Keep what somebody is to place.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            method: how it will be proved.
            subject: what is to be proved.
            token: what is to be placed.
            now: the time.
            expires: until when it can be proved.

        Returns:
            What the proof is called by.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has too many proofs already.
            RegistryError: the database cannot be written.
        """
        identity = secrets.token_hex(8)
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            remove_unproved(connection, to_number(now))
            rows = proofs_of(connection, case.number)
            if sum(row.state != ProofState.ENDED for row in rows) >= MOST_PROOFS:
                raise UsageError(
                    f"the case {case.number} has {MOST_PROOFS} proofs already",
                    "End those that are of no use.",
                )
            row = ProofRow(
                identity,
                case.number,
                str(method),
                subject,
                token,
                to_number(now),
                to_number(expires),
            )
            put_proof(connection, row)
        return identity

    def of(self, number: str, secret: str) -> list[StandingProof]:
        """The proofs of a case, the oldest first.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            case, _ = unlocked(connection, number, secret)
            return [_proof(connection, row) for row in proofs_of(connection, case.number)]

    def record_proved(
        self,
        number: str,
        secret: str,
        identity: str,
        entries: Collection[int],
        grade: Grade,
        *,
        now: datetime,
        expires: datetime,
        stable: str = "",
    ) -> list[int]:
        """Keep that something was proved, and raise the entries that it covers.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            identity: of the proof.
            entries: of the case, which the subject covers.
            grade: what the proof gives them.
            now: the time.
            expires: until when it stands.
            stable: what the platform calls the account for good.

        Returns:
            The entries that were raised.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such proof, or no such entry; nothing was changed.
            TransitionError: one of them is not in force; nothing was changed.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            row = find_proof(connection, identity)
            is_over = row and (row.state == ProofState.ENDED or row.expires <= to_number(now))
            if row is None or row.case_number != case.number or is_over:
                raise UsageError(f"the case {case.number} has no such proof", "Begin a new one.")
            own = {item.entry for item in items_of(connection, case.number)}
            for entry in entries:
                if entry not in own:
                    raise no_entry(case.number, entry)
            put_proof(
                connection,
                replace(
                    row,
                    stable=stable,
                    grade=str(grade),
                    state=ProofState.STANDING,
                    checked=to_number(now),
                    failures=0,
                    expires=to_number(expires),
                ),
            )
            add_proved(connection, identity, entries)
            raised = [
                at
                for at, entry in read_entries(connection, entries).items()
                if entry.grade.rank < grade.rank
            ]
            regrade(connection, dict.fromkeys(raised, (grade, RAISED)))
            if raised:
                values = {"name": row.subject, "items": str(len(raised))}
                tell(connection, case.number, Wish.GRADED, values, now)
        return raised

    def end(self, number: str, secret: str, identity: str) -> bool:
        """End a proof, as its owner: entries fall back to what others still give them.

        One that was only asked for is forgotten. Of one that stood, what was proved stays sealed
        with the case until it is erased: entries that are not in force fall back once they are.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            identity: of the proof, as somebody typed it; one that has ended is let be.

        Returns:
            Whether the case has such a proof.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            if identity not in {row.id for row in proofs_of(connection, case.number)}:
                return False
            _end(connection, identity)
        return True

    def end_over(self, now: datetime, most: int = 100) -> int:
        """End standing proofs whose time is over, and forget what was never proved in time.

        Returns:
            How many have ended.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.reading() as connection:
            if not is_proof_over(connection, to_number(now)):
                return 0  # without keeping anybody from writing
        with self._store.writing() as connection:
            remove_unproved(connection, to_number(now))
            over = proofs_over(connection, to_number(now), most)
            for identity in over:
                _end(connection, identity)
        return len(over)

    def take_due(self, now: datetime, most: int = 100) -> list[StandingProof]:
        """Standing proofs that are to be looked at again, without any secret.

        For `LEASE` none of them is due to anybody else, such as another process.

        Raises:
            RegistryError: the database cannot be written.
        """
        since = to_number(now - CHECKED_EVERY)
        with self._store.reading() as connection:
            if not is_proof_due(connection, since):
                return []  # without keeping anybody from writing
        with self._store.writing() as connection:
            rows = take_proofs(connection, since, to_number(now - CHECKED_EVERY + LEASE), most)
            return [_proof(connection, row) for row in rows]

    def record_check(
        self, identity: str, check: Check, now: datetime, *, expires: datetime | None = None
    ) -> list[int]:
        """Keep what came of looking at a proof again; one that does not stand is let be.

        What cannot be reached says nothing, and lowers nothing. A proof that is over ends whatever
        was found.

        Args:
            identity: of the proof.
            check: what came of it.
            now: the time.
            expires: until when it stands if it was found; as long as before by default.

        Returns:
            The entries that fell back to a lower grade.

        Raises:
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            row = find_proof(connection, identity)
            if row is None or row.state != ProofState.STANDING:
                return []
            failures = row.failures
            if check is not Check.UNREACHABLE:
                failures = min(failures + 1, MOST_MISSING) if check is Check.MISSING else 0
            over = to_number(now) >= row.expires or failures >= MOST_MISSING
            until = to_number(expires) if check is Check.FOUND and expires else row.expires
            put_proof(
                connection,
                replace(
                    row,
                    checked=to_number(now),
                    failures=failures,
                    expires=row.expires if over else until,
                ),
            )
            return _end(connection, identity) if over else []


def _end(connection: Connection, identity: str) -> list[int]:
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
    grades = {}
    for at, entry in read_entries(connection, raised).items():
        given = [known(Grade, word) for word in standing_grades(connection, at)]
        best = max([reviewed.get(at, Grade.SELF), *given], key=lambda grade: grade.rank)
        if entry.status.in_force and best.rank < entry.grade.rank:
            grades[at] = (best, LOWERED)
    regrade(connection, grades)
    return list(grades)


def _proof(connection: Connection, row: ProofRow) -> StandingProof:
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
