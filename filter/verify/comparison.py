"""Are two columns the same values, bit by bit?

Arrow's own `equals` finds NaN unequal to itself and -0.0 equal to 0.0; here both are compared by
their bits, and a dictionary is compared with plain values by what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from .leaves import is_list, plain

_AS_INTEGER = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}


def same(one: pa.Array, other: pa.Array) -> bool:
    """Whether two arrays hold the same values, nulls and nesting, bit by bit."""
    one, other = plain(one), plain(other)
    if len(one) != len(other) or one.type != other.type:
        return False
    kind = one.type
    if pt.is_null(kind):
        return True
    if pt.is_floating(kind):
        bits = _AS_INTEGER[kind.bit_width]
        return bool(one.view(bits).equals(other.view(bits)))
    if pt.is_struct(kind):
        return _same_nulls(one, other) and all(
            same(left, right) for left, right in zip(one.flatten(), other.flatten(), strict=True)
        )
    if is_list(kind):
        return (
            _same_nulls(one, other)
            and pc.list_value_length(one).equals(pc.list_value_length(other))
            and same(one.flatten(), other.flatten())
        )
    return bool(one.equals(other))


def _same_nulls(one: pa.Array, other: pa.Array) -> bool:
    return bool(one.is_null().equals(other.is_null()))


def first_difference(one: pa.RecordBatch, other: pa.RecordBatch) -> tuple[int, str] | None:
    """The first row in which two batches of equal length and schema differ, and a column.

    Returns:
        None where the batches are the same, else the row (from 0) and the name of the first column
        that differs there.
    """
    found: tuple[int, str] | None = None
    limit = one.num_rows
    for name, left, right in zip(one.schema.names, one.columns, other.columns, strict=True):
        if limit == 0 or same(left.slice(0, limit), right.slice(0, limit)):
            continue
        row = _first_differing_row(left, right, limit)
        if found is None or row < found[0]:
            found = (row, name)
            limit = row
    return found


def _first_differing_row(one: pa.Array, other: pa.Array, length: int) -> int:
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        if same(one.slice(low, middle - low), other.slice(low, middle - low)):
            low = middle
        else:
            high = middle
    return low


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a shard is not what it should be.

    Attributes:
        row: in the shard, from 0.
        source_row: in the input, from 0; None where the shard has rows that the input has not.
        column: the first column that differs; None where the row is missing or too much.
    """

    row: int
    source_row: int | None
    column: str | None


class Comparator:
    """Holds a shard against what it should be, given piece by piece, and stops at a difference.

    Args:
        actual: the shard's batches, in order; both sides need not be cut alike.
        first_row: the number of the first row among them in the shard.
    """

    def __init__(self, actual: Iterable[pa.RecordBatch], first_row: int = 0) -> None:
        self._actual: Iterator[pa.RecordBatch] = iter(actual)
        self._batch: pa.RecordBatch | None = None
        self.row = first_row
        self.difference: Difference | None = None

    def expect(self, batch: pa.RecordBatch, first_row: int, keep: npt.NDArray[np.bool_]) -> None:
        """The shard goes on with those rows of `batch` that `keep` names.

        Args:
            batch: rows of the input.
            first_row: the number of its first row.
            keep: bool[batch.num_rows].
        """
        source_rows = first_row + np.flatnonzero(keep)
        for piece in _chosen(batch, keep):
            if self.difference is not None:
                return
            self._expect(piece, source_rows[: piece.num_rows])
            source_rows = source_rows[piece.num_rows :]

    def _expect(self, expected: pa.RecordBatch, source_rows: npt.NDArray[np.int64]) -> None:
        done = 0
        while done < expected.num_rows:
            actual = self._next()
            if actual is None:
                self.difference = Difference(self.row, int(source_rows[done]), None)
                return
            length = min(actual.num_rows, expected.num_rows - done)
            found = first_difference(expected.slice(done, length), actual.slice(0, length))
            if found is not None:
                row, column = found
                self.difference = Difference(self.row + row, int(source_rows[done + row]), column)
                return
            self._batch = actual.slice(length)
            self.row += length
            done += length

    def finish(self) -> None:
        """The shard must end here."""
        if self.difference is None and self._next() is not None:
            self.difference = Difference(self.row, None, None)

    def _next(self) -> pa.RecordBatch | None:
        while self._batch is None or self._batch.num_rows == 0:
            self._batch = next(self._actual, None)
            if self._batch is None:
                return None
        return self._batch


def _chosen(batch: pa.RecordBatch, keep: npt.NDArray[np.bool_]) -> Iterator[pa.RecordBatch]:
    if keep.all():
        yield batch
        return
    try:
        yield batch.filter(pa.array(keep))
    except pa.ArrowNotImplementedError:  # a type without that kernel: run by run
        edges = np.flatnonzero(np.diff(np.concatenate(([False], keep, [False]))))
        for start, stop in edges.reshape(-1, 2).tolist():
            yield batch.slice(start, stop - start)


def kept_rows(first_row: int, length: int, removed: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """bool[length]: which of the rows from `first_row` on are not in `removed` (sorted int64)."""
    keep = np.ones(length, dtype=bool)
    low, high = np.searchsorted(removed, [first_row, first_row + length])
    keep[removed[low:high] - first_row] = False
    return keep
