"""Partners' keys in their table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, insert, select, update

from .partner_tables import partners


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One key of one partner; what is missing is the empty text.

    Attributes:
        id: what the key is called by.
        name: whose it is.
        purpose: what it opens.
        key_hash: SHA-256 of it.
        key_shown: by what people tell keys apart.
        domain: beneath which uploads are proved.
        verifier: the key that its reports are signed with.
        made: the day it was made, `YYYY-MM-DD`.
        used: the day it was last used.
        ended: the day from which it opens nothing.
    """

    id: str
    name: str
    purpose: str
    key_hash: bytes = field(repr=False)
    key_shown: str
    domain: str
    verifier: str
    made: str
    used: str = ""
    ended: str = ""


def add_partner(connection: Connection, row: PartnerRow) -> None:
    """Keep a new key."""
    connection.execute(insert(partners), asdict(row))


def list_partners(connection: Connection) -> list[PartnerRow]:
    """Every key, those that have ended too, by name."""
    rows = connection.execute(
        select(partners).order_by(partners.c.name, partners.c.made, partners.c.id)
    ).mappings()
    return [PartnerRow(**row) for row in rows]


def find_partner(connection: Connection, key_hash: bytes) -> PartnerRow | None:
    """The key with this hash."""
    wanted = select(partners).where(partners.c.key_hash == key_hash)
    row = connection.execute(wanted).mappings().one_or_none()
    return PartnerRow(**row) if row else None


def note_use(connection: Connection, identity: str, day: str) -> None:
    """Keep that a key was used on a day; an earlier day changes nothing."""
    connection.execute(
        update(partners).where(partners.c.id == identity, partners.c.used < day).values(used=day)
    )


def end_partner(connection: Connection, identity: str, day: str) -> bool:
    """Let a key open nothing from now on; whether there is such a key."""
    there = connection.execute(
        select(partners.c.ended).where(partners.c.id == identity)
    ).scalar_one_or_none()
    if there == "":
        connection.execute(update(partners).where(partners.c.id == identity).values(ended=day))
    return there is not None
