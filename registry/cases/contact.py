"""Where a case wants its news: an address of mail, kept only for those who ask, and with the case.

An address is confirmed by a code that was sent there; see `api.proofs.codes`. It proves nothing
about any item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from optout.registry.errors import UsageError
from optout.registry.store import (
    ContactRow,
    Store,
    known,
    put_code,
    put_contact,
    put_wishes,
    read_contact,
    remove_contact,
    remove_letters,
    to_instant,
    to_number,
)

from .news import Wish, tell
from .secret import folded
from .unlocking import unlocked

MOST_CHARACTERS = 254
"""Of an address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]+@[^\s\x00-\x1f\x7f\ud800-\udfff@]+")
_LANGUAGE = re.compile(r"[a-zA-Z0-9-]{2,16}")


@dataclass(frozen=True, slots=True)
class SentCode:
    """How a code stands that was sent, without the code.

    Attributes:
        digest: HMAC of the code; empty once it is used.
        until: when it is over.
        attempts: how many are left.
    """

    digest: bytes = field(repr=False)
    until: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a case wants its news.

    Attributes:
        address: of mail.
        language: of the letters, such as `fr`.
        wishes: what it wants to hear of.
        confirmed: whether somebody has shown to read the address.
        code: how the code stands that was sent last.
    """

    address: str = field(repr=False)
    language: str
    wishes: frozenset[Wish]
    confirmed: bool
    code: SentCode


class Contacts:
    """The contacts of one registry's cases. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        number: str,
        secret: str,
        address: str,
        code: SentCode,
        *,
        language: str,
        wishes: Iterable[Wish],
    ) -> None:
        """Keep an address that is still to be confirmed, instead of the one before.

        Letters that were to go to that one are forgotten.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            address: of mail.
            code: how the code stands that goes there.
            language: of the letters.
            wishes: what the case wants to hear of.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: it is no address, or no language.
            RegistryError: the database cannot be written.
        """
        if len(address) > MOST_CHARACTERS or not _ADDRESS.fullmatch(address):
            raise UsageError("this is no address of mail", "Give one such as anna@mail.example.")
        row = ContactRow(
            address,
            _language(language),
            _words(wishes),
            code=code.digest,
            code_until=to_number(code.until),
            code_attempts=code.attempts,
        )
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            remove_letters(connection, case.number)
            put_contact(connection, case.number, row)

    def change(self, number: str, secret: str, *, language: str, wishes: Iterable[Wish]) -> None:
        """Keep other wishes; the address stays as it is, and nothing happens without one.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: it is no language.
            RegistryError: the database cannot be written.
        """
        language, news = _language(language), _words(wishes)
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            put_wishes(connection, case.number, language, news)

    def read(self, number: str, secret: str) -> Contact | None:
        """The contact of a case; None where it has none.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            case, _ = unlocked(connection, number, secret)
            return _contact(read_contact(connection, case.number))

    def of(self, number: str) -> Contact | None:
        """The contact of a case, for the service itself, which writes without its secret.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return _contact(read_contact(connection, folded(number)))

    def confirm(
        self,
        number: str,
        secret: str,
        attempt: Callable[[Contact], tuple[bool, SentCode]],
        now: datetime,
    ) -> bool:
        """Try a code: what came of it is kept before anybody is told.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            attempt: from the contact, whether the code is the right one, and how it stands then.
                It runs while nobody else tries.
            now: the time.

        Returns:
            Whether the address was confirmed by this; False too where there is none.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            contact = _contact(read_contact(connection, case.number))
            if contact is None:
                return False
            right, code = attempt(contact)
            put_code(
                connection,
                case.number,
                code=code.digest,
                until=to_number(code.until),
                attempts=code.attempts,
                confirmed=contact.confirmed or right,
            )
            if right and not contact.confirmed:
                tell(connection, case.number, Wish.CONFIRMED, {}, now)
            return right

    def forget(self, number: str, secret: str) -> None:
        """Forget the contact of a case, and the letters that were to go there.

        Its row is removed, and its key stays: in a backup from before the address can be opened
        until the case is erased, and a registry that is recovered from it knows it again.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            remove_contact(connection, case.number)
            remove_letters(connection, case.number)


def _contact(row: ContactRow | None) -> Contact | None:
    if row is None:
        return None
    return Contact(
        row.address,
        row.language,
        frozenset(known(Wish, word) for word in row.news.split()),
        row.confirmed,
        SentCode(row.code, to_instant(row.code_until), row.code_attempts),
    )


def _words(wishes: Iterable[Wish]) -> str:
    return " ".join(sorted(set(wishes)))


def _language(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        raise UsageError("this is no language", "Give one such as en or fr.")
    return language
