"""What goes into a case and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from optout.registry.identifiers import DEFAULT_USAGE, Grade, Identifier, Kind
from optout.registry.log import Status
from optout.registry.store import Added


@dataclass(frozen=True, slots=True)
class CaseItem:
    """One thing that somebody wants opted out.

    Attributes:
        identifier: the item.
        shown: what its sender will recognise it by: an address, a file's name.
        usage: what it is opted out of, in the words of `identifiers.USAGES`.
    """

    identifier: Identifier
    shown: str = field(repr=False)
    usage: tuple[str, ...] = DEFAULT_USAGE


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case that was just opened.

    Attributes:
        number: XXXX-XXXX; no secret.
        secret: XXXX-XXXX-XXXX-XXXX, the only key to the case; it is kept nowhere.
        entries: what became of each item, in their order.
        case: as `Cases.read` shows it.
        replayed: whether it was opened before, by the same request.
    """

    number: str
    secret: str = field(repr=False)
    entries: list[Added]
    case: Case
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One item of a case, as it stands.

    Attributes:
        index: the entry's number in the log.
        kind: what kind of thing it is.
        shown: as its sender gave it; empty once it is erased.
        status: where it stands.
        grade: how the claim is proved now.
        usage: what it is opted out of.
        date: the day it was registered, `YYYY-MM-DD`.
        why: where the operator withdrew it, the reason that the log has, which may be empty; None
            of all others.
    """

    index: int
    kind: Kind
    shown: str = field(repr=False)
    status: Status
    grade: Grade
    usage: tuple[str, ...]
    date: str
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case, opened with its secret.

    Attributes:
        number: XXXX-XXXX.
        date: the day it was opened, `YYYY-MM-DD`.
        items: in the order in which they were given; erased ones come last.
        undecided: how many notices against them are to be decided.
    """

    number: str
    date: str
    items: list[CaseEntry]
    undecided: int = 0
