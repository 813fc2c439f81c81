"""The fourth step: a clean shard, and beside it the evidence, its record last."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import IO

import numpy as np
from optout.filter.errors import ShardError
from optout.filter.evidence import FileDigest, ShardRecord, SourceDigest, write_matches
from optout.filter.judge import Verdicts, give_verdicts
from optout.filter.parquet import RewriteReport, encode_vector, identity, rewrite

from .place import Place
from .plan import REWRITE
from .report import ShardOutcome
from .scan import Scanner, ShardScan, ShardTask, load_scan
from .workers import Tell


@dataclass
class Writer:
    """The job of the fourth step: filters one shard a call; picklable.

    Attributes:
        scanner: scans again where the result of the scan is gone.
        place: where shards and evidence go.
        plan: the run's digest.
        decision: the decision's digest.
        held: the entries that are not obeyed.
    """

    scanner: Scanner
    place: Place
    plan: str
    decision: str
    held: frozenset[int]

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
        beside, names = self.place.beside, self.place.evidence

        def filtered(stream: IO[bytes]) -> RewriteReport:
            return rewrite(task.shard.path, stream, verdicts.removed, name=task.name)

        report = self.place.out.put(task.name, filtered)
        vector = self._put(names.vector(task.name), encode_vector(verdicts.removed))
        matches = self._put(names.matches(task.name), self._matches(verdicts))
        quarantine = self._put_aside(task, scan, verdicts)
        source = _source(task, report)
        record = ShardRecord(
            shard=task.name,
            plan=self.plan,
            decision=self.decision,
            mode=REWRITE,
            how=report.how,
            why=report.why,
            source=source,
            output=FileDigest(report.sha256, report.size),
            vector=vector,
            matches=matches,
            quarantine=quarantine,
            rows_in=scan.summary.rows,
            rows_kept=report.rows_out,
            rows_dropped=len(verdicts.dropped),
            rows_quarantined=len(verdicts.quarantined),
            dropped_by_kind=verdicts.dropped_by_kind(),
            counts=scan.findings.counts,
        )
        beside.put(names.record(task.name), lambda stream: stream.write(record.render()))
        tell(record.rows_in, task.name)
        return record

    def _put(self, name: str, data: bytes) -> FileDigest:
        self.place.beside.put(name, lambda stream: stream.write(data))
        return FileDigest.of(data)

    def _matches(self, verdicts: Verdicts) -> bytes:
        buffer = io.BytesIO()
        write_matches(buffer, verdicts.matches(self.scanner.leaves))
        return buffer.getvalue()

    def _put_aside(self, task: ShardTask, scan: ShardScan, verdicts: Verdicts) -> FileDigest | None:
        """The rows that could not be judged, whole, in a shard of the same schema."""
        name = self.place.evidence.quarantine(task.name)
        if not len(verdicts.quarantined):
            self.place.beside.delete(name)
            return None
        others = np.setdiff1d(
            np.arange(scan.summary.rows, dtype=np.int64), verdicts.quarantined, assume_unique=True
        )
        report = self.place.beside.put(
            name, lambda stream: rewrite(task.shard.path, stream, others, name=task.name)
        )
        return FileDigest(report.sha256, report.size)


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


def _source(task: ShardTask, report: RewriteReport) -> SourceDigest:
    """What the input was, all bytes of it.

    Raises:
        ShardError: it is not what was planned any more.
    """
    if report.how == "copied":
        sha256 = report.sha256
    else:
        with task.shard.path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    task.check_unchanged(identity(task.shard.path, task.name))
    seen = task.identity
    return SourceDigest(seen.size, seen.footer_sha256, seen.mtime_ns, sha256)
