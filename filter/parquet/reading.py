"""Reading a shard in pieces whose size is known before they are read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from .compact import Struct
from .footer import FileField, GroupField, MetaField, chunks_of, leaves_of, meta_of, read_footer
from .tail import InputIdentity, opened, read_tail, shard_faults

BATCH_BYTES = 16 << 20
"""Bytes of a batch, by the footer's averages."""

BATCH_ROWS = 1 << 16
"""Rows of a batch at most: what a dictionary folds up, a batch unfolds."""

BUFFER_BYTES = 1 << 20
"""Bytes read ahead of each column; without it pyarrow reads a column chunk whole."""

RETURNED_BYTES = 4 << 20
"""Bytes of a batch from which the memory of those before it is worth giving back."""


def return_memory() -> None:
    """Give the system back what earlier batches filled.

    A page is read whole, and one of a thousand pictures leaves no room for what Arrow would keep.
    """
    pa.default_memory_pool().release_unused()


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group and where its rows lie in the shard.

    Attributes:
        index: its number in the file.
        first_row: number of its first row in the shard, from 0.
        rows: how many it has.
    """

    index: int
    first_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a shard.

    Attributes:
        first_row: number of the first row in the shard, from 0.
        rows: how many; also where no column was asked for.
        data: the columns that were asked for.
    """

    first_row: int
    rows: int
    data: pa.RecordBatch


class ShardReader:
    """One Parquet file, open for reading; a context manager.

    Args:
        path: the file.
        name: what to call it in messages; its path by default.

    Attributes:
        identity: what tells the file apart.
        rows: how many rows it has.
        row_groups: its row groups in order.
        schema: its Arrow schema, metadata included.
        metadata: its footer, as pyarrow has it.

    Raises:
        ShardError: cut off, empty, encrypted, a folder, or no Parquet file.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name or str(path)
        with opened(path, self.name) as stream:
            tail = read_tail(stream, self.name)
        self.identity: InputIdentity = tail.identity
        # Not asked of pyarrow: some damaged chunks end the process when it describes them.
        footer = read_footer(tail, self.name)
        self._paths = [b".".join(leaf.path).decode(errors="replace") for leaf in leaves_of(footer)]
        self._groups: list[Struct] = footer.value(FileField.ROW_GROUPS)
        with shard_faults(self.name):
            self._file = pq.ParquetFile(
                path,
                buffer_size=BUFFER_BYTES,
                pre_buffer=False,
                # A page that has changed is not judged: it might have named what is opted out.
                page_checksum_verification=True,
            )
            self.metadata: pq.FileMetaData = self._file.metadata
            self.schema: pa.Schema = self._file.schema_arrow
        rows = [group[GroupField.ROWS][1] for group in self._groups]
        self.rows: int = sum(rows)
        firsts = itertools.accumulate(rows, initial=0)
        self.row_groups = tuple(
            RowGroup(index, first, count)
            for index, (first, count) in enumerate(zip(firsts, rows, strict=False))
        )

    def batches(
        self,
        columns: Sequence[str] | None = None,
        *,
        max_bytes: int = BATCH_BYTES,
        max_rows: int = BATCH_ROWS,
        row_groups: Sequence[int] | None = None,
    ) -> Iterator[Batch]:
        """Read some columns, batch by batch, in the order of the rows.

        Args:
            columns: names or dotted paths as pyarrow has them (`images.list.element`); all by
                default; an empty sequence counts rows and reads nothing.
            max_bytes: of one batch, by the footer's average row; one row at the least.
            max_rows: of one batch.
            row_groups: their numbers; all by default.

        Raises:
            ShardError: a page is damaged or cannot be decoded.
        """
        chosen = self.row_groups if row_groups is None else [self.row_groups[i] for i in row_groups]
        for group in chosen:
            if group.rows == 0:
                continue
            size = min(max_rows, self._batch_rows(group, columns, max_bytes))
            row = group.first_row
            reading = self._file.iter_batches(
                batch_size=size,
                row_groups=[group.index],
                columns=None if columns is None else list(columns),
                use_threads=False,
            )
            while True:
                with shard_faults(self.name):
                    data = next(reading, None)
                if data is None:
                    break
                yield Batch(row, data.num_rows, data)
                row += data.num_rows
                large = data.nbytes >= RETURNED_BYTES
                del data
                if large:
                    return_memory()
            if row != group.first_row + group.rows:
                with shard_faults(self.name):
                    raise ValueError(f"row group {group.index} holds fewer rows than it says")

    def schema_of(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """The Arrow schema of batches with some columns.

        Args:
            columns: as `batches`.

        Raises:
            ShardError: it cannot be told.
        """
        if columns is None:
            return self.schema
        with shard_faults(self.name):
            return self._file.read_row_groups([], columns=list(columns), use_threads=False).schema

    def _batch_rows(self, group: RowGroup, columns: Sequence[str] | None, max_bytes: int) -> int:
        size = 0
        for path, chunk in zip(self._paths, chunks_of(self._groups[group.index]), strict=True):
            if columns is None or any(path == c or path.startswith(c + ".") for c in columns):
                size += meta_of(chunk).value(MetaField.UNCOMPRESSED)
        per_row = max(1, size // group.rows)
        return max(1, min(max_bytes // per_row, BATCH_ROWS, group.rows))

    def close(self) -> None:
        """Close the file; batches already read stay."""
        self._file.close(force=True)

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
