"""The papers beside OUT, read without believing them: what cannot be read becomes a fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from optout.filter.errors import EvidenceError, ShardError
from optout.filter.evidence import (
    Evidence,
    FileDigest,
    Manifest,
    ShardRecord,
    read_manifest,
    read_matches,
)
from optout.filter.parquet import decode_vector, rows_of
from optout.registry.errors import OptOutError
from optout.registry.identifiers import Kind
from optout.registry.log import VerifierKey
from pyroaring import BitMap64

from .hashing import Hashing
from .leaves import Rows
from .plan import DecisionPaper, PlanPaper
from .report import Finding
from .tree import Tree

Paper = TypeVar("Paper")

MASK = "mask"
"""The mode of a run that wrote no shard: what is left are the inputs, seen through its vectors."""

MAX_ROWS = 1 << 25
"""More rows than any shard has: a few bytes of a bitmap can stand for more than a machine holds."""

_HEX = re.compile(r"[0-9a-f]{64}")


@contextmanager
def faults(finding: Finding, what: str, shard: str | None = None) -> Iterator[None]:
    """Turn whatever hostile or damaged files make the libraries raise into a fault.

    Args:
        finding: gets the fault.
        what: the file as people name it.
        shard: the shard that it is about.
    """
    try:
        yield
    except ShardError as fault:
        finding.fault(fault.message, shard=shard)
    except OptOutError as fault:
        named = "" if what in fault.message else f"{what}: "
        finding.fault(f"{named}{fault.message}", shard=shard)
    except OSError as fault:
        finding.fault(f"{what} cannot be read: {fault.strerror or fault}", shard=shard)
    except MemoryError:
        finding.fault(f"{what} does not fit into memory", shard=shard)
    except (pa.ArrowException, ValueError, OverflowError, RecursionError) as fault:
        # Names that are no text, lengths that are no lengths: libraries find many words for it.
        reason = (str(fault).strip() or "no reason given").splitlines()[0]
        finding.fault(f"{what} cannot be read: {reason}", shard=shard)


@dataclass
class Papers:
    """Everything that a run left, besides its shards.

    Attributes:
        out: the files of OUT.
        beside: the files of OUT.optout.
        names: what is called how in there.
        plan: the plan; None until it was read, and where it cannot be.
        decision: the decision, likewise.
        manifest: the manifest, likewise.
        records: by shard, the records that could be read.
        digests: by the name that people use, what every file is; those that cannot be read are
            missing.
        bound: by the name that people use, the hex SHA-256 of every file that the manifest binds.
    """

    out: Tree
    beside: Tree
    names: Evidence
    plan: PlanPaper | None = None
    decision: DecisionPaper | None = None
    manifest: Manifest | None = None
    records: dict[str, ShardRecord] = field(default_factory=dict)
    digests: dict[str, FileDigest] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)

    @property
    def masked(self) -> bool:
        """Whether the run wrote masks; as the plan says, or where there is none the manifest."""
        if self.plan is not None:
            return self.plan.mode == MASK
        return self.manifest is not None and self.manifest.mode == MASK

    @property
    def shards(self) -> list[str]:
        """Names of everything that is in OUT, or that the plan says should be."""
        planned = self.plan.shards if self.plan else frozenset()
        return sorted(self.out.files.keys() | planned)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Every file, by the name that people use."""
        for tree in (self.out, self.beside):
            for name, path in tree.files.items():
                yield tree.called(name), path

    def take_digests(self, hashing: Hashing, finding: Finding) -> Iterator[str]:
        """Wait for the digest of every file, yielding the name of each that is done."""
        for called, path in self.files():
            with faults(finding, called):
                self.digests[called] = FileDigest(hashing.sha256(path), path.stat().st_size)
            yield called

    def read_manifest(self, key: VerifierKey | None, finding: Finding) -> None:
        """Read the manifest; `key` is whose signature is expected, anybody's by default."""
        self.manifest = self._read(
            self.names.manifest, lambda data, name: read_manifest(data, name, key), finding
        )
        if self.manifest is not None:
            self.bound = {
                tree.called(name): sha256
                for tree, files in (
                    (self.out, self.manifest.shards),
                    (self.beside, self.manifest.evidence),
                )
                for name, sha256 in files.items()
            }

    def read_plan(self, finding: Finding) -> None:
        """Read plan and decision."""
        self.plan = self._read(self.names.plan, PlanPaper.parse, finding)
        self.decision = self._read(self.names.decision, DecisionPaper.parse, finding)

    def read_all(self) -> None:
        """Read the records, to know where to look; what is wrong with them is told another time."""
        for shard in self.shards:
            self.read_record(shard, Finding(""))

    def read_record(self, shard: str, finding: Finding) -> ShardRecord | None:
        """Read the record of a shard."""
        record = self._read(self.names.record(shard), _record, finding, shard)
        if record is not None:
            self.records[shard] = record
        return record

    def removed(self, shard: str, finding: Finding | None = None) -> Rows | None:
        """The rows of a shard's input that its vector names, ascending; None where it is damaged.

        Args:
            shard: the shard's name; its record was read.
            finding: gets what is wrong; nobody where it was told before.
        """
        most = self.records[shard].rows_in if shard in self.records else MAX_ROWS

        def read(data: bytes, name: str) -> Rows:
            return _vector(data, name, min(most, MAX_ROWS))

        return self._read(self.names.vector(shard), read, finding or Finding(""), shard)

    def matches(self, shard: str, finding: Finding | None = None) -> pa.Table | None:
        """Which entry is said to have met which row of a shard; None where it is damaged."""
        name = self.names.matches(shard)
        return self._read(name, _matches, finding or Finding(""), shard)

    def _read(
        self,
        name: str,
        parse: Callable[[bytes, str], Paper],
        finding: Finding,
        shard: str | None = None,
    ) -> Paper | None:
        called = self.beside.called(name)
        if name not in self.beside.files:
            finding.fault(f"{called} is missing", shard=shard)
            return None
        with faults(finding, called, shard):
            return parse(self.beside.read(name), called)
        return None


def _record(data: bytes, name: str) -> ShardRecord:
    try:
        record = ShardRecord.parse(data, name)
        _check_record(record)
    except (TypeError, ValueError, AttributeError) as fault:
        raise EvidenceError(f"{name} has not the fields of a record") from fault
    return record


def _check_record(record: ShardRecord) -> None:
    """See that every field is of its type: the seal is nobody's signature."""
    files = [record.vector, record.matches]
    files += [file for file in (record.output, record.quarantine) if file is not None]
    words: list[object] = [record.shard, record.plan, record.decision, record.mode, record.how]
    counts: list[object] = [record.rows_in, record.rows_kept, record.rows_dropped]
    counts += [record.rows_quarantined, record.source.size, *(file.size for file in files)]
    counts += record.dropped_by_kind.values()
    if not all(isinstance(word, str) for word in words):
        raise TypeError("not a string")
    if not all(isinstance(n, int) and 0 <= n < 1 << 63 for n in counts):
        raise TypeError("not a count")
    digests = [record.source.footer_sha256, *(file.sha256 for file in files)]
    if record.source.sha256 is not None:
        digests.append(record.source.sha256)
    if not all(map(_HEX.fullmatch, digests)):
        raise ValueError("not a digest")


def _vector(data: bytes, name: str, most: int) -> Rows:
    try:
        count = len(BitMap64.deserialize(data[8:-4]))
    except (ValueError, IndexError):
        count = 0  # reading it properly tells what is wrong
    if count > most:
        raise EvidenceError(f"{name} names more rows than the shard had")
    return rows_of(decode_vector(data, name))


def _matches(data: bytes, name: str) -> pa.Table:
    rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    if rows > MAX_ROWS:
        raise EvidenceError(f"{name} has more rows than the shard can have had")
    table = read_matches(data, name)
    strange = set(table["kind"].unique().to_pylist()) - {None, *map(str, Kind)}
    if strange:
        raise EvidenceError(f"{name} has an unknown kind {min(map(str, strange))}")
    unlike = pc.xor(pc.is_null(table["entry"]), pc.is_null(table["kind"]))
    if pc.any(unlike).as_py() or table["leaf"].null_count:
        raise EvidenceError(f"{name} has a match without entry, kind or leaf")
    return table
