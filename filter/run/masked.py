"""`open_masked`: a corpus as it would be, read from its inputs through their masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from optout.filter.errors import EvidenceError, ShardError
from optout.filter.evidence import ShardRecord
from optout.filter.parquet import Batch, InputIdentity, ShardReader, decode_vector, rows_of
from optout.registry.errors import UsageError

from .place import Place
from .vectors import Masks, check_input
from .whereabouts import find_inputs

BATCH_ROWS = 1 << 13
"""Rows of a batch at most, unless it is said otherwise."""

_AGAIN = "Run the same `optout filter --mode mask` again."


def open_masked(
    out: str | Path, *, inputs: str | Path | Sequence[str | Path] | None = None
) -> MaskedDataset:
    """Open a corpus behind its masks: no shard is written, and no removed row is seen.

    Args:
        out: what `filter_dataset(…, mode="mask")` was given.
        inputs: where the inputs lie now, where they were moved since.

    Raises:
        UsageError: an input that was said is not there.
        ShardError: an input is not there, or no longer the one that was scanned.
        EvidenceError: masks are missing, unfinished or damaged, or were applied: OUT has shards.
    """
    place = Place.at(Path(out))
    masks = Masks.at(place)
    said = [inputs] if isinstance(inputs, str | Path) else inputs
    paths = find_inputs(place, said)
    if masks.begun and not paths:
        raise EvidenceError(
            f"the masks of {out} have been applied", f"Read the shards in {out} instead."
        )
    shards = []
    for name in masks.masked.inputs:
        record = masks.record(name)
        if record is None:
            raise EvidenceError(f"{name} has no mask", _AGAIN)
        masks.removed(record)  # see that it is whole, and of this record
        check_input(record, paths.get(name))
        vector = masks.bound(place.evidence.vector(name), record.vector)
        shards.append(MaskedShard(name, paths[name], record, vector))
    return MaskedDataset(tuple(shards))


@dataclass(frozen=True, eq=False)
class MaskedShard:
    """One input behind its mask; picklable.

    Attributes:
        name: the shard's.
        path: where the input lies.
        record: what the run says of it.
        vector: its deletion vector, encoded.
    """

    name: str
    path: Path
    record: ShardRecord
    vector: bytes

    @property
    def rows(self) -> int:
        """How many rows are left."""
        return self.record.rows_kept

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """The schema of its batches.

        Args:
            columns: as `batches`.

        Raises:
            ShardError: the input cannot be read, or is no longer the one that was scanned.
        """
        with ShardReader(self.path, self.name) as reader:
            self._check(reader.identity)
            return reader.schema_of(columns)

    def batches(
        self, columns: Sequence[str] | None = None, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """The rows that are left, in their order; no batch is empty.

        Args:
            columns: names or dotted paths as pyarrow has them; all by default.
            batch_rows: of one batch at most.

        Raises:
            ShardError: the input cannot be read, or is no longer the one that was scanned.
        """
        if batch_rows < 1:
            raise UsageError(f"{batch_rows} rows are no batch", "Give 1 or more.")
        removed = rows_of(decode_vector(self.vector, self.name))
        with ShardReader(self.path, self.name) as reader:
            self._check(reader.identity)
            if reader.rows != self.record.rows_in:
                raise self._changed()
            ends = [(group.first_row, group.first_row + group.rows) for group in reader.row_groups]
            spans = np.searchsorted(removed, np.array(ends, np.int64).reshape(-1, 2))
            left = [
                group.index
                for group, (low, high) in zip(reader.row_groups, spans.tolist(), strict=True)
                if high - low < group.rows
            ]
            for batch in reader.batches(columns, max_rows=batch_rows, row_groups=left):
                kept = _kept(batch, removed)
                if kept.num_rows:
                    yield kept
            again = ShardReader(self.path, self.name)
            with again:
                if again.identity != reader.identity:
                    raise self._changed()

    def _check(self, seen: InputIdentity) -> None:
        source = self.record.source
        if (seen.size, seen.footer_sha256) != (source.size, source.footer_sha256):
            raise self._changed()

    def _changed(self) -> ShardError:
        return ShardError(
            self.name,
            f"{self.name} is no longer the input that was scanned",
            "Filter the corpus as it is now.",
        )


@dataclass(frozen=True, eq=False)
class MaskedDataset:
    """A corpus behind its masks; picklable.

    Attributes:
        shards: one for each input, by name. Whoever reads in several processes shares them out.
    """

    shards: tuple[MaskedShard, ...]

    @property
    def rows(self) -> int:
        """How many rows are left."""
        return sum(shard.rows for shard in self.shards)

    def batches(
        self, columns: Sequence[str] | None = None, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """The rows that are left, shard by shard, each shard with its own schema.

        Args:
            columns: names or dotted paths as pyarrow has them; all by default.
            batch_rows: of one batch at most.

        Raises:
            ShardError: an input cannot be read, or is no longer the one that was scanned.
        """
        for shard in self.shards:
            yield from shard.batches(columns, batch_rows=batch_rows)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """All columns, in batches."""
        return self.batches()

    def reader(
        self, columns: Sequence[str] | None = None, *, batch_rows: int = BATCH_ROWS
    ) -> pa.RecordBatchReader:
        """The rows that are left as one stream, for whatever reads Arrow.

        Args:
            columns: names or dotted paths as pyarrow has them; all by default.
            batch_rows: of one batch at most.

        Raises:
            UsageError: the shards have different schemas.
            ShardError: an input cannot be read, or is no longer the one that was scanned.
        """
        schema = self.shards[0].schema(columns)
        for shard in self.shards[1:]:
            if not shard.schema(columns).equals(schema):
                raise UsageError(
                    f"{shard.name} has not the columns of {self.shards[0].name}",
                    "Read shard by shard, or only columns that all of them have.",
                )
        # What pandas or others noted of one shard does not hold for all.
        plain = schema if len(self.shards) == 1 else schema.remove_metadata()
        return pa.RecordBatchReader.from_batches(
            plain,
            (
                batch.replace_schema_metadata(plain.metadata)
                for batch in self.batches(columns, batch_rows=batch_rows)
            ),
        )


def _kept(batch: Batch, removed: np.ndarray) -> pa.RecordBatch:
    low, high = np.searchsorted(removed, (batch.first_row, batch.first_row + batch.rows))
    if low == high:
        return batch.data
    keep = np.ones(batch.rows, dtype=bool)
    keep[removed[low:high] - batch.first_row] = False
    return batch.data.filter(pa.array(keep))
