"""Which collections of data have left something of a case out, as those who made them say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optout.registry.store import ReportRow

from .things import Thing


@dataclass(frozen=True, slots=True)
class Corpus:
    """What one partner says of one collection.

    Attributes:
        partner: who says it, by name.
        name: of the collection.
        date: the day it was said, `YYYY-MM-DD`.
        taken: how many things of the case were left out.
        known: how many of them the list had that was obeyed.
    """

    partner: str
    name: str
    date: str
    taken: int
    known: int


def told_by(things: Sequence[Thing], reports: Sequence[ReportRow]) -> list[Corpus]:
    """What partners say about the things of a case; who has left most of them out comes first.

    A report counts every entry that took something out. Of what it does not name, the list was
    obeyed and nothing was found, if it was on it by then.

    Args:
        things: of the case, with what each partner has taken out.
        reports: the newest of each collection.
    """
    told = [
        Corpus(
            *(report.partner, report.corpus, report.date),
            taken=sum(_names(thing, report) for thing in things),
            known=sum(_knew(thing, report) for thing in things),
        )
        for report in reports
    ]
    return sorted(told, key=lambda one: (-one.taken, not one.known))


def _names(thing: Thing, report: ReportRow) -> bool:
    wanted = (report.partner, report.corpus)
    return any((one.partner, one.corpus) == wanted for one in thing.left_out)


def _knew(thing: Thing, report: ReportRow) -> bool:
    return any(entry.index < report.size for entry in thing.entries)
