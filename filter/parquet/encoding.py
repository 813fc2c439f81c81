"""Encoding the kept rows of a row group anew, in pieces of bounded size."""

from __future__ import annotations

import io
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from .groups import BATCH_BYTES, BATCH_ROWS, Groups
from .physical import metadata_of, physical_view
from .settings import levels_in, writer_options
from .tail import shard_faults
from .transfer import FileSource

PIECE_BYTES = 64 << 20
"""Decoded bytes after which a row group that is encoded anew is cut."""

_WHOLE_ROWS = 1 << 17
"""Rows of a row group that is decoded at once, at most: writers make that many, or a million."""

_WHOLE = 1.5
"""Pieces that such a row group may have in bytes; it is not cut."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that are to be encoded.

    Attributes:
        rows: at least one.
        options: how, in the words of pyarrow's writer.
    """

    rows: pa.Table
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Row groups that were encoded into a small Parquet file.

    Attributes:
        file: its bytes.
        groups: what its footer says of each.
    """

    file: io.BytesIO
    groups: list[Struct]


class Encoder:
    """Encodes the kept rows of a shard's row groups anew; usable from several threads.

    Args:
        path: the input.
        source: the same, open.
        footer: its footer.
        removed: numbers of the rows to leave out, ascending, counted from the shard's first.
        name: what to call it in messages.
        level: of compression; a codec's usual one where None.

    Attributes:
        leaves: its columns.
        obstacle: why row groups without a removed row must be encoded anew too, in words; empty
            where they may be copied.

    Raises:
        ShardError: its columns are nested in a way that pyarrow cannot write.
    """

    def __init__(
        self,
        path: Path,
        source: FileSource,
        footer: Struct,
        removed: Rows,
        name: str,
        *,
        level: int | None = None,
    ) -> None:
        self._path = path
        self._source = source
        self._level = level
        self._groups: list[Struct] = footer.value(FileField.ROW_GROUPS)
        rows = [group[GroupField.ROWS][1] for group in self._groups]
        self._first = np.concatenate([[0], np.cumsum(rows, dtype=np.int64)])
        self._removed = removed
        self._name = name
        self.leaves: list[Leaf] = list(leaves_of(footer))
        with shard_faults(name):
            self._view, self._orders = physical_view(footer, self.leaves)
            self._metadata = metadata_of(self._view)
            with pq.ParquetFile(path, metadata=self._metadata) as file:
                schema = file.schema_arrow
            # Not `empty_table`, which would load pandas.
            nothing = pa.Table.from_batches([], schema=schema)
            empty = _encoded(nothing, {"store_schema": False})
        written = list(leaves_of(parse_footer(_footer_of(empty), name)))
        if [leaf.storage for leaf in written] != [leaf.storage for leaf in self.leaves]:
            raise ShardError(
                name,
                f"{name} nests its columns in a way that cannot be written again",
                "Write it with another tool first, or leave it out of the input.",
            )
        self._paths = [b".".join(leaf.path).decode() for leaf in written]
        found = categorical_leaves(footer, self.leaves)
        self._categorical = frozenset(self._paths[n] for n in found.leaves)
        self._categories = self._find_categories(found.leaves)
        self.obstacle = found.obstacle
        told = {n for n, categories in self._categories.items() if categories.complete}
        if found.leaves - told:
            self.obstacle = "categorical columns list values that only removed rows have"
        # One for each row group that is being decoded; opened when there is none to spare.
        self._reader = self._open([self._paths[n] for n in self._categories])
        self._readers = [self._reader]
        self._lock = threading.Lock()

    def touched(self) -> tuple[set[int], set[int]]:
        """The numbers of the row groups that lose some of their rows, and of those that lose all.

        Where there is an obstacle, all that keep a row lose some.
        """
        gone = np.diff(np.searchsorted(self._removed, self._first))
        rows = np.diff(self._first)
        some = (gone < rows) & ((gone > 0) | bool(self.obstacle))
        every = (gone == rows) & ((rows > 0) | bool(self.obstacle))
        return {int(n) for n in np.flatnonzero(some)}, {int(n) for n in np.flatnonzero(every)}

    def is_large(self, number: int) -> bool:
        """Whether a row group may be cut into several pieces."""
        rows = self._groups[number][GroupField.ROWS][1]
        return rows > _WHOLE_ROWS or self._reader.bytes_of(number) > PIECE_BYTES * _WHOLE

    def pieces(self, number: int) -> Generator[Piece, None, None]:
        """Decode the kept rows of a row group, piece by piece.

        Args:
            number: of the row group.

        Raises:
            ShardError: it is damaged, or of a codec that this pyarrow does not know.
            StorageError: there is no room to put a large dictionary aside.
        """
        options = writer_options(
            *(self._groups[number], self.leaves, self._paths, self._orders, self._source),
            self._name,
            level=self._level,
            categorical=self._categorical,
        )
        with self._lock:
            reader = self._readers.pop() if self._readers else None
        reader = reader or self._reader.again()
        for kept in self._pieces(number, reader):
            with shard_faults(self._name):
                table = self._table(kept)
            piece = Piece(table, options)
            del table
            yield piece
            del piece  # before the next one is read
        with self._lock:
            self._readers.append(reader)

    def encode(self, piece: Piece) -> Encoded:
        """Encode a piece of a row group as that was written.

        Raises:
            ShardError: it cannot be encoded.
        """
        with shard_faults(self._name):
            file = _encoded(piece.rows, piece.options)
        footer = parse_footer(_footer_of(file), self._name)
        return Encoded(file, footer.value(FileField.ROW_GROUPS))

    def levels(self, numbers: Iterable[int]) -> dict[str, int]:
        """At which level the codecs of some row groups compress, those that have levels."""
        return levels_in([self._groups[number] for number in numbers], self._level)

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

    def _pieces(self, number: int, reader: Groups) -> Iterator[list[pa.RecordBatch]]:
        kept: list[pa.RecordBatch] = []
        row, decoded = int(self._first[number]), 0
        # Decoded at once, rows need not be put together again.
        limits = (BATCH_BYTES, BATCH_ROWS)
        if not self.is_large(number):
            limits = (int(PIECE_BYTES * _WHOLE) + 1, _WHOLE_ROWS)
        for whole in reader.batches(number, max_bytes=limits[0], max_rows=limits[1]):
            batch = self._without_removed(whole, row)
            row += whole.num_rows
            # Counted with the removed rows, so that the cuts depend on the input alone.
            decoded += whole.nbytes
            if batch.num_rows:
                kept.append(batch)
            del whole, batch
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
        # Made of its bits: of an array pyarrow would ask pandas first, and load it.
        bits = pa.py_buffer(np.packbits(keep, bitorder="little"))
        mask = pa.Array.from_buffers(pa.bool_(), len(keep), [None, bits])
        with shard_faults(self._name):
            return batch.filter(mask)

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
