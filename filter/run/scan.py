"""The second step: what speaks about the rows of each shard, kept until everything is decided."""

from __future__ import annotations

import hashlib
import io
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from optout.filter.columns import Leaf, carries, leaf_columns, leaf_types
from optout.filter.errors import EvidenceError, ShardError, StorageError
from optout.filter.judge import FINDING, EntryRows, Examiner, Findings, Policy
from optout.filter.parquet import InputIdentity, RowGroup, ShardReader, identity
from optout.filter.scan import modules_for
from optout.registry import documents
from optout.registry.compiled import prepare

from .budget import Budget
from .inputs import Shard
from .place import Place
from .threads import Hear, in_threads
from .workers import Tell

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

FORMAT = "optout/v1/scan"
_MOST_PAGE_BYTES = 192 << 20
"""Bytes of pages that a row group has in memory at most, however large it is."""

_CHANGED = "Filter it into another OUT, or --overwrite this one, when it no longer changes."


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard of a run.

    Attributes:
        shard: its name and path.
        identity: what it was when the run was planned.
    """

    shard: Shard
    identity: InputIdentity

    @property
    def name(self) -> str:
        """The shard's name."""
        return self.shard.name

    def check_unchanged(self, found: InputIdentity) -> None:
        """See that the input is what was planned.

        Raises:
            ShardError: it has changed since.
        """
        if found != self.identity:
            raise ShardError(self.name, f"{self.name} changed while it was filtered", _CHANGED)


@dataclass(frozen=True, slots=True, eq=False)
class ScanSummary:
    """What the scan of one shard found, without its rows.

    Attributes:
        shard: its name.
        rows: how many it has.
        entries: those that met a row, and how many.
    """

    shard: str
    rows: int
    entries: EntryRows


@dataclass(frozen=True, slots=True)
class ShardScan:
    """What the scan of one shard found.

    Attributes:
        summary: what the decision needs.
        findings: what speaks about its rows.
    """

    summary: ScanSummary
    findings: Findings


@dataclass
class Scanner:
    """Scans shards, one a call; picklable.

    Attributes:
        snapshot: the entries.
        policy: which of them are obeyed.
        leaves: where to look.
        required: the roles that every shard must have.
        batch_bytes: the size of what is looked at together.
        threads: how many row groups are looked at at once.
        page_bytes: what the row groups that are read at once may have as pages.
    """

    snapshot: Snapshot
    policy: Policy
    leaves: tuple[Leaf, ...]
    required: frozenset[str] = frozenset()
    batch_bytes: int = 16 << 20
    threads: int = 1
    page_bytes: int = 512 << 20
    _examiners: list[Examiner] = field(default_factory=list, init=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_examiners": []}

    def prepare(self) -> None:
        """Load what looks at values, and compile it where nobody has before."""
        prepare(*modules_for(leaf.role for leaf in self.leaves))

    def _hire(self, threads: int) -> None:
        # Kernels keep what they work on, and so every thread has its own.
        while len(self._examiners) < threads:
            self._examiners.append(Examiner(self.snapshot, self.policy, self.leaves))

    def scan(self, task: ShardTask, tell: Tell) -> ShardScan:
        """Find everything that speaks about the rows of a shard.

        Args:
            task: the shard.
            tell: hears of rows that are done.

        Raises:
            ShardError: it cannot be read, has changed, or lacks a planned role.
        """
        with ExitStack() as stack:
            reader = stack.enter_context(ShardReader(task.shard.path, task.name))
            task.check_unchanged(reader.identity)
            columns = _columns(task.name, reader.schema, self.leaves, self.required)
            groups = [group for group in reader.row_groups if group.rows]
            threads = max(1, min(self.threads, len(groups)))
            if threads > 1:
                self.prepare()  # here, so that no thread has to wait for a compiler, or tell of it
            self._hire(threads)
            budget = Budget(self.page_bytes)
            parts = in_threads(
                groups,
                [
                    _Looking(
                        reader if number == 0 else stack.enter_context(reader.again()),
                        columns,
                        self._examiners[number],
                        self.batch_bytes,
                        budget,
                    )
                    for number in range(threads)
                ],
                lambda rows: tell(rows, task.name),
            )
            findings = Findings.joined(parts)
            summary = ScanSummary(task.name, reader.rows, findings.rows_by_entry())
        task.check_unchanged(identity(task.shard.path, task.name))
        return ShardScan(summary, findings)


@dataclass(frozen=True)
class _Looking:
    """Looks at row groups of a shard, one a call; for one thread.

    Attributes:
        reader: of the shard; nobody else's.
        columns: what is read.
        examiner: nobody else's.
        batch_bytes: the size of what is looked at together.
        budget: what all threads together may read.
    """

    reader: ShardReader
    columns: list[str]
    examiner: Examiner
    batch_bytes: int
    budget: Budget

    def __call__(self, group: RowGroup, hear: Hear) -> Findings:
        """Find what speaks about the rows of a row group."""
        reader, parts = self.reader, []
        pages = min(reader.bytes_of(group.index, self.columns), _MOST_PAGE_BYTES)
        with self.budget.taken(pages):
            for batch in reader.batches(
                self.columns, max_bytes=self.batch_bytes, row_groups=[group.index]
            ):
                _check_columns(reader.name, self.columns, batch.data)
                parts.append(self.examiner.examine(batch.data, batch.first_row))
                hear(batch.rows)
        return Findings.joined(parts)


@dataclass
class ScanAndStore:
    """The job of the second step: scans a shard and stores what it finds; picklable.

    Attributes:
        scanner: does the looking.
        place: where results are stored.
        plan: the run's digest.
    """

    scanner: Scanner
    place: Place
    plan: str

    def __call__(self, task: ShardTask, tell: Tell) -> ScanSummary:
        """Scan a shard, or find that an earlier run has."""
        known = load_scan(self.place, task, self.plan)
        if known is not None:
            tell(known.summary.rows, task.name)
            return known.summary
        scan = self.scanner.scan(task, tell)
        store_scan(self.place, task, self.plan, scan)
        return scan.summary


def store_scan(place: Place, task: ShardTask, plan: str, scan: ShardScan) -> None:
    """Put aside what a scan found: the rows first, then what says that they are whole.

    Raises:
        StorageError: it cannot be written.
    """
    buffer = io.BytesIO()
    np.save(buffer, scan.findings.found, allow_pickle=False)
    data = buffer.getvalue()
    says, holds = place.evidence.scans(task.name)
    # Not lasting: a scan that a power failure takes is done again, and a damaged one is noticed.
    place.beside.put(holds, lambda stream: stream.write(data), lasting=False)
    document = documents.render(
        {
            "format": FORMAT,
            "plan": plan,
            "input": task.identity.to_dict(),
            "rows": scan.summary.rows,
            "counts": scan.findings.counts,
            "found": hashlib.sha256(data).hexdigest(),
        }
    )
    place.beside.put(says, lambda stream: stream.write(document), lasting=False)


def load_scan(place: Place, task: ShardTask, plan: str) -> ShardScan | None:
    """What an earlier scan found; None where there is none that is whole and of this plan."""
    names = place.evidence.scans(task.name)
    if not all(map(place.beside.exists, names)):
        return None
    try:
        with place.beside.open(names[0]) as stream:
            document = documents.parse(stream.read(), names[0], error=EvidenceError)
        with place.beside.open(names[1]) as stream:
            data = stream.read()
        if (
            document["format"] != FORMAT
            or document["plan"] != plan
            or document["input"] != task.identity.to_dict()
            or document["found"] != hashlib.sha256(data).hexdigest()
        ):
            return None
        found = np.load(io.BytesIO(data), allow_pickle=False).astype(FINDING, copy=False)
        findings = Findings(found, document["counts"])
        return ShardScan(
            ScanSummary(task.name, int(document["rows"]), findings.rows_by_entry()), findings
        )
    except (EvidenceError, StorageError, KeyError, ValueError, TypeError):
        return None  # damaged, or a run that shares this place has cleared it away


def _columns(
    name: str, schema: pa.Schema, leaves: tuple[Leaf, ...], required: frozenset[str]
) -> list[str]:
    """The columns of a shard that are looked at.

    Raises:
        ShardError: a planned role is not there, or cannot be looked at as planned.
    """
    there = [leaf for leaf in leaves if carries(schema, leaf)]
    paths = {leaf.path for leaf in there}
    for leaf in leaves:
        for kind in leaf_types(schema, leaf):
            if leaf.path not in paths and not _holds_no_text(kind):
                raise ShardError(
                    name,
                    f"{name} has {leaf.path} as {kind}, which cannot be read as {leaf.role}",
                    "Give it the type that the other shards have, or leave it out of the input.",
                )
    roles = {leaf.role for leaf in there}
    # What may stand anywhere in JSON is looked at, and makes up for no column that is not there.
    firm = any(not leaf.is_rest for leaf in there)
    lacking = sorted(required - roles if firm else {leaf.role for leaf in leaves})
    if lacking:
        planned = sorted(
            leaf.path
            for leaf in leaves
            if leaf.role in lacking and not (leaf.is_rest and not required)
        )
        raise ShardError(
            name,
            f"{name} has no column for the planned role {' or '.join(lacking)} "
            f"({', '.join(planned)})",
            "Leave it out of the input, or say which column it is: --column ROLE=PATH.",
        )
    return sorted({column for leaf in there for column in leaf_columns(schema, leaf)})


def _check_columns(name: str, columns: list[str], batch: pa.RecordBatch) -> None:
    """What was asked for was read: a column that is passed over would let everything pass."""
    lacking = [column for column in columns if column not in batch.schema.names]
    if lacking:
        raise ShardError(
            name,
            f"{name} has a column {lacking[0]} that cannot be read alone",
            "Rename the column, or leave the shard out of the input.",
        )


def _holds_no_text(kind: pa.DataType) -> bool:
    """Whether values of a type are neither text nor bytes, nor have any inside."""
    return bool(pt.is_primitive(kind) or pt.is_null(kind) or pt.is_decimal(kind))
