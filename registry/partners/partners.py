"""Who may do more than everybody: partners, and the keys they were given."""

from __future__ import annotations

import datetime
import hmac
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from optout.registry.errors import RegistryError, UsageError
from optout.registry.identifiers import Kind, canonical
from optout.registry.log import VerifierKey
from optout.registry.store import (
    PartnerRow,
    Store,
    add_partner,
    end_partner,
    find_partner,
    known,
    list_partners,
    note_use,
)

from .api_key import ApiKey, Purpose

MOST_LETTERS = 100
"""Characters of the longest name of a partner."""

MOST_OF_VERIFIER = 400
"""Characters of the longest verifier key."""

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Partner:
    """One key of one partner. Two keys with one name are of one partner.

    Attributes:
        id: what the key is called by: 8 hexadecimal digits.
        name: whose it is, as everybody is shown it.
        purpose: what it opens.
        key: by what people tell keys apart: never the key itself.
        domain: beneath which its uploads are proved; empty where none is.
        verifier: the C2SP verifier key that its reports are signed with; empty where none is.
        made: the day it was made, `YYYY-MM-DD`.
        used: the day it was last used; empty where it never was.
        ended: the day from which it opens nothing; empty while it does.
    """

    id: str
    name: str
    purpose: Purpose
    key: str
    domain: str
    verifier: str
    made: str
    used: str
    ended: str


class Partners:
    """The partners of one registry. Threads may share it.

    Args:
        store: the registry's database.
        clock: tells the time.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
    ) -> None:
        self._store = store
        self._clock = clock

    def make(
        self, name: str, purpose: Purpose, *, domain: str = "", verifier: str = ""
    ) -> tuple[Partner, ApiKey]:
        """Give a partner a key.

        Args:
            name: whose it is, as everybody is shown it.
            purpose: what it opens.
            domain: for uploads: what the partner has proved to control.
            verifier: for reports: the verifier key that they are signed with.

        Returns:
            The partner, and the key, which nobody can tell again.

        Raises:
            UsageError: name, domain or verifier cannot be these, or do not belong to the purpose.
            RegistryError: the database cannot be written.
        """
        name = name.strip()
        if not 0 < len(name) <= MOST_LETTERS or _UNFIT.search(name):
            raise UsageError(
                "this cannot be the name of a partner",
                f"Give it up to {MOST_LETTERS} characters on one line.",
            )
        if domain and purpose is not Purpose.UPLOAD:
            raise UsageError(
                "a domain belongs to a key for uploads alone", "Leave it out, or make such a key."
            )
        if bool(verifier) != (purpose is Purpose.REPORT):
            raise UsageError(
                "a verifier key belongs to a key for reports, and to no other",
                "Give the key that `optout report` shows, or leave it out.",
            )
        if len(verifier) > MOST_OF_VERIFIER:
            raise UsageError(
                f"a partner's verifier key has at most {MOST_OF_VERIFIER} characters",
                "Make one under a shorter name.",
            )
        key = ApiKey.make(purpose)
        row = PartnerRow(
            id=secrets.token_hex(_ID_BYTES),
            name=name,
            purpose=str(purpose),
            key_hash=key.hash,
            key_shown=key.shown,
            domain=canonical(Kind.SITE, domain) if domain else "",
            verifier=str(VerifierKey.parse(verifier)) if verifier else "",
            made=self._today(),
        )
        with self._store.writing() as connection:
            add_partner(connection, row)
        return _partner(row), key

    def all(self) -> list[Partner]:
        """Every key, those that have ended too, by the partner's name."""
        with self._store.reading() as connection:
            return [_partner(row) for row in list_partners(connection)]

    def end(self, identity: str) -> None:
        """Let a key open nothing from now on; one that has ended stays so.

        Raises:
            UsageError: there is no such key.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            if not end_partner(connection, identity, self._today()):
                raise UsageError(
                    f"there is no key {identity[:40]!r}", "They are listed by: optout keys list"
                )

    def find(self, text: str) -> Partner | None:
        """Whose key this is; None where it is nobody's, or has ended. Its use is noted, by day.

        Raises:
            RegistryError: the database cannot be read.
        """
        try:
            key = ApiKey.parse(text)
        except UsageError:
            return None
        with self._store.reading() as connection:
            row = find_partner(connection, key.hash)
        if row is None or row.ended or not hmac.compare_digest(row.key_hash, key.hash):
            return None
        today = self._today()
        if row.used < today:
            # Where nothing can be written, the key opens what it opens.
            with suppress(RegistryError), self._store.writing() as connection:
                note_use(connection, row.id, today)
        return _partner(row)

    def _today(self) -> str:
        return self._clock().date().isoformat()


def _partner(row: PartnerRow) -> Partner:
    return Partner(
        row.id,
        row.name,
        known(Purpose, row.purpose),
        row.key_shown,
        row.domain,
        row.verifier,
        row.made,
        row.used,
        row.ended,
    )
