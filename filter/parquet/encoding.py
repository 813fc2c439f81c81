"""Encoding the kept rows of a row group anew, in pieces of bounded size."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.errors import ShardError

from .categories import (
    Categories,
    can_keep_order,
    categorical_leaves,
    find_categories,
    restrict,
)
from .compact import Struct
from .footer import (
    FileField,
    GroupField,
    Leaf,
    leaves_of,
    parse_footer,
)
from .groups import Groups
from .physical import metadata_of, physical_view
from .settings import writer_options
from .tail import shard_faults

PIECE_BYTES = 64 << 20
"""Decoded bytes after which a row group that is encoded anew is cut."""

Rows = npt.NDArray[np.int64]


class Encoder:
    """Encodes the kept rows of a shard's row groups anew.

    Args:
        path: the input.
        file: the same, open.
        footer: its footer.
        removed: numbers of the rows to leave out, ascending, counted from the shard's first.
        name: what to call it in messages.

    Attributes:
        leaves: its columns.
        obstacle: why row groups without a removed row must be encoded anew too, in words; empty
            where they may be copied.

    Raises:
        ShardError: its columns are nested in a way that pyarrow cannot write.
    """

    def __init__(
        self, path: Path, file: IO[bytes], footer: Struct, removed: Rows, name: str
    ) -> None:
        self._path = path
        self._file = file
        self._groups: list[Struct] = footer.value(FileField.ROW_GROUPS)
        self._removed = removed
        self._name = name
        self.leaves: list[Leaf] = list(leaves_of(footer))
        with shard_faults(name):
            self._view, self._orders = physical_view(footer, self.leaves)
            self._metadata = metadata_of(self._view)
            schema = pq.ParquetFile(path, metadata=self._metadata).schema_arrow
            empty = _encoded(schema.empty_table(), {"store_schema": False})
        written = list(leaves_of(parse_footer(_footer_of(empty), name)))
        if [leaf.storage for leaf in written] != [leaf.storage for leaf in self.leaves]:
            raise ShardError(
                name,
                f"{name} nests its columns in a way that cannot be written again",
                "Write it with another tool first, or leave it out of the input.",
            )
        self._paths = [b".".join(leaf.path).decode() for leaf in written]
        found = categorical_leaves(footer, self.leaves)
        self._categories = self._find_categories(found.leaves)
        self.obstacle = found.obstacle
        told = {n for n, categories in self._categories.items() if categories.complete}
        if found.leaves - told:
            self.obstacle = "categorical columns list values that only removed rows have"
        self._reader = self._open([self._paths[n] for n in self._categories])

    def encode(self, number: int) -> Iterator[tuple[io.BytesIO, list[Struct]]]:
        """Encode the kept rows of a row group.

        Args:
            number: of the row group.

        Returns:
            Small Parquet files, and the row groups of each.
        """
        options = writer_options(
            self._groups[number], self.leaves, self._paths, self._orders, self._file, self._name
        )
        for kept in self._pieces(number):
            with shard_faults(self._name):
                encoded = _encoded(self._table(kept), options)
            footer = parse_footer(_footer_of(encoded), self._name)
            yield encoded, footer.value(FileField.ROW_GROUPS)
            del encoded  # before the next piece is read

    def _open(self, dictionaries: list[str]) -> Groups:
        return Groups(
            self._path,
            self._view,
            list(leaves_of(self._view)),
            self._name,
            metadata=self._metadata,
            dictionaries=dictionaries,
        )

    def _find_categories(self, categorical: frozenset[int]) -> dict[int, Categories]:
        numbers = [n for n in sorted(categorical) if can_keep_order(self.leaves[n])]
        rows = [group[GroupField.ROWS][1] for group in self._groups]
        found = {}
        if numbers:
            reader = self._open([self._paths[n] for n in numbers])

            def batches(group: int, path: str) -> Iterator[pa.RecordBatch]:
                return reader.batches(group, [path])

            for number in numbers:
                categories = find_categories(self._paths[number], rows, self._removed, batches)
                if categories:
                    found[number] = categories
        return found

    def _pieces(self, number: int) -> Iterator[list[pa.RecordBatch]]:
        kept: list[pa.RecordBatch] = []
        first = sum(group[GroupField.ROWS][1] for group in self._groups[:number])
        row, decoded = first, 0
        for whole in self._reader.batches(number):
            batch = self._without_removed(whole, row)
            row += whole.num_rows
            if batch.num_rows:
                kept.append(batch)
            # Counted with the removed rows, so that the cuts depend on the input alone.
            decoded += whole.nbytes
            if decoded >= PIECE_BYTES:
                if kept:
                    yield kept
                kept, decoded = [], 0
        if kept:
            yield kept

    def _without_removed(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        low, high = np.searchsorted(self._removed, (first, first + batch.num_rows))
        if low == high:
            return batch
        keep = np.ones(batch.num_rows, dtype=bool)
        keep[self._removed[low:high] - first] = False
        with shard_faults(self._name):
            return batch.filter(pa.array(keep))

    def _table(self, batches: list[pa.RecordBatch]) -> pa.Table:
        table = pa.Table.from_batches(batches)
        batches.clear()
        for number, categories in self._categories.items():
            column = table.schema.get_field_index(self._paths[number])
            restricted = restrict(table.column(column), categories.kept)
            field = table.schema.field(column).with_type(restricted.type)
            table = table.set_column(column, field, restricted)
        # Batching changes the bytes pyarrow writes: one piece is one chunk. Column by column, so
        # that no column lies here twice but the one that is at hand.
        for column in range(table.num_columns):
            whole = pa.chunked_array([_combined(table.column(column))])
            table = table.set_column(column, table.schema.field(column), whole)
        return table


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _encoded(table: pa.Table, options: dict[str, Any]) -> io.BytesIO:
    # Arrow's own stream doubles its memory whenever it is full.
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    return sink


def _footer_of(encoded: io.BytesIO) -> bytes:
    with encoded.getbuffer() as data:
        length = int.from_bytes(data[-8:-4], "little")
        return bytes(data[-8 - length : -8])
