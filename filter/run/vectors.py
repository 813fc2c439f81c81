"""Masks as they lie beside OUT: whose plan they are of, and what each of them leaves out."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from optout.filter.errors import EvidenceError, ShardError
from optout.filter.evidence import MASK, REWRITE, FileDigest, ShardRecord, read_matches
from optout.filter.parquet import InputIdentity, decode_vector, identity, rows_of, shard_faults

from .decide import Decision
from .place import Place
from .plan import Plan

Rows = npt.NDArray[np.int64]

_AGAIN = "Run the same `optout filter --mode mask` again: it makes anew what is missing."
_CHANGED = "Filter the corpus as it is now: a mask holds for the bytes that were scanned alone."


@dataclass(frozen=True)
class Masks:
    """What a run with mode `mask` left, whether or not it is being applied.

    Attributes:
        place: where it lies.
        masked: its plan.
        applied: the plan of the rewrite that its masks stand for.
        decision: the decision, of either plan.
        begun: whether its masks are being applied, or have been.
    """

    place: Place
    masked: Plan
    applied: Plan
    decision: Decision
    begun: bool

    @classmethod
    def at(cls, place: Place) -> Masks:
        """Read plan and decision.

        Raises:
            EvidenceError: they are missing, damaged, or not of one run.
        """
        plan = place.frozen_plan()
        if plan is None:
            raise EvidenceError(
                f"{place.evidence.folder} holds no plan",
                f"Is {place.evidence.out} what `optout filter --mode mask` was given as OUT?",
            )
        masked, applied = (
            dataclasses.replace(plan, asked=dataclasses.replace(plan.asked, mode=mode))
            for mode in (MASK, REWRITE)
        )
        name = place.evidence.decision
        if not place.beside.exists(name):
            raise EvidenceError(f"{place.evidence.path(name)} is missing", _AGAIN)
        with place.beside.open(name) as stream:
            decision = Decision.parse(stream.read(), name)
        if decision.plan not in (masked.digest, applied.digest):
            raise EvidenceError(f"{place.evidence.path(name)} is of another plan", _AGAIN)
        return cls(place, masked, applied, decision, plan.asked.mode == REWRITE)

    @property
    def decided(self) -> Decision:
        """The decision of the rewrite that the masks stand for."""
        return dataclasses.replace(self.decision, plan=self.applied.digest)

    def record(self, shard: str) -> ShardRecord | None:
        """The record of a shard, of a mask or of what it became; None where there is none.

        Raises:
            EvidenceError: it is damaged, or of another plan or decision.
        """
        beside, name = self.place.beside, self.place.evidence.record(shard)
        if not beside.exists(name):
            return None
        with beside.open(name) as stream:
            record = ShardRecord.parse(stream.read(), name)
        mask = dataclasses.replace(self.decision, plan=self.masked.digest)
        known = {
            (self.masked.digest, mask.digest, MASK),
            (self.applied.digest, self.decided.digest, REWRITE),
        }
        said = (record.plan, record.decision, record.mode)
        if said not in known or record.shard != shard:
            raise EvidenceError(f"{name} is of another plan or decision", _AGAIN)
        return record

    def removed(self, record: ShardRecord) -> Rows:
        """The rows that a shard's mask leaves out, ascending.

        Raises:
            EvidenceError: the vector is missing, or not the one that the record names.
        """
        name = self.place.evidence.vector(record.shard)
        rows = rows_of(decode_vector(self.bound(name, record.vector), name))
        counted = record.rows_dropped + record.rows_quarantined
        if len(rows) != counted or (counted and rows[-1] >= record.rows_in):
            raise EvidenceError(f"{name} leaves out other rows than its record counts", _AGAIN)
        return rows

    def quarantined(self, record: ShardRecord) -> Rows:
        """Those of them that could not be judged, ascending.

        Raises:
            EvidenceError: the matches are missing, or not those that the record names.
        """
        name = self.place.evidence.matches(record.shard)
        table = read_matches(self.bound(name, record.matches), name)
        aside = table.filter(pc.equal(table["verdict"], "quarantine"))["row"]
        rows = np.unique(aside.to_numpy())
        if len(rows) != record.rows_quarantined:
            raise EvidenceError(f"{name} puts aside other rows than its record counts", _AGAIN)
        return rows

    def bound(self, name: str, digest: FileDigest) -> bytes:
        """The bytes of a file that a record names.

        Raises:
            EvidenceError: it is missing, or another.
        """
        if not self.place.beside.exists(name):
            raise EvidenceError(f"{self.place.evidence.path(name)} is missing", _AGAIN)
        with self.place.beside.open(name) as stream:
            data = stream.read()
        if FileDigest.of(data) != digest:
            raise EvidenceError(f"{name} is not the file that its record names", _AGAIN)
        return data


def check_input(record: ShardRecord, path: Path | None) -> InputIdentity:
    """See that an input is the one that was scanned: a mask counts its rows.

    Its size and its footer are compared. The time of its last write may be another, as it is of a
    copy: where a record holds the digest of all bytes, they then decide. A mask's holds none, since
    only some columns were read; whether shards are clean in the end is what `verify` looks at.

    Args:
        record: of the mask.
        path: where the input lies; None where nobody knows.

    Returns:
        What it is now.

    Raises:
        ShardError: it is absent, cannot be read, or is another.
    """
    name, source = record.shard, record.source
    if path is None or not path.exists():
        where = "" if path is None else f" at {path}"
        raise ShardError(
            name, f"the input {name} is not there{where}", "Say where it lies now: --input."
        )
    seen = identity(path, name)
    same = (seen.size, seen.footer_sha256) == (source.size, source.footer_sha256)
    if same and seen.mtime_ns != source.mtime_ns and source.sha256 is not None:
        with shard_faults(name), path.open("rb") as stream:
            same = hashlib.file_digest(stream, "sha256").hexdigest() == source.sha256
    if not same:
        raise ShardError(name, f"{name} is no longer the input that was scanned", _CHANGED)
    return seen
