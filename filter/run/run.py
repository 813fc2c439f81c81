"""One run over a corpus, from its inputs to a signed manifest."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.errors import EvidenceError, ShardError, SomeShardsFailed
from optout.filter.evidence import ShardRecord
from optout.filter.judge import Policy
from optout.registry.errors import UsageError

from .decide import Decision, decide
from .finished import finished
from .inputs import Shard, discover
from .place import Place
from .plan import Asked, Plan, make_plan
from .progress import Progress, Silence
from .report import FailedShard, RunReport, ShardOutcome
from .scan import ScanAndStore, Scanner, ScanSummary, ShardScan, ShardTask
from .seal import seal_run
from .survey import Surveyed, survey
from .workers import PAYS_FROM, Job, Result, do_all
from .write import Writer, outcome_of, verdicts_of

if TYPE_CHECKING:
    from optout.registry.log import SigningKey
    from optout.registry.snapshot import Snapshot

MEMORY = 2 << 30
"""Bytes that a run stays within, unless it is told otherwise."""

_SMALLEST_BATCH, _LARGEST_BATCH = 1 << 20, 16 << 20
_BATCHES_IN_MEMORY = 32
"""How many times a batch is in memory at most: as read, as Python values, decoded."""


def filter_dataset(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    snapshot: Snapshot,
    policy: Policy | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    exclude: Sequence[str] = (),
    workers: int | None = None,
    memory: int = MEMORY,
    dry_run: bool = False,
    overwrite: bool = False,
    recheck: bool = False,
    progress: Progress | None = None,
    key: SigningKey | None = None,
) -> RunReport:
    """Write to OUT every row of a corpus that no entry covers, and evidence beside it.

    Run again after an interruption, it goes on where it stopped, and ends in the same bytes.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`.
        out: the folder for the clean shards; evidence goes to `OUT.optout/` beside it.
        snapshot: what is opted out.
        policy: which entries are obeyed; DESIGN's defaults where None.
        columns: by role (`url`, `image`, `sha256`), paths whose role is known; other columns are
            detected by name, type and sampled values all the same.
        exclude: paths that are not looked at.
        workers: processes; one for every core this process may use where None. Little input is
            filtered without any.
        memory: bytes to stay within.
        dry_run: scan and count; nothing at all is written.
        overwrite: replace what another plan left in OUT.
        recheck: hash what an earlier run finished instead of trusting sizes and times.
        progress: hears of every step; closed at the end.
        key: signs the manifest; the operator's own key where None.

    Returns:
        What was kept, dropped, put aside, held.

    Raises:
        UsageError: an input is absent, or an argument means nothing.
        NothingMatchable: no column can be matched.
        OutputConflict: OUT holds, or would hold, something else.
        SnapshotError: the snapshot is damaged.
        StorageError: OUT cannot be written.
        SomeShardsFailed: the others are finished; the report says which failed and why.
    """
    listed = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    count = _worker_count(workers)
    if memory < _SMALLEST_BATCH * _BATCHES_IN_MEMORY:
        raise UsageError(f"{memory} bytes of memory are too few", "Give at least 64 MiB.")
    run = _Run(
        inputs=[str(text) for text in listed],
        place=Place.at(Path(out)),
        snapshot=snapshot,
        asked=Asked.of(policy, columns, exclude),
        workers=count,
        batch_bytes=min(_LARGEST_BATCH, memory // (count * _BATCHES_IN_MEMORY)),
        progress=progress or Silence(),
        overwrite=overwrite,
        recheck=recheck,
        key=key,
    )
    try:
        return run.rehearse() if dry_run else run.carry_out()
    finally:
        run.progress.close()


@dataclass
class _Run:
    """What one run holds in its hands."""

    inputs: Sequence[str]
    place: Place
    snapshot: Snapshot
    asked: Asked
    workers: int
    batch_bytes: int
    progress: Progress
    overwrite: bool
    recheck: bool
    key: SigningKey | None
    started: float = field(default_factory=time.monotonic)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    failed: dict[str, ShardError] = field(default_factory=dict)

    def rehearse(self) -> RunReport:
        """Scan and count; nothing at all is written."""
        seen = self._survey()
        plan = make_plan(seen, self.asked, self.snapshot)
        self.snapshot.check_files()
        scanner = self._scanner(plan)
        scans = self._do(_Rehearsal(scanner), self._tasks(plan, seen), "scan", seen)
        summaries = [scan.summary for scan in scans.values()]
        decision = decide(plan.digest, self.asked.policy, summaries, sorted(self.failed))
        outcomes = [_rehearsed(scans[name], scanner, decision) for name in sorted(scans)]
        return self._report(outcomes, decision, dry_run=True)

    def carry_out(self) -> RunReport:
        """Plan, scan, decide, write."""
        seen = self._survey()
        plan = self._freeze_plan(seen)
        tasks = self._tasks(plan, seen)
        self.place.tidy()
        decision = self._known_decision(plan)
        records = {} if decision is None else self._finished(plan, decision, tasks)
        skipped = frozenset(records)
        if len(records) < len(tasks):
            self.snapshot.check_files()
        if decision is None:
            decision = self._decide(plan, tasks, seen)
            # Where only the decision was lost, the shards may well be there.
            records = self._finished(plan, decision, tasks)
            skipped = frozenset(records)
        left = [t for t in tasks if t.name not in records and t.name not in self.failed]
        writer = Writer(
            self._scanner(plan), self.place, plan.digest, decision.digest, decision.held
        )
        records |= self._do(writer, left, "write", seen)
        self.place.forget_scans()
        self.place.tidy()
        self._seal(plan, [records[name] for name in sorted(records)])
        outcomes = [
            outcome_of(records[name], skipped=name in skipped) for name in sorted(records)
        ]
        return self._report(outcomes, decision)

    def _survey(self) -> list[Surveyed]:
        shards = discover(self.inputs)
        self.place.keep_apart(self.inputs, shards)
        seen = survey(shards, self.progress)
        self.failed = {s.shard.name: s.fault for s in seen if s.fault is not None}
        if len(self.failed) == len(seen):
            raise self._failure(self._report([], None))
        return seen

    def _freeze_plan(self, seen: Sequence[Surveyed]) -> Plan:
        """The plan that is in force: an interrupted run's own, or a new one."""
        place = self.place
        plan: Plan | None = None
        if self.overwrite:
            try:
                plan = place.claim(self.asked, seen, self.snapshot)
            except OutputConflict:
                fresh = make_plan(seen, self.asked, self.snapshot)  # before anything is removed
                place.clear()
                return self._write_plan(fresh)
        else:
            plan = place.claim(self.asked, seen, self.snapshot)
        if plan is None:
            plan = self._write_plan(make_plan(seen, self.asked, self.snapshot))
        return plan

    def _write_plan(self, plan: Plan) -> Plan:
        data = plan.render()
        self.place.beside.put(self.place.evidence.plan, lambda stream: stream.write(data))
        return plan

    def _tasks(self, plan: Plan, seen: Sequence[Surveyed]) -> list[ShardTask]:
        """The shards that can be worked on, each as the plan knows it."""
        tasks = []
        for each in seen:
            identity = plan.inputs[each.shard.name] or each.identity
            if identity is not None:
                tasks.append(ShardTask(each.shard, identity))
        return tasks

    def _scanner(self, plan: Plan) -> Scanner:
        said = {leaf.path for leaf in self.asked.columns}
        required = frozenset(leaf.role for leaf in plan.leaves if leaf.path in said)
        return Scanner(
            self.snapshot, self.asked.policy, plan.leaves, required, self.batch_bytes
        )

    def _known_decision(self, plan: Plan) -> Decision | None:
        """The frozen decision of this plan; a damaged one is taken anew."""
        beside, name = self.place.beside, self.place.evidence.decision
        if not beside.exists(name):
            return None
        try:
            with beside.open(name) as stream:
                decision = Decision.parse(stream.read(), name)
        except EvidenceError:
            return None
        return decision if decision.plan == plan.digest else None

    def _finished(
        self, plan: Plan, decision: Decision, tasks: Sequence[ShardTask]
    ) -> dict[str, ShardRecord]:
        found = {}
        for task in tasks:
            record = finished(
                self.place, task, plan.digest, decision.digest, recheck=self.recheck
            )
            if record is not None:
                found[task.name] = record
        return found

    def _decide(
        self, plan: Plan, tasks: Sequence[ShardTask], seen: Sequence[Surveyed]
    ) -> Decision:
        job = ScanAndStore(self._scanner(plan), self.place, plan.digest)
        readable = [task for task in tasks if task.name not in self.failed]
        scans: dict[str, ScanSummary] = self._do(job, readable, "scan", seen)
        self.progress.stage("decide", None)
        decision = decide(
            plan.digest, self.asked.policy, list(scans.values()), sorted(self.failed)
        )
        data = decision.render()
        self.place.beside.put(self.place.evidence.decision, lambda stream: stream.write(data))
        return decision

    def _do(
        self,
        job: Job[ShardTask, Result],
        tasks: Sequence[ShardTask],
        stage: str,
        seen: Sequence[Surveyed],
    ) -> dict[str, Result]:
        """Do a job for shards; one that fails is noted, the others go on."""
        rows = {each.shard.name: each.rows for each in seen}
        self.progress.stage(stage, sum(rows[task.name] for task in tasks))
        pays = sum(task.identity.size for task in tasks) >= PAYS_FROM
        done: dict[str, Result] = {}
        for task, result in do_all(
            job,
            tasks,
            workers=self.workers if pays else 1,
            tell=lambda rows, name: self.progress.advance(rows, name),
        ):
            if isinstance(result, ShardError):
                self.failed[task.name] = result
                self.progress.note(result.message)
            else:
                done[task.name] = result
        return done

    def _seal(self, plan: Plan, records: Sequence[ShardRecord]) -> None:
        seal_run(
            self.place,
            self.snapshot,
            plan,
            records,
            {name: fault.message for name, fault in sorted(self.failed.items())},
            began=self.began,
            key=self.key,
        )

    def _report(
        self,
        outcomes: Sequence[ShardOutcome],
        decision: Decision | None,
        *,
        dry_run: bool = False,
    ) -> RunReport:
        """What the run says, or, where shards failed, raises."""
        report = RunReport(
            outcomes,
            decision.reports() if decision else (),
            [
                FailedShard(name, fault.message, fault.advice)
                for name, fault in sorted(self.failed.items())
            ],
            time.monotonic() - self.started,
            dry_run,
        )
        if self.failed:
            raise self._failure(report)
        return report

    def _failure(self, report: RunReport) -> SomeShardsFailed:
        total = len(self.failed) + report.shards
        first = report.failed[0]
        return SomeShardsFailed(
            f"{len(self.failed)} of {total} shards failed, the first: {first.message}",
            first.advice,
            report,
        )
