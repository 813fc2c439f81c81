"""What a run has left of its inputs: the shards of OUT, or the inputs seen through their masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
from optout.filter.parquet import Batch, ShardReader

from .comparison import kept_rows
from .inputs import Inputs
from .leaves import Rows, Values, leaf_values
from .papers import Papers


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file, of which some were left.

    Attributes:
        batch: rows of the file.
        kept: those that were left, by their number in the file, ascending; all where None.
    """

    batch: Batch
    kept: Rows | None

    @property
    def rows(self) -> int:
        """How many were left."""
        return self.batch.rows if self.kept is None else len(self.kept)

    def values(self) -> Iterator[Values]:
        """Every leaf of the rows that were left."""
        for leaf in leaf_values(self.batch.data, self.batch.first_row):
            yield leaf if self.kept is None else leaf.of(self.kept)


@dataclass(frozen=True, slots=True)
class LeftShard:
    """One shard as it was left, open.

    Attributes:
        reader: reads the file that its rows are in.
        removed: rows of the file that were not left, ascending; None where all were.
    """

    reader: ShardReader
    removed: Rows | None

    @property
    def schema(self) -> pa.Schema:
        """Of its columns."""
        return self.reader.schema

    @property
    def rows(self) -> int:
        """How many rows were left."""
        return self.reader.rows - (0 if self.removed is None else len(self.removed))

    def pieces(
        self, reader: ShardReader, columns: Sequence[str], row_groups: Sequence[int]
    ) -> Iterator[Piece]:
        """Read some columns, in the order of the rows.

        Args:
            reader: of the same file; each thread has its own.
            columns: which.
            row_groups: their numbers.
        """
        for batch in reader.batches(columns, row_groups=row_groups):
            kept = None
            if self.removed is not None:
                keep = kept_rows(batch.first_row, batch.rows, self.removed)
                kept = batch.first_row + np.flatnonzero(keep)
            yield Piece(batch, kept)

    def __enter__(self) -> LeftShard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reader.close()

    def numbers(self, places: Rows) -> Rows:
        """Where some of the rows that were left, given by their place among them, stand."""
        return places if self.removed is None else rows_in_input(places, self.removed)


@dataclass
class Left:
    """Opens what was left, shard by shard.

    Attributes:
        papers: names the shards of OUT, or has the records and vectors of masks.
        inputs: what masks are laid over; None where it was not given, and masks show nothing.
    """

    papers: Papers
    inputs: Inputs | None

    @property
    def of_inputs(self) -> bool:
        """Whether rows are counted as the inputs count them."""
        return self.papers.masked

    @property
    def hidden(self) -> bool:
        """Whether there is nothing to look at: masks, without what they are laid over."""
        return self.papers.masked and self.inputs is None

    @property
    def shards(self) -> list[str]:
        """The shards whose rows can be looked at."""
        if not self.papers.masked:
            return list(self.papers.out.files)
        return [shard for shard in sorted(self.papers.records) if self._below(shard) is not None]

    def open(self, shard: str) -> LeftShard:
        """Open one of `shards`.

        Raises:
            ShardError: it cannot be read.
        """
        path, removed = self.papers.out.files.get(shard), None
        below = self._below(shard) if self.papers.masked else None
        if below is not None:
            path, removed = below
        if path is None:
            raise KeyError(shard)
        return LeftShard(ShardReader(path, shard), removed)

    def words(self, shard: str) -> str:
        """Where a row stands, as a fault names it, with a place for the row."""
        shard = shard.replace("{", "{{").replace("}", "}}")
        return f"{shard} row {{}}{' of the input' if self.of_inputs else ''}"

    def _below(self, shard: str) -> tuple[Path, Rows] | None:
        """The input that a mask is laid over, and the rows that it hides."""
        if self.inputs is None:
            return None
        source, removed = self.papers.records[shard].source, self.papers.removed(shard)
        found = self.inputs.claim(shard, source)
        return None if isinstance(found, str) or removed is None else (found, removed)


def rows_in_input(rows: Rows, removed: Rows) -> Rows:
    """Where rows of an output stand in its input.

    Args:
        rows: of the output, from 0.
        removed: rows of the input that are not in the output, ascending.
    """
    # Before removed[k] the input has removed[k] - k rows that stayed.
    return rows + np.searchsorted(removed - np.arange(len(removed)), rows, side="right")
