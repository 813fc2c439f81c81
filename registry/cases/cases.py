"""Cases: opened without an account, read and ended with their secret alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from optout.registry.errors import CaseNotFound, UsageError
from optout.registry.log import Entry, Proof, Revealed, Status
from optout.registry.store import (
    Added,
    CaseRow,
    Claim,
    SealedItem,
    Store,
    add_case,
    enter,
    erase,
    find_case,
    items_of,
    read_entries,
    read_reasons,
    remove_case,
    today,
    withdraw,
)
from sqlalchemy import Connection

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .sealing import new_nonce, seal, unseal
from .secret import CaseKeys, folded, new_number, new_secret


class Cases:
    """The cases of one registry. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_case(self, items: Sequence[CaseItem]) -> OpenedCase:
        """Register items under a new case: all of them, or none.

        An item that is given twice with the same usage becomes one entry. What others have
        registered does not matter: the same thing said by two people is two entries.

        Returns:
            The case, with the secret that nobody can tell again.

        Raises:
            UsageError: there is no item, or a usage is not known.
            RegistryError: the database cannot be written.
        """
        if not items:
            raise UsageError("a case without items registers nothing", "Give at least one item.")
        claims = [Claim(item.identifier, tuple(item.usage)) for item in items]
        keyed = [(claim.identifier, frozenset(claim.usage)) for claim in claims]
        firsts = {key: place for place, key in reversed(list(enumerate(keyed)))}
        places = sorted(firsts.values())
        secret = new_secret()
        with self._store.writing() as connection:
            number = new_number()
            while find_case(connection, number):
                number = new_number()
            keys = CaseKeys.derive(number, secret)
            nonces = [new_nonce() for _ in places]
            auths = [hashlib.sha256(keys.token_of(nonce)).digest() for nonce in nonces]
            indexes = enter(connection, [claims[place] for place in places], auths)
            sealed = [
                SealedItem(
                    index,
                    nonce,
                    seal(keys.box, nonce, number, index, place=place, shown=items[place].shown),
                )
                for index, nonce, place in zip(indexes, nonces, places, strict=True)
            ]
            add_case(connection, CaseRow(number, today(), keys.proof), sealed)
        index_at = dict(zip(places, indexes, strict=True))
        entries = [
            Added(index_at[firsts[key]], new=firsts[key] == place)
            for place, key in enumerate(keyed)
        ]
        return OpenedCase(number, secret, entries)

    def read(self, number: str, secret: str) -> Case:
        """A case and the state of its items.

        Args:
            number: as somebody typed it; see `secret.folded`.
            secret: likewise.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            case, keys = _unlocked(connection, number, secret)
            items = items_of(connection, case.number)
            entries = read_entries(connection, [item.entry for item in items])
            withdrawn = [i for i, entry in entries.items() if entry.status is Status.WITHDRAWN]
            reasons = read_reasons(connection, withdrawn)
        seen = [
            _seen(case.number, keys, item, entries[item.entry], reasons.get(item.entry))
            for item in items
        ]
        seen.sort(key=lambda placed: placed[0])
        return Case(case.number, case.date, [entry for _, entry in seen])

    def withdraw(self, number: str, secret: str, indexes: Sequence[int] | None = None) -> None:
        """Take items back; the case goes on showing them.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            indexes: the entries; all that are in force by default.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry; nothing was changed.
            TransitionError: one of them is withdrawn or erased already; nothing was changed.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, keys = _unlocked(connection, number, secret)
            items = {item.entry: item for item in items_of(connection, case.number)}
            if indexes is None:
                entries = read_entries(connection, items)
                indexes = [index for index in items if entries[index].status.in_force]
            withdraw(connection, _proofs(keys, case.number, items, indexes))

    def erase(self, number: str, secret: str, indexes: Sequence[int] | None = None) -> None:
        """Destroy what the registry knows of items, for good; see `Store` for what that means.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            indexes: the entries; all of them, and the case itself, by default.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry; nothing was changed.
            TransitionError: one of them is erased already; nothing was changed.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, keys = _unlocked(connection, number, secret)
            items = {item.entry: item for item in items_of(connection, case.number)}
            if indexes is None:
                indexes = [index for index, item in items.items() if item.nonce is not None]
                remove_case(connection, case.number)
            erase(connection, _proofs(keys, case.number, items, indexes))


def _unlocked(connection: Connection, number: str, secret: str) -> tuple[CaseRow, CaseKeys]:
    """A case whose secret this is. An unknown number costs the same work as a wrong secret."""
    number, secret = folded(number), folded(secret)
    case = find_case(connection, number)
    keys = CaseKeys.derive(number, secret)
    proof = case.proof if case else bytes(len(keys.proof))
    if not hmac.compare_digest(proof, keys.proof) or case is None:
        raise CaseNotFound(
            "there is no such case with this secret",
            "Check the case number and the secret on the receipt.",
        )
    return case, keys


def _seen(
    number: str, keys: CaseKeys, item: SealedItem, entry: Entry, why: str | None
) -> tuple[tuple[bool, int], CaseEntry]:
    """An item as its owner sees it, and what to sort it by."""
    place, shown = (True, item.entry), ""
    if item.nonce is not None and item.box is not None:
        at, shown = unseal(keys.box, item.nonce, number, item.entry, item.box)
        place = (False, at)
    return place, CaseEntry(
        item.entry, entry.kind, shown, entry.status, entry.grade, entry.usage, entry.date, why
    )


def _proofs(
    keys: CaseKeys, number: str, items: dict[int, SealedItem], indexes: Sequence[int]
) -> dict[int, Proof]:
    """For every entry, the token that ends it.

    Raises:
        UsageError: the case has no such entry.
    """
    proofs: dict[int, Proof] = {}
    for index in indexes:
        item = items.get(index)
        if item is None:
            raise UsageError(
                f"the case {number} has no entry {index}", "Name entries that the case shows."
            )
        proofs[index] = Revealed(keys.token_of(item.nonce or b""))
    return proofs
