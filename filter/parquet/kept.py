"""The rows of a row group that are kept, put together from batches.

What is long in them, texts above all, goes from the batch right to where it will be encoded from:
it never lies in memory twice. All else is small, and filtered and put together by pyarrow.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .scratch import SMALLEST_BYTES, Scratch

Rows = npt.NDArray[np.int64]

_WIDTHS: dict[pa.DataType, np.dtype[Any]] = {
    pa.string(): np.dtype(np.int32),
    pa.binary(): np.dtype(np.int32),
    pa.large_string(): np.dtype(np.int64),
    pa.large_binary(): np.dtype(np.int64),
}
"""Types whose values lie one behind another, and what they count their bytes in."""

_SPARE = 1.125
"""What a column may be larger than its first batch lets expect, before it is moved."""

_MOST_EXPECTED = 128 << 20
"""Bytes of a column that are expected at most: the first batch may hold the one large value."""


class Kept:
    """Kept rows of batches that follow each other.

    Args:
        scratch: where long values are put together.
        rows: about how many will come.

    Attributes:
        rows: how many there are.
    """

    def __init__(self, scratch: Scratch, rows: int) -> None:
        self.rows = 0
        self._scratch = scratch
        self._expected = rows
        self._schema: pa.Schema | None = None
        self._columns: list[_Values | list[pa.Array]] = []

    def add(self, batch: pa.RecordBatch, removed: Rows) -> None:
        """Take the kept rows of a batch.

        Args:
            batch: the batch.
            removed: its rows that are not kept, ascending, counted from its first.
        """
        if len(removed) == batch.num_rows:
            return
        if self._schema is None:
            self._schema = batch.schema
            self._columns = [self._begun(column) for column in batch.columns]
        self.rows += batch.num_rows - len(removed)
        keep = np.ones(batch.num_rows, dtype=bool)
        keep[removed] = False
        mask = _bits(keep) if len(removed) else None
        for column, known in zip(batch.columns, self._columns, strict=True):
            if isinstance(known, _Values):
                known.add(column, removed, keep)
            else:
                known.append(column if mask is None else column.filter(mask))

    def table(self) -> tuple[pa.Table, list[mmap.mmap]]:
        """The rows, and the blocks that hold some of them; there is at least one row.

        Nothing is kept here.
        """
        columns, blocks = [], []
        for place, known in enumerate(self._columns):
            if isinstance(known, _Values):
                columns.append(pa.chunked_array([known.array()]))
                blocks.append(known.block)
            else:
                columns.append(pa.chunked_array(known))
            self._columns[place] = []
        return pa.Table.from_arrays(columns, schema=self._schema), blocks

    def _begun(self, column: pa.Array) -> _Values | list[pa.Array]:
        width = _WIDTHS.get(column.type)
        if width is None:
            return []
        size = _ends(column, width)
        expected = int(size[-1] - size[0]) * max(1.0, self._expected / len(column)) * _SPARE
        if expected < SMALLEST_BYTES:
            return []
        block = self._scratch.take(min(int(expected), _MOST_EXPECTED))
        return _Values(column.type, width, self._scratch, block)


@dataclass
class _Values:
    """A column of long values.

    Attributes:
        type: of the column.
        width: what its bytes are counted in.
        scratch: where blocks come from.
        block: holds the values, one behind another.
        used: how many bytes of it.
        lengths: of the values, batch by batch.
        valid: which of them are there, batch by batch.
        nulls: how many are not.
    """

    type: pa.DataType
    width: np.dtype[Any]
    scratch: Scratch
    block: mmap.mmap
    used: int = 0
    lengths: list[npt.NDArray[Any]] = field(default_factory=list)
    valid: list[npt.NDArray[np.bool_]] = field(default_factory=list)
    nulls: int = 0

    def add(self, column: pa.Array, removed: Rows, keep: npt.NDArray[np.bool_]) -> None:
        """Take the kept values of a batch."""
        ends = _ends(column, self.width)
        self._copy(column, ends, removed)
        self.lengths.append(np.diff(ends)[keep])
        valid = _flags(column)[keep] if column.null_count else np.ones(len(self.lengths[-1]), bool)
        self.nulls += len(valid) - int(np.count_nonzero(valid))
        self.valid.append(valid)

    def array(self) -> pa.Array:
        """The column."""
        lengths = np.concatenate(self.lengths)
        offsets = np.zeros(len(lengths) + 1, dtype=self.width)
        np.cumsum(lengths, out=offsets[1:])
        valid = _bits(np.concatenate(self.valid)).buffers()[1] if self.nulls else None
        data = pa.py_buffer(memoryview(self.block)[: self.used])
        buffers = [valid, pa.py_buffer(offsets), data]
        return pa.Array.from_buffers(self.type, len(lengths), buffers, self.nulls)

    def _copy(self, column: pa.Array, ends: npt.NDArray[Any], removed: Rows) -> None:
        """Copy what lies between removed values."""
        data = column.buffers()[2]
        if data is None:
            return
        firsts = ends[np.concatenate(([0], removed + 1))]
        lasts = ends[np.concatenate((removed, [len(column)]))]
        there = lasts > firsts  # where many rows go, most of these stretches are empty
        self._ensure(self.used + int(ends[-1] - ends[0]))
        source, target, used = memoryview(data).cast("B"), memoryview(self.block), self.used
        for first, last in zip(firsts[there].tolist(), lasts[there].tolist(), strict=True):
            target[used : used + last - first] = source[first:last]
            used += last - first
        self.used = used

    def _ensure(self, size: int) -> None:
        if size > len(self.block):
            small, self.block = self.block, self.scratch.take(size)
            memoryview(self.block)[: self.used] = memoryview(small)[: self.used]


def _ends(column: pa.Array, width: np.dtype[Any]) -> npt.NDArray[Any]:
    """Where the first value begins, and where each ends."""
    offsets = column.buffers()[1]
    return np.frombuffer(offsets, dtype=width)[column.offset :][: len(column) + 1]


def _flags(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Which values are there, of a column where some are not."""
    bits = np.frombuffer(column.buffers()[0], dtype=np.uint8)
    flags = np.unpackbits(bits, count=column.offset + len(column), bitorder="little")
    return flags[column.offset :].view(np.bool_)


def _bits(flags: npt.NDArray[np.bool_]) -> pa.Array:
    # Made of its bits: of an array pyarrow would ask pandas first, and load it.
    bits = pa.py_buffer(np.packbits(flags, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, bits])
