"""Disputes: what others say against entries, what the owners answer, and what is decided.

Whoever sends a notice shows to know what the entry covers; who does not, learns nothing. An entry
is disputed from its first notice on, and stays in force until the operator decides: neither many
notices nor the day by which they are due end it. Of one entry so many are taken at a time, so that
nobody buries its owner under them. They are more than one person can send, as whoever serves them
counts: nobody fills the places of others.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from optout.registry.errors import CaseNotFound, UsageError
from optout.registry.identifiers import Identifier
from optout.registry.log import ByOperator, Status
from optout.registry.store import (
    NoticeRow,
    NoticeState,
    Store,
    add_notice,
    counter_notice,
    decide_notice,
    dispute,
    find_notice,
    forget_answers,
    known,
    notices_of,
    read_entries,
    read_opening,
    restore,
    undecided_about,
    undecided_notices,
    withdraw,
)
from sqlalchemy import Connection

from .repeating import Again, Repeat, before, keep_notice
from .secret import CaseKeys, folded, new_number, new_secret
from .unlocking import unlocked

BUSINESS_DAYS = 14
"""Within which a notice is decided, Saturdays and Sundays apart."""

MOST_CHARACTERS = 4000
"""Of a statement, and of each text about an item that is shown."""

MOST_UNDECIDED = 20
"""Notices about one entry that may be undecided at a time."""


class Reason(StrEnum):
    """Why an entry is disputed."""

    NOT_THEIRS = "not-theirs"
    LICENSED = "licensed"
    MISTAKEN_IDENTITY = "mistaken-identity"
    COURT_ORDER = "court-order"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class OpenedNotice:
    """A notice that was just sent.

    Attributes:
        number: XXXX-XXXX; no secret.
        secret: the only key to it; it is kept nowhere.
        made: the day it came, `YYYY-MM-DD`.
        due: the day by which it is decided, likewise.
        replayed: whether it was sent before, by the same request.
    """

    number: str
    secret: str = field(repr=False)
    made: str
    due: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it stands; days `YYYY-MM-DD`, empty where it has not come to it.

    Attributes:
        number: XXXX-XXXX.
        entry: which it is about.
        reason: why.
        statement: why, in its sender's words; None once the entry is erased.
        state: where it stands.
        made: the day it came.
        due: the day by which it is decided.
        counter: what the owner says to it; None where there is nothing, and to its sender.
        countered: the day that came.
        decided: the day of the decision.
        covers: what its sender calls what the entry covers; None where that was not kept, and once
            the entry is erased.
        because: why it was decided so; None until then, and likewise.
    """

    number: str
    entry: int
    reason: Reason
    statement: str | None = field(repr=False)
    state: NoticeState
    made: str
    due: str
    counter: str | None = field(repr=False)
    countered: str
    decided: str
    covers: str | None = field(default=None, repr=False)
    because: str | None = field(default=None, repr=False)


class Notices:
    """The notices of one registry. Threads may share it.

    Args:
        store: the registry's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def send(
        self,
        entry: int,
        identifier: Identifier,
        reason: Reason,
        statement: str,
        now: datetime,
        repeat: Repeat | None = None,
        admit: Callable[[], None] | None = None,
        shown: str = "",
    ) -> OpenedNotice | None:
        """Dispute an entry.

        Args:
            entry: its number.
            identifier: what it covers, as its sender knows it.
            reason: why.
            statement: why, in the sender's words.
            now: the time.
            repeat: where the request may come again: what it has sent before, it sends no second
                time.
            admit: called before it is kept, once it is known that it may be; what it raises stops
                that.
            shown: what its sender calls what the entry covers, for who decides; sealed with the
                statement.

        Returns:
            The notice; None where the key of the request came with another one, and nothing was
            sent.

        Raises:
            UsageError: there is no such entry in force, or it covers something else, and nobody is
                told which; or as many notices about it as are taken are undecided; or the
                statement is empty or too long.
            RegistryError: the database cannot be written.
        """
        _check(statement)
        made = now.date()
        number, secret = new_number(), new_secret()
        row = NoticeRow(
            number,
            entry,
            _proof(number, secret),
            str(reason),
            statement,
            NoticeState.OPEN,
            made.isoformat(),
            due_date(made).isoformat(),
            covers=shown or None,
        )
        with self._store.reading() as connection:
            # Who guesses is not to hold up those who write.
            if repeat and (again := before(connection, repeat, now)):
                return _sent_before(again)
            _status_of_known(connection, entry, identifier)
        with self._store.writing() as connection:
            forget_answers(connection, now)
            if repeat and (again := before(connection, repeat, now)):
                return _sent_before(again)
            status = _status_of_known(connection, entry, identifier)
            if undecided_about(connection, entry) >= MOST_UNDECIDED:
                raise UsageError(
                    f"{MOST_UNDECIDED} notices about this entry are being decided",
                    "Write to the operator, who decides them, if yours says something else.",
                )
            if admit:
                admit()
            if status is Status.IN_FORCE:
                dispute(connection, {entry: f"notice: {reason}"})
            add_notice(connection, row)
            if repeat:
                answer = {"number": number, "secret": secret, "made": row.made, "due": row.due}
                keep_notice(connection, repeat, entry, answer, now)
        return OpenedNotice(number, secret, row.made, row.due)

    def read(self, number: str, secret: str) -> Notice:
        """A notice, for its sender.

        Raises:
            CaseNotFound: there is no such notice, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        number, secret = folded(number), folded(secret)
        given = _proof(number, secret)
        with self._store.reading() as connection:
            row = find_notice(connection, number)
        kept = row.proof if row else bytes(len(given))
        if not hmac.compare_digest(kept, given) or row is None:
            raise CaseNotFound(
                "there is no such notice with this secret",
                "Check the number and the secret on the receipt.",
            )
        return _notice(row, counter=None)

    def of(self, number: str, secret: str) -> list[Notice]:
        """The notices against the items of a case, for its owner, the oldest first.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            case, _ = unlocked(connection, number, secret)
            return [_notice(row, row.counter) for row in notices_of(connection, case.number)]

    def counter(
        self, number: str, secret: str, notice: str, statement: str, now: datetime
    ) -> Notice:
        """Say something to a notice, as the owner of the item; once more replaces it.

        Args:
            number: of the case, as somebody typed it.
            secret: of the case, likewise.
            notice: its number.
            statement: what the owner says.
            now: the time.

        Returns:
            The notice as it stands now.

        Raises:
            CaseNotFound: there is no such case, or its secret is another one.
            UsageError: no such notice is to be decided, or the statement is empty or too long.
            RegistryError: the database cannot be written.
        """
        _check(statement)
        with self._store.writing() as connection:
            case, _ = unlocked(connection, number, secret)
            rows = {row.number: row for row in notices_of(connection, case.number)}
            row = _undecided(rows.get(folded(notice)))
            day = now.date().isoformat()
            counter_notice(connection, row, statement, day)
        changed = replace(row, state=NoticeState.COUNTERED, counter=statement, countered=day)
        return _notice(changed, statement)

    def undecided(self) -> list[Notice]:
        """What the operator has to decide, the soonest due first.

        Raises:
            RegistryError: the database cannot be read.
        """
        with self._store.reading() as connection:
            return [_notice(row, row.counter) for row in undecided_notices(connection)]

    def uphold(self, notice: str, why: str, now: datetime) -> int:
        """Decide for the sender: the entry is withdrawn, and other notices about it lapse.

        Args:
            notice: its number.
            why: for all to read, for ever; sender and owner are told it with the notice.
            now: the time.

        Returns:
            The entry that it is about.

        Raises:
            UsageError: no such notice is to be decided, or the reason is too long or not one line.
            RegistryError: the database cannot be written.
        """
        with self._store.writing() as connection:
            row = _undecided(find_notice(connection, folded(notice)))
            decide_notice(connection, row, NoticeState.UPHELD, now.date().isoformat(), why)
            withdraw(connection, {row.entry: ByOperator(why)})
        return row.entry

    def reject(self, notice: str, why: str, now: datetime) -> int:
        """Decide for the owner: the entry is disputed no longer, unless another notice is open.

        The log tells of the end of a dispute alone, with the reason of the notice that was rejected
        last. Where another is open, or the entry is in dispute no longer, nothing is logged. Sender
        and owner are told the reason with the notice in any case.

        Args:
            notice: its number.
            why: for all to read, for ever, where it is logged.
            now: the time.

        Returns:
            The entry that it is about.

        Raises:
            UsageError: no such notice is to be decided, or the reason is too long or not one line.
            RegistryError: the database cannot be written.
        """
        proof = ByOperator(why)
        with self._store.writing() as connection:
            row = _undecided(find_notice(connection, folded(notice)))
            decide_notice(connection, row, NoticeState.REJECTED, now.date().isoformat(), why)
            status = read_entries(connection, [row.entry])[row.entry].status
            if status is Status.DISPUTED and not undecided_about(connection, row.entry):
                restore(connection, {row.entry: proof})
        return row.entry


def due_date(day: date) -> date:
    """The day so many business days after another; holidays are not known here."""
    left = BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def _status_of_known(connection: Connection, entry: int, identifier: Identifier) -> Status:
    """The status of an entry in force, to somebody who knows what it covers."""
    found, opening = read_opening(connection, entry)
    covered = opening.identifier() if opening else None
    kept = covered.digest if covered else bytes(len(identifier.digest))
    same = hmac.compare_digest(kept, identifier.digest) | _has_shape(covered, identifier)
    if (
        not same
        or found is None
        or covered is None
        or covered.kind is not identifier.kind
        or not found.status.in_force
    ):
        raise UsageError(
            "no entry in force of this number covers this",
            "Give the number and the value of an entry, as a report of a match shows them, or: "
            "optout check KIND VALUE --snapshot SNAPSHOT",
        )
    return found.status


def _has_shape(covered: Identifier | None, identifier: Identifier) -> bool:
    """Whether a picture is registered in the shape that somebody has of it, such as its square."""
    known = identifier.hashes.get("phash256", {}).get("original", b"")
    shapes = covered.hashes.get("phash256", {}).values() if covered else ()
    return any(hmac.compare_digest(shape, known) for shape in shapes)


def _undecided(row: NoticeRow | None) -> NoticeRow:
    if row is None or not row.state.undecided:
        raise UsageError(
            "no such notice is to be decided",
            "Give the number of one that is open, as it is shown.",
        )
    return row


def _sent_before(again: Again) -> OpenedNotice | None:
    return OpenedNotice(**again.answer, replayed=True) if again.answer else None


def _check(statement: str) -> None:
    if not statement.strip() or len(statement) > MOST_CHARACTERS:
        raise UsageError(
            "a statement is empty or too long", f"Say it in at most {MOST_CHARACTERS} characters."
        )


def _proof(number: str, secret: str) -> bytes:
    return CaseKeys.derive(f"notice/{number}", secret).proof


def _notice(row: NoticeRow, counter: str | None) -> Notice:
    return Notice(
        row.number,
        row.entry,
        known(Reason, row.reason),
        row.statement,
        row.state,
        row.made,
        row.due,
        counter,
        row.countered,
        row.decided,
        row.covers,
        row.because,
    )
