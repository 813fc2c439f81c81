"""The audit of a run, check by check."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.evidence import Evidence
from optout.filter.judge import Policy
from optout.registry.errors import SnapshotError, UsageError
from optout.registry.log import VerifierKey
from optout.registry.snapshot import Snapshot

from .columns import check_columns
from .decided import check_plan
from .detection import Detection
from .hashing import Hashing
from .held import Holding
from .history import History, relate
from .hits import Index
from .inputs import Inputs
from .judging import Judge, Leaves, draw_rows
from .lanes import threads
from .leaves import Rows
from .left import Left
from .looking import Looking, Tell
from .manifest import check_manifest
from .papers import Papers
from .pointing import Pointer
from .policy import Eligibility
from .records import check_records
from .reference import Reference
from .removed import InputCheck
from .report import Finding, VerifyReport, counted
from .rows import RowCheck
from .slips import KernelCheck
from .tree import Tree

if TYPE_CHECKING:
    from optout.filter.run import Progress

SAMPLE = 10_000
"""Rows that the reference judges unless it is told otherwise: where the index is wrong about one
row in 3,000, it meets such a row in 96 of 100 audits."""

_SEEDS = 1 << 32


def verify_dataset(
    out: str | Path,
    *,
    snapshot: Snapshot | str | Path,
    inputs: str | Path | Sequence[str | Path] | None = None,
    exhaustive: bool = False,
    sample: int | None = None,
    seed: int | str | None = None,
    key: VerifierKey | str | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Look through what a run made for what should have gone, trusting nothing that it says.

    Whatever is wrong with OUT or its evidence is a fault in the report, and no error.

    Args:
        out: the folder of clean shards; its evidence lies in `OUT.optout/` beside it. Where the run
            wrote masks, OUT may be missing: what it left are the inputs, seen through its vectors,
            and without `inputs` only papers, vectors and matches can be checked.
        snapshot: what is opted out: the one that the run used, or a newer one of the same log.
        inputs: the unfiltered corpus, if OUT is to be held against it: each a file, a folder, a
            glob, or `@LIST`.
        exhaustive: let the reference judge every row.
        sample: how many rows the reference judges; 10,000 by default.
        seed: draws the sample; the report names it. Chosen at random where None: whoever ran the
            filter must not know it beforehand.
        key: whose signature the manifest must bear; where None, it is said whose it bears.
        progress: hears of every step.

    Raises:
        UsageError: OUT or an input is absent, or the arguments exclude each other.
    """
    out = Path(out)
    # Masks leave no OUT, but what they are.
    if not out.is_dir() and not Evidence(out).path(Evidence.plan).is_file():
        raise UsageError(f"{out} is not a folder", "Give the OUT of `optout filter`.")
    if exhaustive and sample is not None:
        raise UsageError("a sample of every row is no sample", "Ask for one of the two.")
    if sample is not None and sample < 0:
        raise UsageError(f"a sample cannot have {sample} rows", "Give a number from 0 on.")
    listed = [inputs] if isinstance(inputs, str | Path) else inputs
    audit = _Audit(
        out,
        Snapshot.of(snapshot),
        None if listed is None else Inputs(listed),
        VerifierKey.parse(key) if isinstance(key, str) else key,
        progress,
    )
    if exhaustive:
        audit.carry_out(None, "")
        return audit.report()
    size = SAMPLE if sample is None else sample
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    audit.carry_out(size, seed)
    return audit.report(seed, size)


class _Audit:
    """One audit on its way."""

    def __init__(
        self,
        out: Path,
        snapshot: Snapshot,
        inputs: Inputs | None,
        key: VerifierKey | None,
        progress: Progress | None,
    ) -> None:
        names = Evidence(out)
        # OUT itself may be reached by a link that the auditor made; nothing in it may be one.
        self._papers = Papers(Tree(out.resolve()), Tree(names.folder), names)
        self._snapshot = snapshot
        self._inputs = inputs
        self._key = key
        self._progress = progress
        self._findings: list[Finding] = []

    def report(self, seed: int | str | None = None, size: int | None = None) -> VerifyReport:
        """What came of it."""
        # What must not be there stands first: it is what the audit is for.
        ordered = sorted(self._findings, key=lambda finding: finding.name != "rows")
        faults = [fault for finding in ordered for fault in finding.faults]
        return VerifyReport([f.check() for f in self._findings], faults, seed, size)

    def carry_out(self, size: int | None, seed: int | str) -> None:
        """Carry out every check, in order.

        Args:
            size: rows that the reference judges; all where None.
            seed: draws them.
        """
        finding = self._finding("snapshot")
        try:
            self._snapshot.check_files()
        except SnapshotError as fault:
            # Whatever is looked up in it means nothing.
            finding.fault(f"{fault.message}; nothing else was looked at")
            return
        with Hashing() as hashing:
            hashing.begin(path for _, path in self._papers.files())
            self._carry_out(finding, hashing, size, seed)

    def _carry_out(
        self, finding: Finding, hashing: Hashing, size: int | None, seed: int | str
    ) -> None:
        papers, manifest = self._papers, self._finding("manifest")
        papers.read_manifest(self._key, manifest)
        history = self._look_at_plan(finding)
        related = history is not None
        history = history or History()
        plan = papers.plan
        papers.read_all()
        eligibility = Eligibility(plan.policy if plan else Policy(), history.grades, history.size)

        # Rows are looked at while files are hashed; what the papers say of them is told before.
        records, columns = self._finding("records"), self._finding("columns")
        left = Left(papers, self._inputs)
        if left.hidden:
            columns.say("without the inputs nothing shows what the masks leave of them")
        looking = Looking(left, columns, threads())
        sizes = looking.sizes()
        detection = Detection()
        checks = _RowChecks(self._snapshot, papers, left, eligibility, history.gone)
        # What the plan names is looked at at once: most often it is all that there is.
        leaves: Leaves = plan.leaves if plan else {}
        drawn = _drawn(sizes, size, seed)
        self._stage("rows", sum(sizes.values()))
        rows = checks.begin(leaves)
        whole = rows.through(looking, drawn, detection, self._tell)
        all_leaves = check_columns(papers, eligibility, detection, columns)
        if all_leaves != leaves:
            again = {shard: drawn[shard] for shard in whole}
            self._stage("rows", sum(sizes[shard] for shard in whole))
            rows = checks.begin(all_leaves)
            whole = rows.through(looking, again, None, self._tell)
        self._findings.append(rows.check.finding)
        for shard in whole:
            rows.check.look_aside(shard)
        rows.reference.settle()
        rows.check.conclude()

        self._stage("files", sum(1 for _ in papers.files()))
        check_manifest(papers, self._key, hashing, manifest, lambda name: self._tell(1, name))
        totals = check_records(papers, records)
        if self._inputs is None:
            records.say("no input was given: what went, went as the matches say")
        else:
            self._look_at_inputs(rows, self._inputs, hashing, size, seed, related=related)
        if related and not left.hidden:
            self._findings.append(rows.holding.finding)
            rows.holding.check(totals, everything=set(whole) >= set(papers.shards))
        if not left.hidden:
            self._findings.append(rows.kernels.finding)
            rows.kernels.conclude()
        self._findings.append(rows.reference.finding)
        rows.reference.conclude(size, seed)

    def _look_at_plan(self, snapshot: Finding) -> History | None:
        """Read the plan; None where the snapshot at hand is of another log than the run's.

        Args:
            snapshot: the check of the snapshot, which is completed.
        """
        papers = self._papers
        check_plan(papers, self._snapshot, self._finding("plan"))
        counts = self._snapshot.counts
        snapshot.say(
            f"{self._snapshot.origin} at {self._snapshot.size:,}: "
            f"{counted(counts['entries'], 'entry', 'entries')} in force, "
            f"every file as signed by {self._snapshot.key}"
        )
        if papers.plan is None:
            snapshot.say("the run's own is not known")
            return None
        history = relate(self._snapshot, papers.plan.recorded, snapshot)
        return None if snapshot.count else history

    def _look_at_inputs(
        self,
        rows: _Rows,
        inputs: Inputs,
        hashing: Hashing,
        size: int | None,
        seed: int | str,
        *,
        related: bool,
    ) -> None:
        papers = self._papers
        self._stage("inputs", sum(record.rows_in for record in papers.records.values()))
        removed = ((shard, papers.removed(shard)) for shard in papers.records)
        went = {shard: 0 if rows is None else len(rows) for shard, rows in removed}
        same = self._finding("inputs")
        # Whether a row had to go can be told only from what the run knew.
        drops = self._finding("drops") if related else Finding("drops")
        check = InputCheck(
            papers,
            inputs,
            rows.judge,
            rows.reference,
            rows.holding,
            rows.check.planned,
            hashing,
            threads(),
            same,
            drops,
        )
        check.look(_drawn(went, size, f"{seed}/went"), self._tell)
        rows.reference.settle()
        check.conclude()

    def _finding(self, name: str) -> Finding:
        self._findings.append(Finding(name))
        return self._findings[-1]

    def _stage(self, name: str, total: int) -> None:
        if self._progress is not None:
            self._progress.stage(name, total)

    def _tell(self, count: int, name: str) -> None:
        if self._progress is not None:
            self._progress.advance(count, name)


def _drawn(
    sizes: Mapping[str, int], size: int | None, seed: int | str
) -> Mapping[str, Rows | None]:
    """By shard, the rows that the reference judges; None where it judges all."""
    return dict.fromkeys(sizes) if size is None else draw_rows(sizes, size, seed)


@dataclass(frozen=True, slots=True)
class _RowChecks:
    """What judges rows, whichever leaves these are judged by."""

    snapshot: Snapshot
    papers: Papers
    left: Left
    eligibility: Eligibility
    gone: frozenset[int]

    def begin(self, leaves: Leaves) -> _Rows:
        """Judge rows by some leaves; nothing was found yet."""
        roles = {role for roles in leaves.values() for role in roles}
        pointer = Pointer(self.snapshot, self.eligibility, roles)
        judge = Judge(Index(self.snapshot, self.eligibility), self.eligibility, leaves, pointer)
        reference = Reference(self.snapshot, self.eligibility, Finding("reference"))
        kernels = KernelCheck(Finding("kernels"), pointer.compiled)
        planned = self.papers.plan.leaves if self.papers.plan else leaves
        holding = Holding(self.papers, self.eligibility, planned, self.gone, Finding("held"))
        check = RowCheck(
            self.papers,
            self.left,
            self.eligibility,
            judge,
            reference,
            kernels,
            holding,
            planned,
            Finding("rows"),
        )
        return _Rows(judge, reference, kernels, holding, check)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What judges rows, and what it has found."""

    judge: Judge
    reference: Reference
    kernels: KernelCheck
    holding: Holding
    check: RowCheck

    def through(
        self,
        looking: Looking,
        drawn: Mapping[str, Rows | None],
        detection: Detection | None,
        tell: Tell,
    ) -> list[str]:
        """Look through shards; returns those that could be."""
        whole = []
        for shard in looking.through(drawn, self.judge, detection, self.check.take, tell):
            self.holding.settle(shard)
            whole.append(shard)
        return whole
