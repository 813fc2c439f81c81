"""The course of a run: plan, scan, decide, write, seal; or, in a rehearsal, only count."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from optout.filter.errors import EvidenceError, OutputConflict, ShardError, SomeShardsFailed
from optout.filter.evidence import ShardRecord

from .decide import Decision, Tally
from .finished import finished
from .inputs import discover
from .place import Place
from .plan import Asked, Plan, make_plan, unplanned
from .progress import Progress
from .rehearsal import Rehearsal
from .report import FailedShard, RunReport, ShardOutcome
from .scan import ScanAndStore, Scanner, ShardTask
from .seal import seal_run
from .survey import Surveyed, survey
from .workers import PAYS_FROM, Job, Result, do_all
from .write import Writer, outcome_of

if TYPE_CHECKING:
    from optout.registry.log import SigningKey
    from optout.registry.snapshot import Snapshot


@dataclass
class Course:
    """One run; the attributes are the arguments of `filter_dataset`, and what is known so far.

    Attributes:
        inputs: as they were asked for.
        place: where shards and evidence go.
        snapshot: what is obeyed.
        asked: everything of a plan that is not found out.
        workers: processes.
        batch_bytes: the size of what is looked at together.
        progress: hears of every step.
        overwrite: whether what another plan left is replaced.
        recheck: whether finished shards are hashed.
        key: signs the manifest; the operator's own where None.
        failed: shards that are not in OUT, by name.
    """

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
    failed: dict[str, ShardError] = field(default_factory=dict, init=False)
    _started: float = field(default_factory=time.monotonic, init=False)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    def rehearse(self) -> RunReport:
        """Scan and count; nothing at all is written."""
        seen = self._survey()
        plan = make_plan(seen, self.asked, self.snapshot)
        self.snapshot.check_files()
        scanner, tally = self._scanner(plan), Tally()
        rehearsed = []
        for _, shard in self._do(Rehearsal(scanner), self._tasks(plan, seen), "scan", seen):
            tally.add(shard.summary)
            rehearsed.append(shard)
        decision = tally.decide(plan.digest, self.asked.policy, self.failed)
        outcomes = [shard.outcome(scanner, decision.held) for shard in rehearsed]
        return self._report(outcomes, decision, dry_run=True)

    def carry_out(self) -> RunReport:
        """Plan, scan, decide, write, seal."""
        seen = self._survey()
        plan = self._freeze_plan(seen)
        self.failed |= _unplanned(plan, seen)
        self.place.tidy()
        tasks = self._tasks(plan, seen)
        earlier = self._known_decision(plan)
        decision = earlier
        # What could not be scanned when it was decided speaks now, and may tip the scales.
        if decision is None or {task.name for task in tasks}.intersection(decision.unseen):
            self.snapshot.check_files()
            decision = self._decide(plan, tasks, seen)
        records = self._finished(plan, earlier, decision, tasks)
        skipped = frozenset(records)
        left = [t for t in tasks if t.name not in records and t.name not in self.failed]
        if left and decision is earlier:
            self.snapshot.check_files()
        writer = Writer(
            self._scanner(plan), self.place, plan.digest, decision.digest, decision.held
        )
        records |= {task.name: record for task, record in self._do(writer, left, "write", seen)}
        self._clean_up(plan.inputs)
        ordered = [records[name] for name in sorted(records)]
        self._seal(plan, ordered)
        outcomes = [outcome_of(record, skipped=record.shard in skipped) for record in ordered]
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
        clear = False
        try:
            frozen = self.place.claim(self.asked, seen, self.snapshot)
        except OutputConflict:
            if not self.overwrite:
                raise
            clear = True
        else:
            if frozen is not None:
                clear = self.overwrite and bool(_unplanned(frozen, seen))
                if not clear:
                    return frozen
        plan = make_plan(seen, self.asked, self.snapshot)  # before anything is removed
        if clear:
            self.place.clear()
        self._put(self.place.evidence.plan, plan.render())
        return plan

    def _put(self, name: str, data: bytes) -> None:
        self.place.beside.put(name, lambda stream: stream.write(data))

    def _tasks(self, plan: Plan, seen: Sequence[Surveyed]) -> list[ShardTask]:
        """The shards that can be worked on, each as the plan knows it."""
        return [
            ShardTask(each.shard, plan.inputs[each.shard.name] or each.identity)
            for each in seen
            if each.identity is not None and each.shard.name not in self.failed
        ]

    def _scanner(self, plan: Plan) -> Scanner:
        said = {leaf.path for leaf in self.asked.columns}
        required = frozenset(leaf.role for leaf in plan.leaves if leaf.path in said)
        return Scanner(self.snapshot, self.asked.policy, plan.leaves, required, self.batch_bytes)

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

    def _decide(self, plan: Plan, tasks: Sequence[ShardTask], seen: Sequence[Surveyed]) -> Decision:
        tally = Tally()
        job = ScanAndStore(self._scanner(plan), self.place, plan.digest)
        for _, summary in self._do(job, tasks, "scan", seen):
            tally.add(summary)
        self.progress.stage("decide", None)
        decision = tally.decide(plan.digest, self.asked.policy, self.failed)
        self._put(self.place.evidence.decision, decision.render())
        return decision

    def _finished(
        self,
        plan: Plan,
        earlier: Decision | None,
        decision: Decision,
        tasks: Sequence[ShardTask],
    ) -> dict[str, ShardRecord]:
        """The records of shards for which nothing is left to do.

        What was filtered under an earlier decision stays where both hold the same entries: its
        record then names the decision that is in force.
        """
        same = earlier is not None and earlier.held == decision.held
        known = {decision.digest, earlier.digest} if same and earlier else {decision.digest}
        found = {}
        for task in tasks:
            if task.name in self.failed:
                continue
            record = finished(self.place, task, plan.digest, known, recheck=self.recheck)
            if record is not None and record.decision != decision.digest:
                record = dataclasses.replace(record, decision=decision.digest)
                self._put(self.place.evidence.record(task.name), record.render())
            if record is not None:
                found[task.name] = record
        return found

    def _do(
        self,
        job: Job[ShardTask, Result],
        tasks: Sequence[ShardTask],
        stage: str,
        seen: Sequence[Surveyed],
    ) -> Iterator[tuple[ShardTask, Result]]:
        """Do a job for shards; one that fails is noted, the others go on."""
        rows = {each.shard.name: each.rows for each in seen}
        self.progress.stage(stage, sum(rows[task.name] for task in tasks))
        pays = sum(task.identity.size for task in tasks) >= PAYS_FROM
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
                yield task, result

    def _clean_up(self, names: Iterable[str]) -> None:
        """OUT holds the shards that the report names, and nothing of the others."""
        for name in self.failed:
            self.place.forget(name)
        if not self.failed:
            # Records and matches hold what is worth keeping; after a failure the scans spare the
            # next run from looking at everything again.
            self.place.forget_scans(names)
        self.place.tidy()

    def _seal(self, plan: Plan, records: Sequence[ShardRecord]) -> None:
        seal_run(
            self.place,
            self.snapshot,
            plan,
            records,
            {name: fault.message for name, fault in sorted(self.failed.items())},
            began=self._began,
            key=self.key,
        )

    def _report(
        self,
        outcomes: Iterable[ShardOutcome],
        decision: Decision | None,
        *,
        dry_run: bool = False,
    ) -> RunReport:
        """What the run says, or, where shards failed, raises."""
        report = RunReport(
            sorted(outcomes, key=lambda outcome: outcome.shard),
            decision.reports() if decision else (),
            [
                FailedShard(name, fault.message, fault.advice)
                for name, fault in sorted(self.failed.items())
            ],
            time.monotonic() - self._started,
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


def _unplanned(plan: Plan, seen: Sequence[Surveyed]) -> dict[str, ShardError]:
    """Shards that could not be planned for: they must not pass with columns unlooked at."""
    faults = {}
    for each in seen:
        name = each.shard.name
        if each.identity is None or plan.inputs[name] is not None:
            continue
        columns = ", ".join(unplanned(plan, each))
        if columns:
            faults[name] = ShardError(
                name,
                f"{name} could not be read when the run was planned: the plan does not look at "
                f"its {columns}",
                "Filter it into an OUT of its own, or everything anew with --overwrite.",
            )
    return faults
