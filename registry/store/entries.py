"""How entries come into the log, and how they leave it: one transaction each, all or none."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optout.registry.identifiers import DEFAULT_USAGE, Grade, Identifier
from optout.registry.log import Add, Erase, Opening, Proof, Withdraw, new_salt
from sqlalchemy import Connection

from .log_rows import append, read_state, read_tree
from .openings import destroy, keep
from .settings import SCRUB, put_setting

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

    Args:
        connection: writing.
        proofs: who withdraws, by entry.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
    """
    _step(connection, Withdraw, proofs)


def erase(connection: Connection, proofs: Mapping[int, Proof]) -> None:
    """Log that entries are erased, and destroy all that could tell what they cover.

    Both happen in the one transaction that is under way, so that neither is ever without the
    other. Once it is committed, `Store` sees to it that the files forget, too.

    Args:
        connection: writing.
        proofs: who erases, by entry.

    Raises:
        TransitionError: the log does not allow it for one of them; the message names it.
    """
    _step(connection, Erase, proofs)
    destroy(connection, list(proofs))
    put_setting(connection, SCRUB, str(read_tree(connection).size))


def _step(
    connection: Connection, step: type[Withdraw | Erase], proofs: Mapping[int, Proof]
) -> None:
    date = today()
    records = [step(entry, proof, date) for entry, proof in proofs.items()]
    read_state(connection, proofs).check(*records)
    _random.shuffle(records)
    append(connection, records)
