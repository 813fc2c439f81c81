"""The rows: every one that is left is judged, and every one that was put aside."""

from __future__ import annotations

from dataclasses import dataclass, field

from optout.filter.parquet import ShardReader

from .held import Holding
from .hits import Hit
from .judging import Judge, Leaves, RowVerdict
from .leaves import leaf_values
from .left import Left
from .looking import Look
from .papers import Papers, faults
from .policy import Eligibility
from .reference import Reference
from .report import Finding, counted
from .slips import KernelCheck


@dataclass
class RowCheck:
    """Judges the rows that were left by what was found in them.

    Attributes:
        papers: what the run says.
        left: names the rows.
        eligibility: what binds it.
        judge: looks rows up.
        reference: judges the sample again.
        kernels: hears where the kernels are wrong.
        holding: what is held, and what it meets.
        planned: the leaves of the plan.
        finding: gets every row that should have gone, and words.
        rows: how many were judged.
    """

    papers: Papers
    left: Left
    eligibility: Eligibility
    judge: Judge
    reference: Reference
    kernels: KernelCheck
    holding: Holding
    planned: Leaves
    finding: Finding
    rows: int = 0
    _kept: int = 0
    _aside: int = 0
    _since: int = 0
    _entries_since: set[int] = field(default_factory=set)

    def take(self, look: Look) -> None:
        """Judge some rows of a shard."""
        of_input = self.left.of_inputs
        for judged in look.judged:
            self.reference.ask(
                look.shard, judged.looked, judged.verdicts, look.wanted, of_input=of_input
            )
            where = self.left.words(look.shard)
            self.kernels.take(look.shard, where, judged.slips, judged.weight)
            for row, verdict in sorted(judged.verdicts.items()):
                self._judge(look.shard, row, verdict)
                self.holding.meet(look.shard, row, verdict)
        self.rows += look.rows

    def conclude(self) -> None:
        """Say what was done."""
        if self.left.hidden:
            self.finding.say(
                "no row was judged: the run wrote masks, and without the inputs nothing shows "
                "what they leave"
            )
            return
        leaves = [f"{leaf} as {role}" for leaf, rs in self.judge.leaves.items() for role in rs]
        looked = f" by {', '.join(sorted(leaves))}" if leaves else ", and nothing in them to judge"
        self.finding.say(f"{counted(self.rows, 'row')}, every one judged{looked}")
        if self._aside:
            self.finding.say(f"{counted(self._aside, 'row')} put aside judged too")
        if self._kept:
            self.finding.say(
                f"{counted(self._kept, 'row')} kept by the policy though it cannot be judged"
            )
        if self._since:
            self.finding.say(
                f"a run today would drop {counted(self._since, 'row')} more, for "
                f"{counted(len(self._entries_since), 'entry', 'entries')} in force only since"
            )

    def _judge(self, shard: str, row: int, verdict: RowVerdict) -> None:
        binding = verdict.binding(self.holding.entries)
        where = self.left.words(shard).format(row)
        for hit, leaf in binding:
            self._fault(where, shard, row, hit, leaf)
        if binding:
            return
        broken = [
            (leaf, role)
            for leaf, role in sorted(verdict.unjudgeable)
            if role in self.planned.get(leaf, ())
        ]
        for leaf, role in broken:
            if self.eligibility.policy.action(role) != "keep":
                self.finding.fault(
                    f"{where}: {leaf} cannot be judged as {role}, and the row stayed",
                    shard=shard,
                    row=row,
                    leaf=leaf,
                )
        self._kept += bool(broken)
        since = {hit.entry for hit in verdict.hits.values() if hit.since}
        self._since += bool(since)
        self._entries_since |= since

    def look_aside(self, shard: str) -> None:
        """What was put aside must be what cannot be judged, and nothing that had to be dropped."""
        name = self.papers.names.quarantine(shard)
        if name not in self.papers.beside.files:
            return
        called, path = self.papers.beside.called(name), self.papers.beside.files[name]
        with faults(self.finding, called, shard), ShardReader(path, called) as reader:
            for batch in reader.batches(self.judge.columns(reader.schema)):
                verdicts: dict[int, RowVerdict] = {}
                leaves = leaf_values(batch.data, batch.first_row)
                for judged in self.judge.judge(leaves, pointing=False):
                    verdicts |= judged.verdicts
                for row in range(batch.first_row, batch.first_row + batch.rows):
                    self._judge_aside(called, shard, row, verdicts.get(row, RowVerdict()))
                self._aside += batch.rows

    def _judge_aside(self, called: str, shard: str, row: int, verdict: RowVerdict) -> None:
        for hit, leaf in verdict.binding(self.holding.entries):
            if leaf in self.planned:
                self._fault(f"{called} row {row}", shard, row, hit, leaf)
        if not any(
            role in self.planned.get(leaf, ())
            and self.eligibility.policy.action(role) == "quarantine"
            for leaf, role in verdict.unjudgeable
        ):
            self.finding.fault(
                f"{called} row {row} can be judged, and was put aside", shard=shard, row=row
            )

    def _fault(self, where: str, shard: str, row: int, hit: Hit, leaf: str) -> None:
        self.finding.fault(f"{where}: {hit.words}", shard=shard, row=row, leaf=leaf, **hit.facts)
