"""`apply_masks`: from deletion vectors to the shards that a rewrite would have written.

It is a rewrite that knows its verdicts. First the place becomes that of an interrupted rewrite,
by its plan; then shard after shard is written from input and vector, its record last. At every
moment it can be stopped, and done again.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.errors import EvidenceError, ShardError, SomeShardsFailed
from optout.filter.evidence import MASK, REWRITE, RunFacts, ShardRecord, read_manifest
from optout.filter.parquet import InputIdentity, identity

from .claims import Claimed, Done, Elsewhere, FinishedMeanwhile
from .division import Load, check_limits, divide
from .finished import finished
from .inputs import Shard
from .place import Place
from .progress import Progress, Silence
from .report import FailedShard, RunReport
from .run import MEMORY
from .scan import ShardTask
from .seal import moment, seal_facts
from .vectors import Masks, check_input
from .whereabouts import find_inputs
from .workers import Tell, do_all
from .write import Encoding, outcome_of, put_record, write_shard

if TYPE_CHECKING:
    from optout.registry.log import SigningKey

_AGAIN = "Run the same `optout filter --mode mask` again: it makes anew what is missing."

_ROW_GROUP_BYTES = 32 << 20


def apply_masks(
    out: str | Path,
    *,
    inputs: str | Path | Sequence[str | Path] | None = None,
    workers: int | None = None,
    memory: int = MEMORY,
    progress: Progress | None = None,
    key: SigningKey | None = None,
) -> RunReport:
    """Write to OUT the shards that masks stand for: the bytes that a rewrite would have written.

    Run again after an interruption, it goes on where it stopped; after its end, it finds that
    nothing is left to do.

    Args:
        out: what `filter_dataset(…, mode="mask")` was given.
        inputs: where the inputs lie now, where they were moved since.
        workers: how many cores to keep busy; every core this process may use where None.
        memory: bytes to stay within.
        progress: hears of every step; closed at the end.
        key: signs the manifest; the operator's own key where None.

    Returns:
        What was kept, dropped, put aside, held.

    Raises:
        UsageError: an argument means nothing.
        ShardError: an input is not there, or no longer the one that was scanned; nothing was done.
        EvidenceError: the masks are missing, unfinished or damaged.
        StorageError: OUT cannot be written.
        SomeShardsFailed: the others are there; the report says which failed and why.
    """
    heard = progress or Silence()
    cores = check_limits(workers, memory)
    said = [inputs] if isinstance(inputs, str | Path) else inputs
    place = Place.at(Path(out))
    try:
        return _Application(place, said, cores, memory, heard, key).carry_out()
    finally:
        heard.close()


@dataclass
class Applier:
    """The job of applying: writes one shard a call; picklable.

    Attributes:
        masks: all of them.
        encoding: how what is encoded anew is encoded.
    """

    masks: Masks
    encoding: Encoding

    def __call__(self, task: ShardTask, tell: Tell) -> ShardRecord:
        """Write a shard, what is put aside of it, and its record.

        Raises:
            ShardError: the input is no longer the one that was scanned, or cannot be read, or the
                mask is damaged; the mask stays.
            StorageError: OUT cannot be written.
        """
        place = self.masks.place
        try:
            return self._apply(task, tell)
        except ShardError:
            place.out.delete(task.name)
            place.beside.delete(place.evidence.quarantine(task.name))
            raise

    def _apply(self, task: ShardTask, tell: Tell) -> ShardRecord:
        masks = self.masks
        try:
            mask = masks.record(task.name)
            if mask is None:
                raise EvidenceError(f"{task.name} has no mask", _AGAIN)
            removed, quarantined = masks.removed(mask), masks.quarantined(mask)
        except EvidenceError as fault:
            raise ShardError(task.name, fault.message, fault.advice) from fault
        seen = check_input(mask, task.shard.path)
        written = write_shard(masks.place, task, mask.rows_in, removed, quarantined, self.encoding)
        known = mask.source.sha256 in (None, written.source)
        if not known or identity(task.shard.path, task.name) != seen:
            raise ShardError(
                task.name,
                f"{task.name} is no longer the input that was scanned",
                "Filter the corpus as it is now.",
            )
        record = dataclasses.replace(
            mask,
            source=dataclasses.replace(mask.source, sha256=written.source),
            plan=masks.applied.digest,
            decision=masks.decided.digest,
            mode=REWRITE,
            how=written.how,
            why=written.why,
            output=written.output,
            quarantine=written.quarantine,
        )
        put_record(masks.place, record)
        tell(record.rows_in, task.name)
        return record


@dataclass
class _Application:
    place: Place
    said: Sequence[str | Path] | None
    cores: int
    memory: int
    progress: Progress
    key: SigningKey | None
    failed: dict[str, ShardError] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def carry_out(self) -> RunReport:
        """Find what is to do, refuse what has changed, write, seal."""
        masks = Masks.at(self.place)
        facts, unfinished = self._facts(masks)
        records, left = {}, list[ShardTask]()
        paths = find_inputs(self.place, self.said)
        for name, planned in masks.applied.inputs.items():
            record = masks.record(name)
            if record is None or planned is None:
                why = unfinished.get(name, f"{name} has no mask")
                self.failed[name] = ShardError(name, why, _AGAIN)
                continue
            task = ShardTask(Shard(name, paths.get(name, Path(name))), _identity(record))
            done = self._finished(masks, task, record)
            if done is None:
                check_input(record, paths.get(name))
                left.append(task)
            else:
                records[name] = done
        skipped = set(records)
        if not records and not left:
            raise EvidenceError(f"{self.place.evidence.folder} holds no finished mask", _AGAIN)
        self._begin(masks)
        for task, result in self._write(masks, left):
            records[task.name] = result.result
            skipped |= set() if result.here else {task.name}
        ordered = [records[name] for name in sorted(records)]
        self._end(facts, ordered)
        return self._report(masks, ordered, skipped)

    def _facts(self, masks: Masks) -> tuple[RunFacts, dict[str, str]]:
        """What the run's manifest says of it, and of the shards that it could not filter."""
        name = self.place.evidence.manifest
        if not self.place.beside.exists(name):
            raise EvidenceError(f"{self.place.evidence.path(name)} is missing", _AGAIN)
        with self.place.beside.open(name) as stream:
            manifest = read_manifest(stream.read(), name)
        facts = RunFacts.of(manifest)
        if facts.snapshot_sha256 != masks.applied.snapshot.get("digest"):
            raise EvidenceError(f"{name} is about another run than the plan", _AGAIN)
        return facts, manifest.failed

    def _finished(self, masks: Masks, task: ShardTask, record: ShardRecord) -> ShardRecord | None:
        if record.mode == MASK:
            return None
        return finished(self.place, task, masks.applied.digest, {masks.decided.digest})

    def _begin(self, masks: Masks) -> None:
        """Make the place that of a rewrite, its plan first: nothing takes it for a mask's now."""
        names, beside = self.place.evidence, self.place.beside
        self.place.tidy()
        if not masks.begun:
            plan = masks.applied.render()
            beside.put(names.plan, lambda stream: stream.write(plan))
        if masks.decision.plan != masks.applied.digest:
            decision = masks.decided.render()
            beside.put(names.decision, lambda stream: stream.write(decision))

    def _write(
        self, masks: Masks, left: Sequence[ShardTask]
    ) -> list[tuple[ShardTask, Done[ShardRecord]]]:
        rows = sum(record.rows_in for t in left if (record := masks.record(t.name)))
        self.progress.stage("write", rows)
        sizes = tuple(task.identity.size for task in left)
        division = divide(self.cores, self.memory, Load(sizes, _row_groups(sizes), False))
        encoding = Encoding(division.encoders, masks.applied.asked.compression_level)
        known = FinishedMeanwhile(
            self.place, masks.applied.digest, masks.decided.digest, recheck=False
        )
        done, claimed = [], Claimed(Applier(masks, encoding), self.place, known)
        tasks = left
        while left:
            taken = []
            for task, result in do_all(
                claimed,
                left,
                workers=division.processes,
                tell=lambda rows, name: self.progress.advance(rows, name),
                threads=division.threads,
            ):
                if isinstance(result, ShardError):
                    self.failed[task.name] = result
                    self.progress.note(result.message)
                elif isinstance(result, Elsewhere):
                    taken.append(task)
                else:
                    done.append((task, result))
            left, claimed = taken, dataclasses.replace(claimed, wait=True)
        return done + self._taken_over(tasks, known)

    def _taken_over(
        self, tasks: Sequence[ShardTask], known: FinishedMeanwhile
    ) -> list[tuple[ShardTask, Done[ShardRecord]]]:
        """What failed here, and was finished meanwhile by a run that shares the place."""
        found = []
        for task in tasks:
            if task.name in self.failed:
                with self.place.beside.claim(task.name, wait=True):
                    record = known(task)
                if record is not None:
                    del self.failed[task.name]
                    found.append((task, Done(record, here=False)))
        return found

    def _end(self, facts: RunFacts, records: Sequence[ShardRecord]) -> None:
        if not self.failed:
            self.place.beside.delete(self.place.evidence.inputs)
        self.place.tidy()
        facts = dataclasses.replace(
            facts, mode=REWRITE, started=moment(self.began), finished=moment(datetime.now(UTC))
        )
        failed = {name: fault.message for name, fault in sorted(self.failed.items())}
        seal_facts(self.place, facts, records, failed, key=self.key)

    def _report(self, masks: Masks, records: Sequence[ShardRecord], skipped: set[str]) -> RunReport:
        report = RunReport(
            [outcome_of(record, skipped=record.shard in skipped) for record in records],
            masks.decision.reports(),
            [FailedShard(n, f.message, f.advice) for n, f in sorted(self.failed.items())],
            time.monotonic() - self.started,
        )
        if self.failed:
            first = report.failed[0]
            raise SomeShardsFailed(
                f"{len(self.failed)} of {len(self.failed) + report.shards} shards failed, "
                f"the first: {first.message}",
                first.advice,
                report,
            )
        return report


def _row_groups(sizes: Sequence[int]) -> int:
    """How many row groups shards have, roughly: their footers are not worth reading for it."""
    return sum(1 + size // _ROW_GROUP_BYTES for size in sizes)


def _identity(record: ShardRecord) -> InputIdentity:
    source = record.source
    return InputIdentity(source.size, source.footer_sha256, source.mtime_ns)
