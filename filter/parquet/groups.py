"""Row groups read batch by batch, however large their pages are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .compact import Struct
from .footer import FileField, GroupField, Leaf, MetaField, chunks_of, meta_of
from .paged_file import HUGE_BYTES, PagedFile, Weight, chunks_in, paged_view, too_large, weigh
from .tail import shard_faults

BATCH_BYTES = 16 << 20
"""Bytes of a batch, by the footer's averages."""

BATCH_ROWS = 1 << 16
"""Rows of a batch at most: what a dictionary folds up, a batch unfolds."""

DENSE_BATCH_BYTES = 64 << 20
"""Bytes of a batch whose values are all as large as those of the page with the largest."""

BUFFER_BYTES = 1 << 20
"""Bytes read ahead of each column; without it pyarrow reads a column chunk whole."""

RETURNED_BYTES = 64 << 20
"""Bytes of a row group's columns from which the memory of its batches is worth giving back: to
fill it again costs nearly half as much as reading addresses."""

_LARGE_BATCH_BYTES = 4 << 20
"""Bytes of a batch of which that holds."""

_WEIGHED_BYTES = 16 << 20
"""Bytes of a column chunk from which its page headers are looked at."""


def _check_indices(column: pa.Array) -> None:
    """See that a dictionary has what is named: pyarrow does not look, and reads anything there.

    Raises:
        ValueError: it has not.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        _check_indices(column.storage)
    elif pa.types.is_dictionary(kind):
        bounds = pc.min_max(column.indices)
        low, high = bounds["min"].as_py(), bounds["max"].as_py()
        if low is not None and not 0 <= low <= high < len(column.dictionary):
            raise ValueError("a page names a value that its dictionary has not")
        _check_indices(column.dictionary)
    elif pa.types.is_struct(kind):
        for number in range(kind.num_fields):
            _check_indices(column.field(number))
    elif pa.types.is_map(kind):
        _check_indices(column.keys)
        _check_indices(column.items)
    elif pa.types.is_nested(kind):
        _check_indices(column.values)


def return_memory() -> None:
    """Give the system back what earlier batches filled.

    A page is read whole, and one of a thousand pictures leaves no room for what Arrow would keep.
    """
    pa.default_memory_pool().release_unused()


class Groups:
    """The row groups of a shard.

    Args:
        path: the shard.
        footer: its footer, or one that describes the same pages in other words.
        leaves: its columns.
        name: what to call it in messages.
        metadata: what pyarrow made of `footer`; it reads the shard's own where None.
        dictionaries: columns that are read as dictionaries.
        huge: bytes that the largest pages of a row group's columns may have together; as many as
            is good where None.

    Attributes:
        file: the shard, as pyarrow has it open.
    """

    def __init__(
        self,
        path: Path,
        footer: Struct,
        leaves: Sequence[Leaf],
        name: str,
        *,
        metadata: pq.FileMetaData | None = None,
        dictionaries: Sequence[str] = (),
        huge: int | None = None,
    ) -> None:
        self._path = path
        self._footer = footer
        self._leaves = leaves
        self._name = name
        self._dictionaries = list(dictionaries)
        self._huge = HUGE_BYTES if huge is None else huge
        self._weights: dict[tuple[int, int], Weight] = {}
        self._groups: list[Struct] = footer.value(FileField.ROW_GROUPS)
        self._paths = [b".".join(leaf.path).decode(errors="replace") for leaf in leaves]
        with shard_faults(name):
            self.file = self._opened(path, metadata)

    def batches(
        self,
        number: int,
        columns: Sequence[str] | None = None,
        *,
        max_bytes: int = BATCH_BYTES,
        max_rows: int = BATCH_ROWS,
        keeps_memory: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Read some columns of a row group.

        Args:
            number: of the row group.
            columns: names or dotted paths as pyarrow has them; all by default.
            max_bytes: of one batch, by the footer's average row; one row at the least.
            max_rows: of one batch.
            keeps_memory: whether what a batch filled is kept for the next one, however large.

        Raises:
            ShardError: a page is damaged or cannot be decoded, or there are fewer rows than the
                footer says.
            StorageError: there is no room to put a large dictionary aside.
        """
        rows = self._groups[number].value(GroupField.ROWS)
        if not rows:
            return
        asked = [n for n in range(len(self._leaves)) if self._is_asked(n, columns)]
        weights = self._weights_in(number, asked)
        with ExitStack() as stack:
            with shard_faults(self._name):
                file, place = self.file, number
                if weights:
                    # Its own, so that it is open as long as somebody reads these batches.
                    stream = stack.enter_context(self._path.open("rb", buffering=0))
                    file, place = self._paged(stream, number, weights)
                reading = file.iter_batches(
                    batch_size=min(max_rows, self._batch_rows(number, asked, weights, max_bytes)),
                    row_groups=[place],
                    columns=None if columns is None else list(columns),
                    use_threads=False,
                )
            heavy = not keeps_memory and self.bytes_of(number, columns) >= RETURNED_BYTES
            yield from self._all_of(reading, number, heavy)

    def _all_of(
        self, reading: Iterator[pa.RecordBatch], number: int, heavy: bool
    ) -> Iterator[pa.RecordBatch]:
        seen = 0
        while True:
            with shard_faults(self._name):
                batch = next(reading, None)
                for column in batch.columns if batch is not None else ():
                    _check_indices(column)
            if batch is None:
                break
            seen += batch.num_rows
            large = heavy and batch.nbytes >= _LARGE_BATCH_BYTES
            yield batch
            del batch
            if large:
                return_memory()
        if seen != self._groups[number].value(GroupField.ROWS):
            with shard_faults(self._name):
                raise ValueError(f"row group {number} has not as many rows as it says")

    def is_one_batch(self, number: int, max_bytes: int, max_rows: int) -> bool:
        """Whether all columns of a row group would be read as one batch.

        Args:
            number: of the row group.
            max_bytes: as `batches`.
            max_rows: as `batches`.

        Raises:
            ShardError: a page header is damaged.
        """
        asked = range(len(self._leaves))
        rows = self._groups[number].value(GroupField.ROWS)
        weights = self._weights_in(number, asked)
        most = min(max_rows, self._batch_rows(number, asked, weights, max_bytes))
        return bool(rows <= most)

    def bytes_of(self, number: int, columns: Sequence[str] | None = None) -> int:
        """Bytes of some columns of a row group, decompressed, as the footer says."""
        asked = [n for n in range(len(self._leaves)) if self._is_asked(n, columns)]
        return sum(max(0, self._meta(number, n).value(MetaField.UNCOMPRESSED)) for n in asked)

    def again(self) -> Groups:
        """The same row groups, open once more: for another thread."""
        return Groups(
            self._path,
            self._footer,
            self._leaves,
            self._name,
            metadata=self.file.metadata,
            dictionaries=self._dictionaries,
            huge=self._huge,
        )

    def close(self) -> None:
        """Close the file; batches already read stay."""
        self.file.close(force=True)

    def __enter__(self) -> Groups:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _opened(self, source: Any, metadata: pq.FileMetaData | None) -> pq.ParquetFile:  # noqa: ANN401  # a path or a file
        return pq.ParquetFile(
            source,
            metadata=metadata,
            read_dictionary=self._dictionaries,
            buffer_size=BUFFER_BYTES,
            pre_buffer=False,
            # A page that has changed is not judged: it might have named what is opted out. Nor is
            # it encoded anew, with a checksum of its own that hides the change.
            page_checksum_verification=True,
        )

    def _is_asked(self, number: int, columns: Sequence[str] | None) -> bool:
        path = self._paths[number]
        return columns is None or any(path == c or path.startswith(c + ".") for c in columns)

    def _meta(self, number: int, column: int) -> Struct:
        return meta_of(chunks_of(self._groups[number])[column])

    def _is_large(self, number: int, column: int) -> bool:
        size: int = self._meta(number, column).value(MetaField.UNCOMPRESSED)
        return size >= min(self._huge, _WEIGHED_BYTES)

    def _weights_in(self, number: int, asked: Sequence[int]) -> dict[int, Weight]:
        """Of the large ones among some columns."""
        large = [n for n in asked if self._is_large(number, n)]
        if not large:
            return {}
        with shard_faults(self._name), self._path.open("rb", buffering=0) as stream:
            return {n: self._weight(stream, number, n) for n in large}

    def _weight(self, stream: IO[bytes], number: int, column: int) -> Weight:
        key = number, column
        if key not in self._weights:
            chunks = chunks_in(stream, self._footer, number, self._leaves)
            self._weights[key] = weigh(chunks[column])
        return self._weights[key]

    def _paged(
        self, stream: IO[bytes], number: int, weights: dict[int, Weight]
    ) -> tuple[pq.ParquetFile, int]:
        """The file to read a row group from, and its number there."""
        # Cut, a dictionary would be in the order of its use.
        free = {n: w for n, w in weights.items() if self._paths[n] not in self._dictionaries}
        anew = too_large(free, self._huge)
        if not anew:
            return self.file, number
        chunks = chunks_in(stream, self._footer, number, self._leaves)
        paged = PagedFile(stream, [chunks[n] for n in anew])
        return self._opened(pa.PythonFile(paged, "r"), paged_view(self._footer, number, anew)), 0

    def _batch_rows(
        self, number: int, asked: Sequence[int], weights: dict[int, Weight], max_bytes: int
    ) -> int:
        rows = self._groups[number].value(GroupField.ROWS)
        size = sum(self._meta(number, n).value(MetaField.UNCOMPRESSED) for n in asked)
        usual = max_bytes // max(1, size // rows)
        dense = DENSE_BATCH_BYTES // max(1, sum(weight.value for weight in weights.values()))
        return int(max(1, min(usual, dense, rows)))
