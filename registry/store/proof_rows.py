"""Proofs in their tables: what tells whose they are is sealed under the key of the case."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from .columns import known
from .log_rows import chunks
from .people_tables import proofs, proved
from .sealed_cases import seal_for_case, unseal_for_case


class ProofState(StrEnum):
    """Where a proof stands."""

    ASKED = "asked"
    STANDING = "standing"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One proof, or what has begun to be one; instants in microseconds since 1970.

    Attributes:
        id: what it is called by.
        case_number: of the case that has it.
        method: how it is proved.
        subject: what is proved to be controlled.
        token: what was to be placed there.
        stable: what a platform calls the account for good; empty where it has no such name.
        grade: what it gives to entries; empty while it is asked for.
        state: where it stands.
        made: when it was asked for.
        checked: when it was found last; 0 while it is asked for.
        failures: how often in a row it was missing since.
        expires: when it is over.
    """

    id: str
    case_number: str
    method: str
    subject: str = field(repr=False)
    token: bytes = field(repr=False)
    made: int
    expires: int
    stable: str = field(default="", repr=False)
    grade: str = ""
    state: ProofState = ProofState.ASKED
    checked: int = 0
    failures: int = 0


def put_proof(connection: Connection, row: ProofRow) -> None:
    """Keep a proof as it is now."""
    plain = json.dumps([row.subject, row.token.hex(), row.stable]).encode()
    values = {
        "box": seal_for_case(connection, row.case_number, _purpose(row.id), plain),
        "grade": row.grade,
        "state": row.state,
        "checked": row.checked,
        "failures": row.failures,
        "expires": row.expires,
    }
    changed = connection.execute(update(proofs).where(proofs.c.id == row.id).values(values))
    if not changed.rowcount:
        own = {"id": row.id, "case_number": row.case_number, "method": row.method}
        connection.execute(insert(proofs), {**own, "made": row.made, **values})


def find_proof(connection: Connection, identity: str) -> ProofRow | None:
    """The proof that is called so; None where the key of its case was destroyed too."""
    found = connection.execute(select(proofs).where(proofs.c.id == identity))
    return next(iter(_read(connection, found.all())), None)


def proofs_of(connection: Connection, number: str) -> list[ProofRow]:
    """The proofs of a case, the oldest first."""
    own = select(proofs).where(proofs.c.case_number == number)
    return _read(connection, connection.execute(own.order_by(proofs.c.made, proofs.c.id)).all())


def due_proofs(connection: Connection, now: int, since: int, most: int) -> list[ProofRow]:
    """Standing proofs that are over, or were not looked at since an instant."""
    due = (proofs.c.expires <= now) | (proofs.c.checked <= since)
    wanted = select(proofs).where(proofs.c.state == ProofState.STANDING, due)
    ordered = wanted.order_by(proofs.c.checked, proofs.c.id).limit(most)
    return _read(connection, connection.execute(ordered).all())


def remove_unproved(connection: Connection, now: int) -> None:
    """Forget what was asked for and never proved, once it is over."""
    connection.execute(
        delete(proofs).where(proofs.c.state == ProofState.ASKED, proofs.c.expires <= now)
    )


def add_proved(connection: Connection, identity: str, entries: Collection[int]) -> None:
    """Keep which entries a proof is for, beside those it is for already."""
    new = sorted(set(entries) - set(proved_by(connection, identity)))
    if new:
        connection.execute(insert(proved), [{"proof": identity, "entry": at} for at in new])


def proved_by(connection: Connection, identity: str) -> list[int]:
    """Which entries a proof is for."""
    own = select(proved.c.entry).where(proved.c.proof == identity).order_by(proved.c.entry)
    return list(connection.execute(own).scalars())


def with_proofs(connection: Connection, entries: Collection[int]) -> list[int]:
    """Those of some entries that a proof is for, or was."""
    found: list[int] = []
    for chunk in chunks(sorted(entries)):
        own = select(proved.c.entry).where(proved.c.entry.in_(chunk)).distinct()
        found += connection.execute(own.order_by(proved.c.entry)).scalars()
    return found


def standing_grades(connection: Connection, entry: int) -> list[str]:
    """What the proofs that stand give to an entry."""
    wanted = (
        select(proofs.c.grade)
        .join(proved, proved.c.proof == proofs.c.id)
        .where(proved.c.entry == entry, proofs.c.state == ProofState.STANDING)
    )
    return list(connection.execute(wanted).scalars())


def _read(connection: Connection, rows: Iterable[Row[Any]]) -> list[ProofRow]:
    found = []
    for row in rows:
        plain = unseal_for_case(connection, row.case_number, _purpose(row.id), row.box)
        if plain is not None:
            subject, token, stable = json.loads(plain)
            values = {name: value for name, value in row._mapping.items() if name != "box"}
            values |= {"subject": subject, "token": bytes.fromhex(token), "stable": stable}
            found.append(ProofRow(**values | {"state": known(ProofState, row.state)}))
    return found


def _purpose(identity: str) -> str:
    return f"proof/{identity}"
