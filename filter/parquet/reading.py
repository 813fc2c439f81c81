"""Reading a shard in pieces whose size is known before they are read."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from .compact import Struct
from .footer import FileField, GroupField, leaves_of, read_footer
from .groups import BATCH_BYTES, BATCH_ROWS, Groups
from .tail import InputIdentity, opened, read_tail, shard_faults


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
        groups: list[Struct] = footer.value(FileField.ROW_GROUPS)
        self._groups = Groups(path, footer, list(leaves_of(footer)), self.name)
        with shard_faults(self.name):
            self.metadata: pq.FileMetaData = self._groups.file.metadata
            self.schema: pa.Schema = self._groups.file.schema_arrow
        rows = [group[GroupField.ROWS][1] for group in groups]
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
            StorageError: there is no room to put a large dictionary aside.
        """
        chosen = self.row_groups if row_groups is None else [self.row_groups[i] for i in row_groups]
        for group in chosen:
            row = group.first_row
            reading = self._groups.batches(
                group.index, columns, max_bytes=max_bytes, max_rows=max_rows
            )
            for data in reading:
                yield Batch(row, data.num_rows, data)
                row += data.num_rows
                del data  # before the next one is read

    def bytes_of(self, row_group: int, columns: Sequence[str] | None = None) -> int:
        """How large the columns of a row group are, decompressed, as the footer says.

        Args:
            row_group: its number.
            columns: as `batches`.
        """
        return self._groups.bytes_of(row_group, columns)

    def again(self) -> ShardReader:
        """Another reader of the same file, for another thread; its footer is not read again."""
        other = copy.copy(self)
        other._groups = self._groups.again()
        return other

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
            return self._groups.file.read_row_groups(
                [], columns=list(columns), use_threads=False
            ).schema

    def close(self) -> None:
        """Close the file; batches already read stay."""
        self._groups.close()

    def __enter__(self) -> ShardReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
