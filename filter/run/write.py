"""The fourth step: a clean shard, or none but a mask, and the evidence, its record last."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.filter.errors import ShardError
from optout.filter.evidence import (
    MASK,
    MASKED,
    REWRITE,
    FileDigest,
    ShardRecord,
    SourceDigest,
    write_matches,
)
from optout.filter.judge import Verdicts, give_verdicts
from optout.filter.parquet import RewriteReport, encode_vector, identity, rewrite, shard_faults

from .digests import hashed_beside
from .place import Place
from .report import ShardOutcome
from .scan import Scanner, ShardTask, load_scan
from .workers import Tell

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How rows are encoded anew.

    Attributes:
        threads: how many row groups at once; no byte depends on it.
        level: of the codec, where it has one and its footer does not tell; its usual one where
            None.
    """

    threads: int = 1
    level: int | None = None


@dataclass
class Writer:
    """The job of the fourth step: filters one shard a call; picklable.

    Attributes:
        scanner: scans again where the result of the scan is gone.
        place: where shards and evidence go.
        plan: the run's digest.
        decision: the decision's digest.
        held: the entries that are not obeyed.
        mode: `rewrite`, or `mask`: no shard is written.
        encoding: how what is encoded anew is encoded.
    """

    scanner: Scanner
    place: Place
    plan: str
    decision: str
    held: frozenset[int]
    mode: str = REWRITE
    encoding: Encoding = field(default_factory=Encoding)

    def __call__(self, task: ShardTask, tell: Tell) -> ShardRecord:
        """Write a shard and its evidence.

        Raises:
            ShardError: it cannot be read or written again, or has changed; nothing of it is left.
            StorageError: OUT cannot be written.
        """
        try:
            return self._write(task, tell)
        except ShardError:
            # OUT holds shards that are right, or none: not what an earlier input was.
            self.place.forget(task.name)
            raise

    def _write(self, task: ShardTask, tell: Tell) -> ShardRecord:
        task.check_unchanged(identity(task.shard.path, task.name))
        scan = load_scan(self.place, task, self.plan)
        if scan is None:
            scan = self.scanner.scan(task, lambda _rows, _name: None)
        found, scanner = scan.findings.found, self.scanner
        verdicts = give_verdicts(found, scanner.leaves, scanner.policy, self.held)
        written = None
        if self.mode != MASK:
            written = write_shard(
                self.place,
                task,
                scan.summary.rows,
                verdicts.removed,
                verdicts.quarantined,
                self.encoding,
            )
        names = self.place.evidence
        vector = self._put(names.vector(task.name), encode_vector(verdicts.removed))
        matches = self._put(names.matches(task.name), self._matches(verdicts))
        source = _source(task, written.source if written else None)
        record = ShardRecord(
            shard=task.name,
            plan=self.plan,
            decision=self.decision,
            mode=self.mode,
            how=written.how if written else MASKED,
            why=written.why if written else "",
            source=source,
            output=written.output if written else None,
            vector=vector,
            matches=matches,
            quarantine=written.quarantine if written else None,
            rows_in=scan.summary.rows,
            rows_kept=scan.summary.rows - len(verdicts.removed),
            rows_dropped=len(verdicts.dropped),
            rows_quarantined=len(verdicts.quarantined),
            dropped_by_kind=verdicts.dropped_by_kind(),
            counts=scan.findings.counts,
        )
        put_record(self.place, record)
        tell(record.rows_in, task.name)
        return record

    def _put(self, name: str, data: bytes) -> FileDigest:
        self.place.beside.put(name, lambda stream: stream.write(data), lasting=False)
        return FileDigest.of(data)

    def _matches(self, verdicts: Verdicts) -> bytes:
        buffer = io.BytesIO()
        write_matches(buffer, verdicts.matches(self.scanner.leaves))
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Written:
    """A shard in OUT, and what was put aside.

    Attributes:
        source: hex SHA-256 of the input.
        how: `copied`, `spliced` or `rewritten`.
        why: the reason for `how`, in words.
        output: the shard.
        quarantine: the rows that could not be judged; None where there are none.
    """

    source: str
    how: str
    why: str
    output: FileDigest
    quarantine: FileDigest | None


def write_shard(
    place: Place,
    task: ShardTask,
    rows: int,
    removed: Rows,
    quarantined: Rows,
    encoding: Encoding,
) -> Written:
    """Write a shard without some of its rows, and put those aside that could not be judged.

    Args:
        place: where to.
        task: the shard.
        rows: how many it has.
        removed: the rows that are not in the output, ascending.
        quarantined: those of them that are put aside, whole, in a shard of the same schema.
        encoding: how what is encoded anew is encoded.

    Raises:
        ShardError: the input cannot be read, or not be written again.
        StorageError: OUT cannot be written.
    """

    def without(rows: Rows) -> Callable[[IO[bytes]], RewriteReport]:
        return lambda stream: rewrite(
            task.shard.path,
            stream,
            rows,
            name=task.name,
            threads=encoding.threads,
            compression_level=encoding.level,
        )

    name = place.evidence.quarantine(task.name)
    with ExitStack() as stack:
        # What is copied is hashed as it is written: the bytes are the input's.
        beside = stack.enter_context(hashed_beside(task.shard.path)) if len(removed) else None
        report = place.out.put(task.name, without(removed))
        aside = None
        if len(quarantined):
            others = np.setdiff1d(np.arange(rows, dtype=np.int64), quarantined, assume_unique=True)
            put_aside = place.beside.put(name, without(others))
            aside = FileDigest(put_aside.sha256, put_aside.size)
        else:
            place.beside.delete(name)
        with shard_faults(task.name):
            source = report.sha256 if beside is None else beside.sha256()
    output = FileDigest(report.sha256, report.size)
    return Written(source, report.how, report.why, output, aside)


def put_record(place: Place, record: ShardRecord) -> None:
    """Write the record of a shard, which says that all else about it is there.

    Neither it nor vector and matches outlive a power failure until the run is sealed: a record
    that is torn is none, and what it names of them is hashed before it is believed. The shard
    does: it is not.

    Raises:
        StorageError: it cannot be written.
    """
    data = record.render()
    name = place.evidence.record(record.shard)
    place.beside.put(name, lambda stream: stream.write(data), lasting=False)


def outcome_of(record: ShardRecord, *, skipped: bool = False) -> ShardOutcome:
    """What a record says of rows."""
    return ShardOutcome(
        record.shard,
        record.rows_in,
        record.rows_kept,
        record.rows_dropped,
        record.rows_quarantined,
        dict(record.dropped_by_kind),
        record.how,
        skipped,
    )


def _source(task: ShardTask, sha256: str | None) -> SourceDigest:
    """What the input was.

    Raises:
        ShardError: it is not what was planned any more.
    """
    task.check_unchanged(identity(task.shard.path, task.name))
    seen = task.identity
    return SourceDigest(seen.size, seen.footer_sha256, seen.mtime_ns, sha256)
