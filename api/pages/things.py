"""What a person registered, thing by thing: some are more than one entry of a case.

The exact bytes of a file are two entries, one by SHA-256 and one by MD5. Whoever sent the file sent
one thing: it is shown once, and taken back as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optout.registry.cases import CaseEntry, Notice
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Status
from optout.registry.partners import Exclusion

from . import words


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a case.

    Attributes:
        entries: of the case; one, or the two of a file.
        left_out: what partners claim that it took out of their corpora.
        disputes: the notices against it that are to be decided.
    """

    entries: tuple[CaseEntry, ...]
    left_out: tuple[Exclusion, ...] = ()
    disputes: tuple[Notice, ...] = ()

    @property
    def kind(self) -> Kind:
        """What kind of thing it is."""
        return self.entries[0].kind

    @property
    def shown(self) -> str:
        """As its sender gave it; empty once it is erased."""
        return self.entries[0].shown

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.entries[0].status

    @property
    def grade(self) -> Grade:
        """How the claim is proved now."""
        return self.entries[0].grade

    @property
    def is_unproved_site(self) -> bool:
        """Whether it is a site that filters which ask for proof do not follow yet."""
        return words.asks_for_proof(self.kind, self.status, self.grade)

    @property
    def why(self) -> str | None:
        """Where the operator withdrew it, the reason, which may be empty; None of all others."""
        return self.entries[0].why

    @property
    def key(self) -> str:
        """The numbers of its entries, as a button sends them."""
        return "+".join(str(entry.index) for entry in self.entries)


def told_things(
    entries: Sequence[CaseEntry],
    reports: Mapping[int, Sequence[Exclusion]],
    notices: Sequence[Notice],
) -> list[Thing]:
    """The things that entries of a case stand for, and what others say of them.

    Args:
        entries: of the case.
        reports: what partners claim that they took out, by entry.
        notices: what others say against them; what is decided is passed over.
    """
    return [
        replace(
            thing,
            left_out=_left_out(thing, reports),
            disputes=tuple(
                notice
                for notice in notices
                if notice.state.undecided and notice.entry in {one.index for one in thing.entries}
            ),
        )
        for thing in things_of(entries)
    ]


def _left_out(thing: Thing, reports: Mapping[int, Sequence[Exclusion]]) -> tuple[Exclusion, ...]:
    # A row of a corpus that gives both digests of a file is counted for both of its entries.
    most: dict[tuple[str, str], Exclusion] = {}
    for entry in thing.entries:
        for one in reports.get(entry.index, ()):
            place = (one.partner, one.corpus)
            if place not in most or most[place].rows < one.rows:
                most[place] = one
    return tuple(most.values())


def things_of(entries: Sequence[CaseEntry]) -> list[Thing]:
    """The things that entries of a case stand for, in their order."""
    things: list[Thing] = []
    for entry in entries:
        last = things[-1] if things else None
        if last is not None and len(last.entries) == 1 and _is_same(last.entries[0], entry):
            things[-1] = Thing((*last.entries, entry))
        else:
            things.append(Thing((entry,)))
    return things


def _is_same(one: CaseEntry, other: CaseEntry) -> bool:
    return (
        one.kind == other.kind == Kind.FILE
        and one.shown == other.shown != ""
        and (one.status, one.why, one.grade, one.date)
        == (other.status, other.why, other.grade, other.date)
    )
