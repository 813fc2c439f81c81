"""How entries come into the log, and how they leave it: one transaction each, all or none."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optout.registry.identifiers import DEFAULT_USAGE, Grade, Identifier
from optout.registry.log import (
    Add,
    ByOperator,
    Dispute,
    Erase,
    GradeChange,
    Opening,
    Proof,
    Restore,
    Step,
    Withdraw,
    new_salt,
)
from sqlalchemy import Connection

from .log_rows import append, read_state, read_tree
from .notice_rows import lapse_notices
from .openings import destroy, keep
from .shared_rows import forget_asked

_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody wants opted out.

    Attributes:
        identifier: the item.
        usage: what it is opted out of, in the words of `identifiers.USAGES`.
        grade: how the claim was proved.
    """

    identifier: Identifier
    usage: tuple[str, ...] = DEFAULT_USAGE
    grade: Grade = Grade.SELF


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a claim.

    Attributes:
        index: the entry's number: its place in the log.
        new: whether it was added now; otherwise it was in force already.
    """

    index: int
    new: bool


def today() -> str:
    """The day by UTC, `YYYY-MM-DD`."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def enter(connection: Connection, claims: Sequence[Claim], auths: Sequence[bytes]) -> list[int]:
    """Add an entry for every claim.

    Their records stand in the log in a random order, so that nobody reads from it what came
    together in which order.

    Args:
        connection: writing.
        claims: what to add.
        auths: for every claim, SHA-256 of the token that may end its entry.

    Returns:
        The entries' numbers, in the order of the claims.
    """
    if not claims:
        return []
    order = list(range(len(claims)))
    _random.shuffle(order)
    size, date = read_tree(connection).size, today()
    indexes = [0] * len(claims)
    openings, records = [], []
    for index, place in enumerate(order, size):
        claim = claims[place]
        opening = Opening.of(index, claim.identifier, new_salt())
        openings.append(opening)
        records.append(
            Add(
                claim.identifier.kind,
                opening.commitment(),
                auths[place],
                tuple(claim.usage),
                claim.grade,
                date,
            )
        )
        indexes[place] = index
    append(connection, records)
    keep(connection, openings)
    return indexes


def withdraw(connection: Connection, proofs: Mapping[int, Proof]) -> None:
    """Take entries back; their openings stay, because a withdrawal can be undone.

    There is nothing left to decide of them: notices lapse, and what was shown for a review is gone.

    Args:
        connection: writing.
        proofs: who withdraws, by entry.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
    """
    date = today()
    _step(connection, [Withdraw(entry, proof, date) for entry, proof in proofs.items()])
    lapse_notices(connection, proofs)
    forget_asked(connection, proofs)


def restore(connection: Connection, proofs: Mapping[int, ByOperator]) -> None:
    """Undo withdrawals and disputes: the entries are in force again.

    A claim that was repeated meanwhile is an entry of its own, and stays one.

    Args:
        connection: writing.
        proofs: why the operator restores, by entry.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
    """
    date = today()
    _step(connection, [Restore(entry, date, proof) for entry, proof in proofs.items()])


def dispute(connection: Connection, reasons: Mapping[int, str]) -> None:
    """Say that entries are contested: they stay in force until a reviewer decides.

    Args:
        connection: writing.
        reasons: why, by entry, for all to read, for ever.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
        UsageError: a reason is too long, or not one line.
    """
    date = today()
    _step(connection, [Dispute(at, date, ByOperator(why)) for at, why in reasons.items()])


def regrade(connection: Connection, grades: Mapping[int, tuple[Grade, str]]) -> None:
    """Say anew how the claims of entries are proved: up, down, expired, or proved once more.

    Args:
        connection: writing.
        grades: by entry, its grade from now on, and why, for all to read, for ever.

    Raises:
        TransitionError: one of them is not in force; the message names it.
        UsageError: a reason is too long, or not one line.
    """
    date = today()
    _step(
        connection,
        [GradeChange(at, grade, date, ByOperator(why)) for at, (grade, why) in grades.items()],
    )


def quarantine(connection: Connection, reasons: Mapping[int, str]) -> list[int]:
    """Take back those of some entries that are in force; what has ended meanwhile, has ended.

    Args:
        connection: writing.
        reasons: why the operator takes each back.

    Returns:
        The entries that were taken back.
    """
    entries = read_state(connection, reasons).entries
    proofs: dict[int, Proof] = {
        index: ByOperator(why)
        for index, why in reasons.items()
        if index in entries and entries[index].status.in_force
    }
    withdraw(connection, proofs)
    return list(proofs)


def erase(connection: Connection, proofs: Mapping[int, Proof]) -> None:
    """Log that entries are erased, and empty all that could tell what they cover.

    Both happen in the one transaction that is under way, so that neither is ever without the
    other. Once it is committed, `Store` destroys their keys, so that no copy tells it either.

    Args:
        connection: writing.
        proofs: who erases, by entry.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
    """
    date = today()
    _step(connection, [Erase(entry, proof, date) for entry, proof in proofs.items()])
    destroy(connection, list(proofs))


def _step(connection: Connection, records: Sequence[Step]) -> None:
    read_state(connection, [record.entry for record in records]).check(*records)
    shuffled = list(records)
    _random.shuffle(shuffled)
    append(connection, shuffled)
