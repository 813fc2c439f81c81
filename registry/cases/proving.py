"""What the owner of a case does with its proofs: begins them, has them kept, ends them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import (
    ProofRow,
    ProofState,
    Store,
    add_proved,
    find_proof,
    items_of,
    proofs_of,
    put_proof,
    read_entries,
    regrade,
    remove_unproved,
    to_number,
)

from .news import Wish, tell
from .standing import RAISED, Method, StandingProof, end, standing
from .unlocking import no_entry, unlocked

MOST_PROOFS = 100
"""Of one case, those that have ended included: each that stood has left its records in the log for
good. Those that were only asked for do not count once they are ended or over."""


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
            if len(rows) >= MOST_PROOFS:
                raise UsageError(
                    f"the case {case.number} has {MOST_PROOFS} proofs already",
                    "End those that were never placed, or open another case.",
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
            return [standing(connection, row) for row in proofs_of(connection, case.number)]

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
            end(connection, identity)
        return True
