"""Contacts in their table: the address sealed under the key of the case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from .log_rows import chunks
from .people_tables import contacts
from .sealed_cases import seal_for_case, unseal_for_case

PURPOSE = "contact"
"""What it is, for the seal."""


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Where one case wants its news.

    Attributes:
        address: of mail.
        language: of the letters.
        news: what it wants to hear of, words with a space between.
        confirmed: whether its owner has shown to read it.
        code: HMAC of the code that was sent; empty where there is none, or it was used.
        code_until: when the code is over, in microseconds since 1970; 0 without one.
        code_attempts: how many are left.
    """

    address: str = field(repr=False)
    language: str
    news: str
    confirmed: bool = False
    code: bytes = field(default=b"", repr=False)
    code_until: int = 0
    code_attempts: int = 0


def put_contact(connection: Connection, number: str, row: ContactRow) -> None:
    """Keep a case's contact, instead of the one before."""
    remove_contact(connection, number)
    connection.execute(
        insert(contacts),
        {
            "case_number": number,
            "box": seal_for_case(connection, number, PURPOSE, row.address.encode()),
            "language": row.language,
            "news": row.news,
            "confirmed": int(row.confirmed),
            "code": row.code,
            "code_until": row.code_until,
            "code_attempts": row.code_attempts,
        },
    )


def read_contact(connection: Connection, number: str) -> ContactRow | None:
    """A case's contact; None where there is none, or its key was destroyed."""
    row = connection.execute(select(contacts).where(contacts.c.case_number == number)).one_or_none()
    address = unseal_for_case(connection, number, PURPOSE, row.box) if row else None
    if row is None or address is None:
        return None
    return ContactRow(
        address.decode(),
        row.language,
        row.news,
        bool(row.confirmed),
        row.code,
        row.code_until,
        row.code_attempts,
    )


def wishing(connection: Connection, numbers: Collection[str], word: str) -> set[str]:
    """Those of some cases that have confirmed an address and want to hear of something."""
    found: set[str] = set()
    for chunk in chunks(sorted(numbers)):
        wanted = select(contacts.c.case_number, contacts.c.news).where(
            contacts.c.case_number.in_(chunk), contacts.c.confirmed != 0
        )
        found.update(number for number, news in connection.execute(wanted) if word in news.split())
    return found


def put_code(
    connection: Connection,
    number: str,
    *,
    code: bytes,
    until: int,
    attempts: int,
    confirmed: bool,
) -> None:
    """Keep how a contact's code stands, and whether the address is confirmed."""
    connection.execute(
        update(contacts)
        .where(contacts.c.case_number == number)
        .values(code=code, code_until=until, code_attempts=attempts, confirmed=int(confirmed))
    )


def put_wishes(connection: Connection, number: str, language: str, news: str) -> None:
    """Keep what a case wants to hear of, and in which language."""
    connection.execute(
        update(contacts)
        .where(contacts.c.case_number == number)
        .values(language=language, news=news)
    )


def remove_contact(connection: Connection, number: str) -> None:
    """Forget a case's contact."""
    connection.execute(delete(contacts).where(contacts.c.case_number == number))
