"""The parts of a shard and its input, each compared and judged in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from optout.filter.parquet import Batch, RowGroup, ShardReader

from .comparison import Comparator, Difference, kept_rows
from .judging import Judge, Judged
from .lanes import Task
from .leaves import Rows, leaf_values
from .segments import Segment


@dataclass(frozen=True, slots=True)
class Part:
    """What came of some rows of an input.

    Attributes:
        shard: the shard's name.
        rows: how many rows of the input were looked at.
        went: those of them that went, by their number in the input.
        judged: what the values of these meet, a few rows at a time.
        wanted: those of them that the reference judges; all where None.
        difference: where a file is not what it should be: what it is called, and the place.
        fault: why there is no more of this shard.
        done: the shard is complete: it has so many rows, and was made from this file.
    """

    shard: str
    rows: int = 0
    went: Rows | None = None
    judged: tuple[Judged, ...] = ()
    wanted: Rows | None = None
    difference: tuple[str, Difference] | None = None
    fault: Exception | None = None
    done: tuple[int, Path] | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of one shard, each to be looked at in a thread.

    Attributes:
        shard: its name.
        source: the input, open.
        removed: rows of the input that went.
        wanted: those that the reference judges; all where None.
        judge: looks rows up.
    """

    shard: str
    source: ShardReader
    removed: Rows
    wanted: Rows | None
    judge: Judge

    def judging(self, group: RowGroup) -> Task[Part]:
        """Judge the rows of a row group that went."""
        rows = self._removed_in(group.first_row, group.rows)
        if not len(rows):
            return partial(only, Part(self.shard, group.rows))
        return self._guarded(partial(self._judge, self.source.again(), group))

    def comparing(self, segment: Segment, output: ShardReader) -> Task[Part]:
        """Compare row groups with those that must hold what is left of them."""
        return self._guarded(
            partial(self._compare, self.source.again(), output.again(), output.name, segment)
        )

    def holding_aside(self, called: str, quarantine: ShardReader, aside: Rows) -> Task[Part]:
        """Compare what was put aside with the rows of the input that it must be."""
        return self._guarded(
            partial(self._compare_aside, self.source.again(), quarantine.again(), called, aside)
        )

    def _guarded(self, work: Callable[[], Iterator[tuple[int, Part]]]) -> Task[Part]:
        def guarded() -> Iterator[tuple[int, Part]]:
            try:
                yield from work()
            except Exception as fault:
                yield 0, Part(self.shard, fault=fault)

        return guarded

    def _judge(self, reader: ShardReader, group: RowGroup) -> Iterator[tuple[int, Part]]:
        with reader:
            columns = self.judge.columns(reader.schema)
            for batch in reader.batches(columns, row_groups=[group.index]):
                yield from self._parts(batch)

    def _compare(
        self, source: ShardReader, output: ShardReader, called: str, segment: Segment
    ) -> Iterator[tuple[int, Part]]:
        with source, output:
            actual = output.batches(row_groups=segment.output)
            comparator = Comparator((batch.data for batch in actual), segment.first_row)
            for batch in source.batches(row_groups=segment.groups):
                if comparator.difference is None:
                    keep = kept_rows(batch.first_row, batch.rows, self.removed)
                    comparator.expect(batch.data, batch.first_row, keep)
                yield from self._parts(batch)
            comparator.finish()
        yield from self._difference(called, comparator)

    def _compare_aside(
        self, source: ShardReader, quarantine: ShardReader, called: str, aside: Rows
    ) -> Iterator[tuple[int, Part]]:
        with source, quarantine:
            comparator = Comparator(batch.data for batch in quarantine.batches())
            for batch in source.batches(row_groups=self._groups_with(aside)):
                keep = ~kept_rows(batch.first_row, batch.rows, aside)
                comparator.expect(batch.data, batch.first_row, keep)
            comparator.finish()
        yield from self._difference(called, comparator)

    def _difference(self, called: str, comparator: Comparator) -> Iterator[tuple[int, Part]]:
        if comparator.difference is not None:
            yield 1, Part(self.shard, difference=(called, comparator.difference))

    def _groups_with(self, rows: Rows) -> list[int]:
        groups = self.source.row_groups
        firsts = np.array([group.first_row for group in groups], np.int64)
        found: list[int] = np.unique(np.searchsorted(firsts, rows, side="right") - 1).tolist()
        return found

    def _parts(self, batch: Batch) -> Iterator[tuple[int, Part]]:
        """The rows of a batch that went, judged."""
        went = self._removed_in(batch.first_row, batch.rows)
        if not len(went):
            yield 1, Part(self.shard, batch.rows)
            return
        leaves = (
            leaf.of(went) for leaf in leaf_values(_some(batch.data, self.judge), batch.first_row)
        )
        judged = tuple(self.judge.judge(leaves, pointing=False))
        weight = len(went) + sum(each.weight for each in judged)
        yield weight, Part(self.shard, batch.rows, went, judged, self.wanted)

    def _removed_in(self, first: int, rows: int) -> Rows:
        low, high = np.searchsorted(self.removed, [first, first + rows])
        return self.removed[low:high]


def only(part: Part) -> Iterable[tuple[int, Part]]:
    """One part that is there already, as a task yields it."""
    return [(1, part)]


def _some(data: pa.RecordBatch, judge: Judge) -> pa.RecordBatch:
    """The columns of a batch that hold something to judge."""
    names = set(judge.columns(data.schema))
    places = [n for n, name in enumerate(data.schema.names) if name in names]
    return pa.RecordBatch.from_arrays(
        [data.column(n) for n in places], schema=pa.schema([data.schema.field(n) for n in places])
    )
