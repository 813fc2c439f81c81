"""The six kinds of records, and the only bytes in which each can stand in a log.

A public leaf is canonical JSON (RFC 8785). Its fields, and no others:

    add       v op kind commitment auth usage grade date
    grade     v op entry grade     by why            date
    withdraw  v op entry           by why | token    date
    dispute   v op entry           by why            date
    restore   v op entry           by why            date
    erase     v op entry           by why | token    date

`v` is 1. `entry` is the position in the log of the `add` that is meant; every record counts. Who
acts is never left open: either the entry's token is revealed, or it says `"by":"operator"` and why,
so that what an operator takes out is visible to all. `why` may be empty; it is public and for ever.
`date` is the day it was written, for people: nothing depends on it, so a clock may go back.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from optout.registry import documents
from optout.registry.errors import UsageError
from optout.registry.identifiers import USAGES, Grade, Kind, usage_mask

from .merkle import HASH_SIZE

MAX_WHY = 500
"""Characters of the longest reason."""

MAX_TOKEN = 64
"""Bytes of the longest token; the shortest has `MIN_TOKEN`."""

MIN_TOKEN = 16

MAX_INDEX = 2**53 - 1
"""The largest whole number that RFC 8785 can write."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Controls, line separators, reordering of bidirectional text, lone surrogates. A list, not a
# category: a record must not be well-formed in one version of Unicode and a fault in the next.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Revealed:
    """The claimant acts: who knows the token of an entry may end it.

    Attributes:
        token: `auth` of the entry is its SHA-256. 16 to 64 bytes.
    """

    token: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not MIN_TOKEN <= len(self.token) <= MAX_TOKEN:
            raise UsageError(
                f"a token has {MIN_TOKEN} to {MAX_TOKEN} bytes, not {len(self.token)}",
                "Use the token as it was made.",
            )

    def fields(self) -> documents.Document:
        """What stands of it in a leaf."""
        return {"token": self.token.hex()}


@dataclass(frozen=True, slots=True)
class ByOperator:
    """The operator acts, and everybody can read it.

    Attributes:
        why: at most 500 characters on one line; may be empty. Public, and never taken back: no
            names, no addresses.
    """

    why: str = ""

    def __post_init__(self) -> None:
        if len(self.why) > MAX_WHY:
            raise UsageError(
                f"the reason has {len(self.why)} characters, and {MAX_WHY} are the most",
                "Shorten it: it is published, and cannot be taken back.",
            )
        if _UNFIT.search(self.why):
            raise UsageError(
                "the reason holds a line break or another control character",
                "Write it on one line.",
            )

    def fields(self) -> documents.Document:
        """What stands of it in a leaf."""
        return {"by": "operator", "why": self.why}


Proof: TypeAlias = Revealed | ByOperator
"""Who acts, and what shows that they may."""


@dataclass(frozen=True, slots=True)
class Add:
    """Something is opted out.

    Attributes:
        kind: what kind of thing.
        commitment: 32 bytes, the salted hash of its matter; see `Opening`.
        auth: 32 bytes, SHA-256 of the token that may end the entry.
        usage: what it is opted out of: at least one of `USAGES`, in that order once made.
        grade: how the claim was proved.
        date: `YYYY-MM-DD`.
    """

    op: ClassVar[str] = "add"

    kind: Kind
    commitment: bytes
    auth: bytes
    usage: tuple[str, ...]
    grade: Grade
    date: str

    def __post_init__(self) -> None:
        usage_mask(self.usage)  # refuses unknown words
        object.__setattr__(self, "usage", tuple(word for word in USAGES if word in self.usage))
        if not self.usage:
            raise UsageError("an entry without usage opts out of nothing", "Name a usage.")
        if len(self.commitment) != HASH_SIZE or len(self.auth) != HASH_SIZE:
            raise UsageError(
                f"a commitment and an auth have {HASH_SIZE} bytes each", "Make the entry anew."
            )
        _check_date(self.date)

    def leaf(self) -> bytes:
        """The record's bytes in a log."""
        return documents.canonical(
            {
                "v": 1,
                "op": self.op,
                "kind": self.kind.value,
                "commitment": self.commitment.hex(),
                "auth": self.auth.hex(),
                "usage": list(self.usage),
                "grade": self.grade.value,
                "date": self.date,
            }
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """A record about an entry that an earlier one added."""

    op: ClassVar[str]

    entry: int

    if TYPE_CHECKING:  # in what order they are given is each record's own

        @property
        def proof(self) -> Proof: ...

        @property
        def date(self) -> str: ...

    def __post_init__(self) -> None:
        if not 0 <= self.entry <= MAX_INDEX:
            raise UsageError(f"there is no entry {self.entry}", "Name one by its number.")
        _check_date(self.date)

    def leaf(self) -> bytes:
        """The record's bytes in a log."""
        about = {"v": 1, "op": self.op, "entry": self.entry, "date": self.date}
        return documents.canonical({**about, **self.proof.fields(), **self._further()})

    def _further(self) -> documents.Document:
        """What a leaf of this sort says beside that."""
        return {}


@dataclass(frozen=True, slots=True)
class GradeChange(_Step):
    """The operator says anew how a claim is proved: up, down, expired, or proved once more.

    Attributes:
        entry: which.
        grade: from now on.
        date: `YYYY-MM-DD`.
        proof: always the operator's.
    """

    op: ClassVar[str] = "grade"

    grade: Grade
    date: str
    proof: ByOperator = ByOperator()

    def _further(self) -> documents.Document:
        return {"grade": self.grade.value}


@dataclass(frozen=True, slots=True)
class Withdraw(_Step):
    """An entry is taken back: newer snapshots hold it no longer.

    Attributes:
        entry: which.
        proof: of the claimant or the operator.
        date: `YYYY-MM-DD`.
    """

    op: ClassVar[str] = "withdraw"

    proof: Proof
    date: str


@dataclass(frozen=True, slots=True)
class Dispute(_Step):
    """Somebody contests an entry; it stays in force until a reviewer withdraws it.

    Attributes:
        entry: which.
        date: `YYYY-MM-DD`.
        proof: always the operator's.
    """

    op: ClassVar[str] = "dispute"

    date: str
    proof: ByOperator = ByOperator()


@dataclass(frozen=True, slots=True)
class Restore(_Step):
    """A withdrawal or a dispute is undone; an erasure never is.

    Attributes:
        entry: which.
        date: `YYYY-MM-DD`.
        proof: always the operator's.
    """

    op: ClassVar[str] = "restore"

    date: str
    proof: ByOperator = ByOperator()


@dataclass(frozen=True, slots=True)
class Erase(_Step):
    """Matter and salt of an entry are destroyed right after this: its `add` means nothing more.

    Attributes:
        entry: which.
        proof: of the claimant or the operator.
        date: `YYYY-MM-DD`.
    """

    op: ClassVar[str] = "erase"

    proof: Proof
    date: str


Step: TypeAlias = GradeChange | Withdraw | Dispute | Restore | Erase
"""A record about an entry that an earlier one added."""

Record: TypeAlias = Add | Step
"""Anything that can stand in a log."""


def _check_date(date: str) -> None:
    try:
        if not _DATE.fullmatch(date):
            raise ValueError("another form")
        datetime.date.fromisoformat(date)
    except ValueError as fault:
        raise UsageError(f"{date!r} is no day of the calendar", "Write YYYY-MM-DD.") from fault
