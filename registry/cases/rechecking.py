"""Proofs are looked at again while they stand, and end where they are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from optout.registry.store import (
    ProofState,
    Store,
    count_standing,
    find_proof,
    is_proof_due,
    is_proof_over,
    newest_of_proofs,
    proofs_over,
    put_proof,
    remove_unproved,
    take_proofs,
    to_instant,
    to_number,
)

from .standing import StandingProof, end, standing

MOST_MISSING = 3
"""After so many checks in a row that found nothing, a proof ends."""

CHECKED_EVERY = timedelta(days=7)

LEASE = timedelta(hours=1)
"""For how long a proof that was taken is due to nobody else: within that time it must be said what
came of looking at it, or that is done once more."""


class Check(StrEnum):
    """What came of looking again."""

    FOUND = "found"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


class Rechecks:
    """What nobody's secret is needed for: the proofs of all of a registry's cases, in time.

    Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self) -> int:
        """How many proofs stand.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return count_standing(connection)

    def newest(self) -> datetime | None:
        """When a proof was last asked for or looked at; None where there is none.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            newest = newest_of_proofs(connection)
        return to_instant(newest) if newest else None

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
                end(connection, identity)
        return len(over)

    def take_due(self, now: datetime, most: int = 100) -> list[StandingProof]:
        """Standing proofs that are to be looked at again, without any secret; none that is over.

        For `LEASE` none of them is due to anybody else, such as another process.

        Raises:
            RegistryError: the database cannot be written.
        """
        since = to_number(now - CHECKED_EVERY)
        with self._store.reading() as connection:
            if not is_proof_due(connection, since, to_number(now)):
                return []  # without keeping anybody from writing
        with self._store.writing() as connection:
            until = to_number(now - CHECKED_EVERY + LEASE)
            rows = take_proofs(connection, since, until, to_number(now), most)
            return [standing(connection, row) for row in rows]

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
            return end(connection, identity) if over else []
