"""Proofs in their tables: what tells whose they are is sealed under the key of the case."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

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
        checked: when it was looked at last; 0 while it is asked for.
        failures: how often in a row it was missing.
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


def is_proof_due(connection: Connection, since: int, now: int) -> bool:
    """Whether `take_proofs` would take any."""
    return connection.execute(_due(since, now, 1)).first() is not None


def take_proofs(
    connection: Connection, since: int, until: int, now: int, most: int
) -> list[ProofRow]:
    """Standing proofs that were not looked at since an instant, and are not over.

    Args:
        connection: writing.
        since: the instant.
        until: when they count as looked at from now on: later than `since`.
        now: the time.
        most: how many.
    """
    rows = connection.execute(_due(since, now, most)).all()
    # Those that nobody can open any more, too: they would hold up the rest for ever.
    taken = [row.id for row in rows]
    connection.execute(update(proofs).where(proofs.c.id.in_(taken)).values(checked=until))
    return _read(connection, rows)


def _due(since: int, now: int, most: int) -> Select[Any]:
    return (
        select(proofs)
        .where(
            proofs.c.state == ProofState.STANDING,
            proofs.c.checked <= since,
            proofs.c.expires > now,
        )
        .order_by(proofs.c.checked, proofs.c.id)
        .limit(most)
    )


def count_standing(connection: Connection) -> int:
    """How many proofs stand."""
    standing = select(func.count()).where(proofs.c.state == ProofState.STANDING)
    return int(connection.execute(standing).scalar_one())


def newest_of_proofs(connection: Connection) -> int:
    """The latest instant at which a proof was asked for or looked at; 0 where there is none."""
    columns = (proofs.c.made, proofs.c.checked)
    latest = select(*(func.coalesce(func.max(column), 0) for column in columns))
    return max(map(int, connection.execute(latest).one()))


def is_proof_over(connection: Connection, now: int) -> bool:
    """Whether the time of any proof is over that has not ended."""
    over = (proofs.c.state != ProofState.ENDED) & (proofs.c.expires <= now)
    return connection.execute(select(proofs.c.id).where(over).limit(1)).first() is not None


def proofs_over(connection: Connection, now: int, most: int) -> list[str]:
    """What standing proofs are called by whose time is over."""
    over = (proofs.c.state == ProofState.STANDING) & (proofs.c.expires <= now)
    wanted = select(proofs.c.id).where(over).order_by(proofs.c.expires, proofs.c.id).limit(most)
    return list(connection.execute(wanted).scalars())


def end_proof(connection: Connection, identity: str) -> None:
    """Let a proof stand no longer; what was only asked for is forgotten."""
    own = proofs.c.id == identity
    connection.execute(delete(proofs).where(own, proofs.c.state == ProofState.ASKED))
    connection.execute(update(proofs).where(own).values(state=ProofState.ENDED))


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


def standing_grades(connection: Connection, entries: Collection[int]) -> dict[int, set[str]]:
    """What the proofs that stand give to some entries, by entry, where they give anything.

    Args:
        connection: reading or writing.
        entries: the entries.
    """
    found: dict[int, set[str]] = {}
    for chunk in chunks(sorted(entries)):
        wanted = (
            select(proved.c.entry, proofs.c.grade)
            .join(proofs, proved.c.proof == proofs.c.id)
            .where(proved.c.entry.in_(chunk), proofs.c.state == ProofState.STANDING)
            .distinct()
        )
        for entry, grade in connection.execute(wanted):
            found.setdefault(entry, set()).add(grade)
    return found


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
