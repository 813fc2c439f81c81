"""The course of a run: plan, scan, decide, write, seal; or, in a rehearsal, only count."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from optout.filter.errors import OutputConflict, ShardError
from optout.filter.evidence import MASK, ShardRecord
from optout.filter.scan import are_hashed_twice
from optout.registry.identifiers import Kind

from .checked import check_snapshot
from .claims import (
    Claimed,
    DecidedMeanwhile,
    Done,
    Elsewhere,
    FinishedMeanwhile,
    known_decision,
    take_over,
)
from .decide import Decision, Tally
from .division import Division, Load, divide, is_interpreted, shortage
from .finished import finished
from .idle import idle_wishes, strange_columns, unmet_entries
from .inputs import discover
from .place import Place
from .plan import Asked, Plan, make_plan
from .progress import Progress
from .rehearsal import Rehearsal
from .report import FailedShard, RunReport, ShardOutcome
from .scan import ScanAndStore, Scanner, ShardTask
from .seal import seal_run
from .survey import Surveyed, survey
from .unplanned import unplanned_shards
from .whereabouts import note_inputs
from .workers import Job, Result, Result_co, Tell, do_all
from .write import Encoding, Writer, outcome_of

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
        cores: how many may be busy.
        memory: bytes to stay within.
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
    cores: int
    memory: int
    progress: Progress
    overwrite: bool
    recheck: bool
    key: SigningKey | None
    failed: dict[str, ShardError] = field(default_factory=dict, init=False)
    _started: float = field(default_factory=time.monotonic, init=False)
    _told: set[str] = field(default_factory=set, init=False)
    _began: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    def rehearse(self) -> RunReport:
        """Scan and count; nothing at all is written."""
        seen = self._survey()
        plan = make_plan(seen, self.asked, self.snapshot)
        self._tell_plan(plan, seen)
        check_snapshot(self.snapshot)
        tasks, tally = self._tasks(plan, seen), Tally()
        division = self._divide(plan, tasks, seen)
        scanner = self._scanner(plan, division)
        rehearsed = []
        for _, shard in self._do(Rehearsal(scanner), tasks, "scan", seen, division):
            tally.add(shard.summary)
            rehearsed.append(shard)
        decision = tally.decide(plan.digest, self.asked.policy, self.failed)
        outcomes = [shard.outcome(scanner, decision.held) for shard in rehearsed]
        return self._ended(self._report(outcomes, decision, dry_run=True))

    def carry_out(self) -> RunReport:
        """Plan, scan, decide, write, seal."""
        seen = self._survey()
        plan = self._freeze_plan(seen)
        self._tell_plan(plan, seen)
        if plan.asked.mode == MASK:
            note_inputs(self.place, [each.shard for each in seen])
        self.failed |= unplanned_shards(plan, seen)
        self.place.tidy()
        tasks = self._tasks(plan, seen)
        earlier = known_decision(self.place, plan.digest)
        decision = earlier
        # What could not be scanned when it was decided speaks now, and may tip the scales.
        if decision is None or {task.name for task in tasks}.intersection(decision.unseen):
            check_snapshot(self.snapshot)
            decision = self._decide(plan, tasks, seen, earlier)
        records = self._finished(plan, earlier, decision, tasks)
        skipped = set(records)
        if decision is earlier and self._left(tasks, records):
            check_snapshot(self.snapshot)
        self._write(plan, decision, tasks, records, skipped, seen)
        while (newer := self._superseding(plan, decision)) is not None:
            records = self._finished(plan, decision, newer, tasks)
            skipped &= records.keys()
            decision = newer
            self._write(plan, decision, tasks, records, skipped, seen)
        taken_over = self._clean_up(plan, decision, seen)
        records |= taken_over
        skipped |= taken_over.keys()
        ordered = [records[name] for name in sorted(records)]
        self._seal(plan, ordered)
        outcomes = [outcome_of(record, skipped=record.shard in skipped) for record in ordered]
        return self._ended(self._report(outcomes, decision))

    def _left(
        self, tasks: Sequence[ShardTask], records: Mapping[str, ShardRecord]
    ) -> list[ShardTask]:
        """The shards that are neither finished nor failed."""
        return [t for t in tasks if t.name not in records and t.name not in self.failed]

    def _write(
        self,
        plan: Plan,
        decision: Decision,
        tasks: Sequence[ShardTask],
        records: dict[str, ShardRecord],
        skipped: set[str],
        seen: Sequence[Surveyed],
    ) -> None:
        """Filter what is left, and add its records; what another run has done is skipped."""
        left = self._left(tasks, records)
        division = self._divide(plan, left, seen)
        job = Writer(
            self._scanner(plan, division),
            self.place,
            plan.digest,
            decision.digest,
            decision.held,
            plan.asked.mode,
            Encoding(division.encoders, plan.asked.compression_level),
        )
        known = FinishedMeanwhile(self.place, plan.digest, decision.digest, self.recheck)
        for task, done in self._claim(job, known, left, "write", seen, division):
            if isinstance(done, Done):
                records[task.name] = done.result
                skipped |= set() if done.here else {task.name}

    def _superseding(self, plan: Plan, decision: Decision) -> Decision | None:
        """What another run has decided meanwhile, where it rests on shards that failed here."""
        theirs = known_decision(self.place, plan.digest)
        more = theirs is not None and set(theirs.unseen) < set(decision.unseen)
        return theirs if more else None

    def _survey(self) -> list[Surveyed]:
        shards = discover(self.inputs)
        self.place.keep_apart(self.inputs, shards)
        seen = survey(shards, self.progress)
        self.failed = {s.shard.name: s.fault for s in seen if s.fault is not None}
        if len(self.failed) == len(seen):
            raise self._report([], None).failure()
        for idle in idle_wishes(self.asked, seen, self.snapshot.size):
            self.progress.note(idle)
        return seen

    def _tell_plan(self, plan: Plan, seen: Sequence[Surveyed]) -> None:
        """What is looked at, and what will meet nothing there."""
        self.progress.planned(plan.columns)
        for note in unmet_entries(plan.columns, plan.asked.policy, self.snapshot):
            self.progress.note(note)
        for note in strange_columns(plan.asked, seen):
            self.progress.note(note)

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
                clear = self.overwrite and bool(unplanned_shards(frozen, seen))
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

    def _divide(self, plan: Plan, tasks: Sequence[ShardTask], seen: Sequence[Surveyed]) -> Division:
        """Who does the work on some shards."""
        groups = {each.shard.name: each.row_groups for each in seen}
        load = Load(
            tuple(task.identity.size for task in tasks),
            sum(groups[task.name] for task in tasks),
            is_interpreted(plan.leaves),
        )
        for told in (shortage(self.cores, self.memory, load), self._twice(plan)):
            if told and told not in self._told:
                self._told.add(told)
                self.progress.note(told)
        return divide(self.cores, self.memory, load)

    def _twice(self, plan: Plan) -> str:
        """That pictures take longer than they mostly do, in words; empty where they do not."""
        kinds = [kind for kind in Kind if self.asked.policy.looks_for(kind)]
        if not are_hashed_twice(self.snapshot, kinds, [leaf.role for leaf in plan.leaves]):
            return ""
        return (
            "every picture is hashed twice, which takes longer: the snapshot holds pictures that "
            "are known by their PDQ alone"
        )

    def _scanner(self, plan: Plan, division: Division) -> Scanner:
        said = {leaf.path for leaf in self.asked.columns}
        required = frozenset(leaf.role for leaf in plan.leaves if leaf.path in said)
        return Scanner(
            self.snapshot,
            self.asked.policy,
            plan.leaves,
            required,
            division.batch_bytes,
            division.threads,
            division.memory // 2,
        )

    def _decide(
        self,
        plan: Plan,
        tasks: Sequence[ShardTask],
        seen: Sequence[Surveyed],
        earlier: Decision | None,
    ) -> Decision:
        """Scan and decide; or find that a run which shares the place has."""
        division = self._divide(plan, tasks, seen)
        scanner = self._scanner(plan, division)
        job = ScanAndStore(scanner, self.place, plan.digest)
        known = DecidedMeanwhile(self.place, plan.digest, earlier.digest if earlier else "")
        summaries = {}
        for task, done in self._claim(job, known, tasks, "scan", seen, division):
            if isinstance(done, Done):
                summaries[task.name] = done.result
        left = [t for t in tasks if t.name not in summaries and t.name not in self.failed]
        if left:
            theirs = known_decision(self.place, plan.digest)
            if theirs and not {task.name for task in tasks}.intersection(theirs.unseen):
                self.progress.stage("decide", None)
                return theirs
            for task, summary in self._do(job, left, "scan", seen, division):
                summaries[task.name] = summary
        tally = Tally()
        for name in sorted(summaries):
            tally.add(summaries[name])
        self.progress.stage("decide", None)
        decision = tally.decide(plan.digest, self.asked.policy, self.failed)
        with self.place.beside.claim(self.place.evidence.decision, wait=True):
            # Of runs that share the place, the one that could scan more decides.
            theirs = self._superseding(plan, decision)
            if theirs is None:
                self._put(self.place.evidence.decision, decision.render())
        return theirs or decision

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

    def _claim(
        self,
        job: _Scanning[Result],
        known: Callable[[ShardTask], Result | Elsewhere | None],
        tasks: Sequence[ShardTask],
        stage: str,
        seen: Sequence[Surveyed],
        division: Division,
    ) -> Iterator[tuple[ShardTask, Done[Result] | Elsewhere]]:
        """Do a job for shards, each in one run only: what another works on is waited for last."""
        if division.processes > 1 and tasks:
            job.scanner.prepare()  # what has to be compiled is compiled once, and not by each
        claimed = Claimed(job, self.place, known)
        taken = []
        for task, done in self._do(claimed, tasks, stage, seen, division):
            if done is Elsewhere.TAKEN:
                taken.append(task)
            else:
                yield task, done
        yield from self._each(dataclasses.replace(claimed, wait=True), taken, division)

    def _do(
        self,
        job: Job[ShardTask, Result],
        tasks: Sequence[ShardTask],
        stage: str,
        seen: Sequence[Surveyed],
        division: Division,
    ) -> Iterator[tuple[ShardTask, Result]]:
        """Do a job for shards; one that fails is noted, the others go on."""
        rows = {each.shard.name: each.rows for each in seen}
        self.progress.stage(stage, sum(rows[task.name] for task in tasks))
        yield from self._each(job, tasks, division)

    def _each(
        self, job: Job[ShardTask, Result], tasks: Sequence[ShardTask], division: Division
    ) -> Iterator[tuple[ShardTask, Result]]:
        for task, result in do_all(
            job,
            tasks,
            workers=division.processes,
            tell=lambda rows, name: self.progress.advance(rows, name),
            threads=division.threads,
        ):
            if isinstance(result, ShardError):
                self.failed[task.name] = result
                self.progress.note(result.message)
            else:
                yield task, result

    def _clean_up(
        self, plan: Plan, decision: Decision, seen: Sequence[Surveyed]
    ) -> dict[str, ShardRecord]:
        """See that OUT holds the shards that the report names, and nothing of the others.

        Returns:
            The records of shards that failed here, and that another run has finished meanwhile:
            what is there holds for the input as it was planned, and so nothing has failed.
        """
        known = FinishedMeanwhile(self.place, plan.digest, decision.digest, self.recheck)
        found = take_over(
            self.place, [each.shard for each in seen if each.shard.name in self.failed], plan, known
        )
        for name in found:
            del self.failed[name]
        if not self.failed:
            # Records and matches hold what is worth keeping; after a failure the scans spare the
            # next run from looking at everything again.
            self.place.forget_scans(plan.inputs)
        self.place.tidy()
        return found

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
        """What the run says."""
        return RunReport(
            sorted(outcomes, key=lambda outcome: outcome.shard),
            decision.reports() if decision else (),
            [
                FailedShard(name, fault.message, fault.advice)
                for name, fault in sorted(self.failed.items())
            ],
            time.monotonic() - self._started,
            dry_run,
        )

    @staticmethod
    def _ended(report: RunReport) -> RunReport:
        """A report without failures; one that has some is raised."""
        if report.failed:
            raise report.failure()
        return report


class _Scanning(Protocol[Result_co]):
    """A job that looks at values, or may have to."""

    scanner: Scanner

    def __call__(self, task: ShardTask, tell: Tell) -> Result_co:
        """Do it for one shard."""
