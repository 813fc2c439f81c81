"""What creators show the reviewer, who would see hashes otherwise: until it is decided, no longer.

What is shown is what the entry covers, so that nobody has one thing reviewed and another graded. Of
a picture and a file, which an entry knows by their hashes, it says where they can be seen, and the
reviewer has to look whether they are what the entry covers.

The value is sealed under the key of its entry, and removed with the decision. In a backup from
before it can be opened until the entry is erased.
"""

from __future__ import annotations

from datetime import datetime

from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade, Identifier, Kind
from optout.registry.store import (
    SharedItem,
    SharedState,
    Store,
    asked_items,
    case_of,
    decide_shared,
    find_shared,
    forget_asked,
    items_of,
    put_shared,
    read_entries,
    read_opening,
    regrade,
    shared_of,
)
from sqlalchemy import Connection

from .news import Wish, tell
from .notices import MOST_CHARACTERS
from .unlocking import no_entry, unlocked

REVIEWED = "reviewed"
"""The reason that stands in the log."""

SHOWN_ELSEWHERE = frozenset({Kind.FILE, Kind.IMAGE})
"""Kinds of which the value says where they can be seen."""

_LARGEST = (1 << 63) - 1
"""The largest number that a column can hold."""


class Sharing:
    """What the cases of one registry show. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def show(
        self, number: str, secret: str, entry: int, value: str, note: str, now: datetime
    ) -> SharedItem:
        """Show an item to the reviewer; once more replaces what was shown.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            entry: of the case.
            value: what it is, as long as it was registered; of a picture or a file, where it can
                be seen.
            note: what the reviewer is to know; may be empty.
            now: the time.

        Returns:
            What is shown now.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: the case has no such entry in force, or it covers something else, or it is
                reviewed already, or a text is too long.
            RegistryError: the database cannot be written.
        """
        if not value.strip():
            raise UsageError("there is nothing to show", "Give the item's value.")
        _check(note)
        with self._store.reading() as connection:
            # A long passage is to be hashed before others who write have to wait for it.
            _check_own(connection, number, secret, entry)
            _check_covers(connection, entry, value)
        row = SharedItem(entry, value, note, SharedState.ASKED, now.date().isoformat())
        with self._store.writing() as connection:
            _check_own(connection, number, secret, entry)
            put_shared(connection, row)
        return row

    def take_back(self, number: str, secret: str, entry: int) -> None:
        """Show an item no longer; what is decided, or was never shown, stays as it is.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            if any(item.entry == entry for item in items_of(connection, case.number)):
                forget_asked(connection, [entry])

    def of(self, number: str, secret: str) -> list[SharedItem]:
        """What a case has shown, by entry.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            case, _ = unlocked(connection, number, secret)
            return shared_of(connection, case.number)

    def asked(self) -> list[SharedItem]:
        """What the reviewer has not decided, the longest asked first.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return asked_items(connection)

    def review(self, entry: int, now: datetime) -> None:
        """Decide that an item is its creator's: its grade is `reviewed` from now on.

        Raises:
            UsageError: nothing was shown of it that is to be decided.
            TransitionError: it is not in force.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            _to_decide(connection, entry)
            regrade(connection, {entry: (Grade.REVIEWED, REVIEWED)})
            decide_shared(connection, entry, SharedState.REVIEWED, "")
            number = case_of(connection, entry)
            if number is not None:
                values = {"grade": str(Grade.REVIEWED), "entries": "1"}
                tell(connection, number, Wish.GRADED, values, now)

    def decline(self, entry: int, answer: str) -> None:
        """Decide that it cannot be told; the grade stays as it is.

        Args:
            entry: its number.
            answer: why, for its creator alone.

        Raises:
            UsageError: nothing was shown of it that is to be decided, or the answer is too long.
            RegistryError: the database cannot be written.
        """
        _check(answer)
        with self._store.writing() as connection:
            _to_decide(connection, entry)
            decide_shared(connection, entry, SharedState.DECLINED, answer)


def _check_own(connection: Connection, number: str, secret: str, entry: int) -> None:
    case, _ = unlocked(connection, number, secret)
    own = {item.entry for item in items_of(connection, case.number)}
    found = read_entries(connection, [entry])[entry] if entry in own else None
    if found is None or not found.status.in_force:
        raise no_entry(case.number, entry)
    if found.grade is Grade.REVIEWED:
        raise UsageError(f"entry {entry} is reviewed already", "Nothing better can be had.")


def _check_covers(connection: Connection, entry: int, value: str) -> None:
    """Check that a value is what an entry covers, which never changes; or its length at least."""
    _, opening = read_opening(connection, entry)
    covered = opening.identifier() if opening else None
    if covered is None or covered.kind is not Kind.TEXT:
        _check(value)
    if covered is None or covered.kind in SHOWN_ELSEWHERE:
        return
    if Identifier.parse(covered.kind, value).digest != covered.digest:
        raise UsageError("the value is not what this entry covers", "Give it as it was registered.")


def _to_decide(connection: Connection, entry: int) -> None:
    row = find_shared(connection, entry) if 0 <= entry <= _LARGEST else None
    if row is None or row.state != SharedState.ASKED:
        raise UsageError(
            f"nothing is shown of entry {entry} that is to be decided",
            "What is to be decided is listed by: optout review",
        )


def _check(*texts: str) -> None:
    if any(len(text) > MOST_CHARACTERS for text in texts):
        raise UsageError(
            "what is said of an item is too long",
            f"Say it in at most {MOST_CHARACTERS} characters.",
        )
