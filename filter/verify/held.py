"""Held entries: reported, not obeyed; whether each may be held is counted again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc
from optout.registry.identifiers import Grade

from .hits import Hit
from .judging import Leaves, RowVerdict
from .left import rows_in_input
from .papers import Papers
from .plan import DecisionPaper
from .policy import Eligibility
from .records import Totals
from .report import Finding, counted


@dataclass
class Holding:
    """What held entries meet.

    Attributes:
        papers: what the run says.
        eligibility: what binds it.
        planned: the leaves of the plan.
        gone: entries that were in force then and are not in the snapshot at hand.
        finding: gets what is wrong, and words.
    """

    papers: Papers
    eligibility: Eligibility
    planned: Leaves
    gone: frozenset[int]
    finding: Finding
    _met: list[tuple[int, int]] = field(default_factory=list)
    _rows: Counter[int] = field(default_factory=Counter)
    _first: dict[int, tuple[str, int, Hit]] = field(default_factory=dict)
    _grades: dict[int, Grade] = field(default_factory=dict)

    @property
    def entries(self) -> frozenset[int]:
        """The entries that the decision holds."""
        return self.papers.decision.held if self.papers.decision else frozenset()

    def grade(self, hit: Hit) -> None:
        """Remember what grade an entry that was met had when the run took its snapshot."""
        then = self.eligibility.grade_then(hit.entry, hit.grade)
        if then is not None:
            self._grades[hit.entry] = then

    def meet(self, shard: str, row: int, verdict: RowVerdict) -> None:
        """Take a row of OUT into account."""
        met = {
            entry: hit
            for (entry, leaf), hit in sorted(verdict.hits.items())
            if entry in self.entries and leaf in self.planned and not hit.since
        }
        for entry, hit in met.items():
            self._met.append((row, entry))
            self._first.setdefault(entry, (shard, row, hit))
            self.grade(hit)

    def settle(self, shard: str) -> None:
        """Hold what was met in a shard of OUT against its matches."""
        met, self._met = self._met, []
        removed, matches = self.papers.removed(shard), self.papers.matches(shard)
        if removed is None or matches is None or shard not in self.papers.records:
            return
        told = matches.filter(pc.equal(matches["verdict"], "held"))
        for entry in sorted(self.entries):
            own = np.array([row for row, e in met if e == entry], np.int64)
            if not self.papers.masked:
                own = rows_in_input(own, removed)
            rows = told.filter(pc.equal(told["entry"], entry))["row"].to_numpy()
            stayed = np.unique(rows[~np.isin(rows, removed)])
            self._rows[entry] += len(own) + len(np.unique(rows)) - len(stayed)
            if not np.array_equal(own, stayed) and entry not in self.gone:
                self.finding.fault(
                    f"{shard}: entry {entry} is held and meets {counted(len(own), 'row')} that "
                    f"stayed, and the matches name {len(stayed):,} or others",
                    shard=shard,
                    entry=entry,
                )

    def check(self, totals: Totals, *, everything: bool) -> None:
        """See whether every held entry may be held, and no other should have been.

        Args:
            totals: what the records count.
            everything: whether every shard could be looked through.
        """
        decision, policy = self.papers.decision, self.eligibility.policy
        if decision is None:
            self.finding.fault("what was held is not known")
            return
        for entry in sorted(decision.held):
            self._check(entry, decision, totals, everything=everything)
        for entry, known in sorted(decision.entries.items()):
            grade = self._grades.get(entry, known.grade)
            if grade != known.grade:
                self.finding.fault(
                    f"the decision calls entry {entry} {known.grade}, and it was {grade}",
                    entry=entry,
                )
            elif entry not in decision.held and policy.holds(
                entry, known.grade, known.rows, decision.rows
            ):
                self.finding.fault(
                    f"entry {entry} ({known.kind}, grade {known.grade}) was obeyed for "
                    f"{counted(known.rows, 'row')}, and should have been held",
                    entry=entry,
                )
        self.finding.say(
            f"{counted(len(decision.entries), 'entry', 'entries')} met a row; "
            f"{len(decision.held):,} of them held"
        )

    def _check(
        self, entry: int, decision: DecisionPaper, totals: Totals, *, everything: bool
    ) -> None:
        known = decision.entries.get(entry)
        if known is None:
            self.finding.fault(f"entry {entry} is held, and met no row", entry=entry)
            return
        words = f"entry {entry} ({known.kind}, grade {known.grade})"
        if entry in self.gone:
            self.finding.say(f"{words} was held and is gone since: it cannot be judged any more")
            return
        if (
            everything
            and totals.complete
            and not decision.unseen
            and self._rows[entry] != known.rows
        ):
            self.finding.fault(
                f"{words} is said to meet {counted(known.rows, 'row')}, and meets "
                f"{self._rows[entry]:,}",
                entry=entry,
            )
        grade = self._grades.get(entry, known.grade)
        # A decision that says it could not read most shards makes every share large.
        corpus = max(decision.rows, totals.rows_in)
        if not self.eligibility.policy.holds(entry, grade, self._rows[entry], corpus):
            shard, row, hit = self._first.get(entry, (None, None, None))
            of_input = " of the input" if self.papers.masked else ""
            where = f"{shard} row {row}{of_input}: " if hit else ""
            self.finding.fault(
                f"{where}{hit.words if hit else words} was held, and may not be: "
                f"its grade is {grade}, and it meets {self._rows[entry]:,} of "
                f"{corpus:,} rows",
                shard=shard,
                row=row,
                entry=entry,
                kind=str(known.kind),
                distance=hit.distance if hit else None,
            )
        else:
            self.finding.say(
                f"{words} was held rightly: it meets {counted(self._rows[entry], 'row')}"
            )
