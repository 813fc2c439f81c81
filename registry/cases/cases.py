"""Cases: opened without an account, read and ended with their secret alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from optout.registry.identifiers import Grade
from optout.registry.log import Entry, Proof, Revealed, Status
from optout.registry.store import (
    CaseRow,
    SealedItem,
    Store,
    add_cases,
    enter,
    erase,
    forget_answers,
    items_of,
    read_entries,
    read_reasons,
    regrade,
    remove_case,
    taken_numbers,
    today,
    undecided_against,
    withdraw,
)
from sqlalchemy import Connection

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .opening import Draft
from .repeating import Repeat, again_among, answered, remember
from .sealing import unseal
from .secret import CaseKeys, new_number, new_secret
from .unlocking import no_entry, unlocked


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
        with self._store.writing() as connection:
            (opened,) = _opened(connection, [Draft.of(items)])
        return opened

    def open_cases(
        self,
        requests: Sequence[Sequence[CaseItem]],
        repeats: Mapping[int, Repeat] | None = None,
        now: datetime | None = None,
    ) -> list[OpenedCase | None]:
        """Open many cases in one step: all of them, or none. It takes little longer than one.

        The records of all of them stand in the log in a random order, so that nobody reads from it
        what belongs to one case.

        Args:
            requests: for every case its items; see `open_case`.
            repeats: of the requests that may come again, by their places. What one of them has
                opened before, it opens no second time.
            now: the time; that of the machine by default.

        Returns:
            The cases, in the order of the requests; None where the key of a request came with
            another one, and nothing was opened.

        Raises:
            UsageError: a request has no item, or a usage is not known.
            RegistryError: the database cannot be written.
        """
        repeats = repeats or {}
        now = now or datetime.now(UTC)
        drafts = [Draft.of(items) for items in requests]
        if not drafts:
            return []
        again = again_among(repeats)
        with self._store.writing() as connection:
            forget_answers(connection, now)
            told = answered(connection, drafts, repeats, now)
            new = [at for at in range(len(drafts)) if at not in told and at not in again]
            made = _opened(connection, [drafts[at] for at in new])
            opened = dict(zip(new, made, strict=True))
            remember(connection, opened, repeats, now)
        told.update(opened)
        for at, first in again.items():
            case = told[first]
            is_same = repeats[at].fingerprint == repeats[first].fingerprint
            # What was told already was looked up for each of them.
            if at not in told:
                told[at] = replace(case, replayed=True) if case and is_same else None
        return [told[at] for at in range(len(drafts))]

    def opened_before(
        self, items: Sequence[CaseItem], repeat: Repeat, now: datetime
    ) -> OpenedCase | None:
        """The case that the same request has opened; None where it has opened none.

        Args:
            items: what it asks for.
            repeat: what tells of it.
            now: the time.

        Raises:
            UsageError: there is no item.
            RegistryError: the database cannot be read, or the answer is damaged.
        """
        with self._store.reading() as connection:
            return answered(connection, [Draft.of(items)], {0: repeat}, now).get(0)

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
            case, keys = unlocked(connection, number, secret)
            items = items_of(connection, case.number)
            entries = read_entries(connection, [item.entry for item in items])
            withdrawn = [i for i, entry in entries.items() if entry.status is Status.WITHDRAWN]
            reasons = read_reasons(connection, withdrawn)
            undecided = undecided_against(connection, case.number)
        seen = [
            _seen(case.number, keys, item, entries[item.entry], reasons.get(item.entry))
            for item in items
        ]
        seen.sort(key=lambda placed: placed[0])
        return Case(case.number, case.date, [entry for _, entry in seen], undecided)

    def withdraw(self, number: str, secret: str, indexes: Sequence[int] | None = None) -> None:
        """Take items back; the case goes on showing them. What is withdrawn already stays so.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            indexes: the entries; all that are in force by default.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry; nothing was changed.
            TransitionError: one of them is erased; nothing was changed.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, keys = unlocked(connection, number, secret)
            items = {item.entry: item for item in items_of(connection, case.number)}
            entries = read_entries(connection, items)
            if indexes is None:
                indexes = [index for index in items if entries[index].status.in_force]
            proofs = _proofs(keys, case.number, items, indexes)
            is_left = {i: entries[i].status is not Status.WITHDRAWN for i in proofs}
            withdraw(connection, {i: proof for i, proof in proofs.items() if is_left[i]})

    def grade(self, number: str, secret: str, grades: Mapping[int, Grade], why: str = "") -> None:
        """Say how the claims of items are proved now. The log says that the operator did.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            grades: by entry, from now on.
            why: for all to read, for ever.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry, or the reason is too long or not one line;
                nothing was changed.
            TransitionError: one of them is not in force; nothing was changed.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            items = {item.entry for item in items_of(connection, case.number)}
            for index in grades:
                if index not in items:
                    raise no_entry(case.number, index)
            regrade(connection, {index: (grade, why) for index, grade in grades.items()})

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
            case, keys = unlocked(connection, number, secret)
            items = {item.entry: item for item in items_of(connection, case.number)}
            if indexes is None:
                indexes = [index for index, item in items.items() if item.nonce is not None]
                remove_case(connection, case.number)
            erase(connection, _proofs(keys, case.number, items, indexes))


def _opened(connection: Connection, drafts: Sequence[Draft]) -> list[OpenedCase]:
    """Open cases, in the transaction that is under way."""
    if not drafts:
        return []
    opened: list[OpenedCase] = []
    made: dict[CaseRow, list[SealedItem]] = {}
    numbers = _new_numbers(connection, len(drafts))
    opening = [
        draft.under(number, new_secret()) for draft, number in zip(drafts, numbers, strict=True)
    ]
    indexes = iter(
        enter(
            connection,
            [claim for one in opening for claim in one.draft.claims],
            [auth for one in opening for auth in one.auths],
        )
    )
    date = today()
    for one in opening:
        own = list(islice(indexes, len(one.nonces)))
        made[CaseRow(one.number, date, one.keys.proof)] = one.sealed(own)
        opened.append(one.opened(own, date))
    add_cases(connection, made)
    return opened


def _new_numbers(connection: Connection, count: int) -> list[str]:
    """Numbers that no case has."""
    numbers: dict[str, None] = {}
    while len(numbers) < count:
        drawn = [new_number() for _ in range(count - len(numbers))]
        taken = taken_numbers(connection, drawn)
        numbers.update(dict.fromkeys(number for number in drawn if number not in taken))
    return list(numbers)


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
            raise no_entry(number, index)
        proofs[index] = Revealed(keys.token_of(item.nonce or b""))
    return proofs
