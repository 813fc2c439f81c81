"""The fold: what is in force after the first N records of a log.

It depends on their order only. The table below is the whole of the rules; whatever is not in it is
refused. Asked for here, a refused step is a `TransitionError`; met in a log, it is a `LogFault`.
"""

from __future__ import annotations

import hashlib
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from optout.registry.errors import LogFault, TransitionError
from optout.registry.identifiers import Grade, Kind

from .parsing import parse_leaf
from .records import Add, ByOperator, Erase, GradeChange, Record, Revealed, Step


class Status(StrEnum):
    """Where an entry stands."""

    IN_FORCE = "in-force"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"

    @property
    def in_force(self) -> bool:
        """Whether filters must obey the entry: a disputed one too, until a reviewer decides."""
        return self in (Status.IN_FORCE, Status.DISPUTED)


TRANSITIONS: Mapping[tuple[Status, str], Status] = {
    (Status.IN_FORCE, "grade"): Status.IN_FORCE,
    (Status.IN_FORCE, "dispute"): Status.DISPUTED,
    (Status.IN_FORCE, "withdraw"): Status.WITHDRAWN,
    (Status.IN_FORCE, "erase"): Status.ERASED,
    (Status.DISPUTED, "grade"): Status.DISPUTED,
    (Status.DISPUTED, "restore"): Status.IN_FORCE,
    (Status.DISPUTED, "withdraw"): Status.WITHDRAWN,
    (Status.DISPUTED, "erase"): Status.ERASED,
    (Status.WITHDRAWN, "restore"): Status.IN_FORCE,
    (Status.WITHDRAWN, "erase"): Status.ERASED,
}
"""From a status by a record's `op` to the next one.

Nothing leads out of `erased`. The grade of what is not in force means nothing and cannot change.
A withdrawal decides a dispute, so undoing it does not bring the dispute back.
"""


_ADVICE = {
    Status.DISPUTED: "It is disputed already: withdraw or restore it.",
    Status.WITHDRAWN: "Register it again, if it shall be in force.",
    Status.ERASED: "An erasure is final: register it again.",
}
_TO_OPERATOR = {**_ADVICE, Status.WITHDRAWN: "`optout restore` puts it in force again."}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the fold sees it.

    Attributes:
        index: position in the log of the record that added it; its number for people.
        kind: what kind of thing it covers.
        grade: how the claim is proved now.
        usage: what it is opted out of.
        status: where it stands now.
        auth: 32 bytes, SHA-256 of the token that may end it.
        commitment: 32 bytes, to its matter.
        date: the day it was added, `YYYY-MM-DD`.
    """

    index: int
    kind: Kind
    grade: Grade
    usage: tuple[str, ...]
    status: Status
    auth: bytes
    commitment: bytes
    date: str


@dataclass(slots=True)
class State:
    """A log, folded so far.

    Attributes:
        size: records folded.
        entries: every entry that was ever added, by its index, in that order.
        erasures: how many of them are erased.
    """

    size: int = 0
    entries: dict[int, Entry] = field(default_factory=dict)
    erasures: int = 0

    def apply(self, record: Record | bytes) -> None:
        """Fold the next record in; where it is refused, nothing changes.

        Args:
            record: one of one's own, or the bytes of a leaf that was read from a log.

        Raises:
            TransitionError: one's own record is not allowed here.
            LogFault: the leaf is malformed or not allowed here; the message has its position.
        """
        if isinstance(record, bytes):
            try:
                self._apply(parse_leaf(record))
            except (LogFault, TransitionError) as fault:
                raise LogFault(
                    f"record {self.size} of the log is a fault: {fault.message}",
                    fault.advice
                    if isinstance(fault, LogFault)
                    else "Whoever runs the log must explain it; do not rely on it.",
                ) from fault
        else:
            self._apply(record)

    def check(self, *records: Record) -> None:
        """See whether these records, one after the other, would be allowed; nothing changes.

        Raises:
            TransitionError: one of them would not; the message names the entry and its status.
        """
        seen: ChainMap[int, Entry] = ChainMap({}, self.entries)
        for index, record in enumerate(records, self.size):
            entry = _next(seen, index, record)
            seen[entry.index] = entry

    def _apply(self, record: Record) -> None:
        entry = _next(self.entries, self.size, record)
        self.entries[entry.index] = entry
        self.erasures += isinstance(record, Erase)
        self.size += 1


def fold(leaves: Iterable[bytes]) -> State:
    """Fold a log that was read from elsewhere.

    Args:
        leaves: its records from the first on.

    Raises:
        LogFault: a record is malformed or not allowed where it stands; it is named by position.
    """
    state = State()
    for leaf in leaves:
        state.apply(leaf)
    return state


def _next(entries: Mapping[int, Entry], index: int, record: Record) -> Entry:
    """The entry that a record at `index` makes or changes, as it is after it."""
    if isinstance(record, Add):
        return Entry(
            index,
            record.kind,
            record.grade,
            record.usage,
            Status.IN_FORCE,
            record.auth,
            record.commitment,
            record.date,
        )
    entry = entries.get(record.entry)
    if entry is None:
        raise TransitionError(
            f"there is no entry {record.entry}", "Name an entry by the number it was given."
        )
    status = TRANSITIONS.get((entry.status, record.op))
    if status is None and entry.status is Status.IN_FORCE:
        raise TransitionError(
            f"entry {entry.index} is in force: there is nothing to restore",
            "Name an entry that was withdrawn or is disputed.",
        )
    if status is None:
        # Whoever holds no more than a token cannot restore.
        by_operator = record.op == "withdraw" and isinstance(record.proof, ByOperator)
        advice = _TO_OPERATOR if by_operator else _ADVICE
        raise TransitionError(
            f"entry {entry.index} is {entry.status}: {record.op} is not possible",
            advice[entry.status],
        )
    _check_token(entry, record)
    grade = record.grade if isinstance(record, GradeChange) else entry.grade
    return replace(entry, status=status, grade=grade)


def _check_token(entry: Entry, record: Step) -> None:
    proof = record.proof
    if isinstance(proof, Revealed) and hashlib.sha256(proof.token).digest() != entry.auth:
        raise TransitionError(
            f"the token is not the one of entry {entry.index}",
            "Use the token that the entry was made with.",
        )
