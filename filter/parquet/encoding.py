"""Encoding the kept rows of a row group anew, in pieces of bounded size."""

from __future__ import annotations

import mmap
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
)
from .groups import BATCH_BYTES, BATCH_ROWS, Groups
from .kept import Kept
from .physical import metadata_of, physical_view
from .scratch import Scratch
from .settings import levels_in, writer_options
from .small_file import Encoded, filled, grown
from .tail import shard_faults
from .transfer import FileSource

PIECE_BYTES = 64 << 20
"""Decoded bytes after which a row group that is encoded anew is cut."""

_WHOLE_ROWS = 1 << 17
"""Rows of a row group that is decoded at once, at most: writers make that many, or a million."""

_WHOLE = 1.5
"""Pieces that such a row group may have in bytes; it is not cut."""

_STEP_BYTES = 4 << 20
"""Bytes of it that are decoded together: few enough that the memory of the last ones serves the
next."""

_MOST_BYTES = (1 << 31) - 1
"""Bytes of a piece: beyond them some arrays of Arrow count no further."""

_ROOM_BYTES = 16 << 20
"""Room that a piece is given to be encoded into, beside as much as it has decoded."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that are to be encoded, once.

    Attributes:
        rows: at least one.
        options: how, in the words of pyarrow's writer.
        blocks: memory that holds some of the rows, and other rows as soon as these are encoded.
    """

    rows: pa.Table
    options: dict[str, Any]
    blocks: list[mmap.mmap]


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
            empty = grown(nothing, {"store_schema": False})
        written = list(leaves_of(empty.footer(name)))
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
        self._decoded, self._encoded = Scratch(), Scratch()

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
                rows, blocks = self._table(kept)
                piece = Piece(rows, options, blocks)
            del rows, blocks
            yield piece
            del piece  # before the next one is read
        with self._lock:
            self._readers.append(reader)

    def encode(self, piece: Piece) -> Encoded:
        """Encode a piece of a row group as that was written; its rows are gone then.

        Raises:
            ShardError: it cannot be encoded.
        """
        with shard_faults(self._name):
            try:
                block = self._encoded.take(2 * piece.rows.nbytes + _ROOM_BYTES)
                encoded = filled(block, piece.rows, piece.options)
            except (OSError, MemoryError):  # there is no such room, or even that is not enough
                encoded = grown(piece.rows, piece.options)
        for decoded in piece.blocks:
            self._decoded.give_back(decoded)
        return encoded

    def release(self, encoded: Encoded) -> None:
        """Let others use the memory of what was encoded: nobody reads it any more."""
        if encoded.block is not None:
            self._encoded.give_back(encoded.block)

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

    def _pieces(self, number: int, reader: Groups) -> Iterator[Kept]:
        first, last = self._first[number], self._first[number + 1]
        rows, size = int(last - first), reader.bytes_of(number)
        max_bytes, max_rows, cut = BATCH_BYTES, BATCH_ROWS, PIECE_BYTES
        if not self.is_large(number):
            max_bytes, max_rows = int(PIECE_BYTES * _WHOLE) + 1, _WHOLE_ROWS
            # Where its values fold up, or are of very different sizes, it is cut nevertheless.
            if not self._categories and reader.is_one_batch(number, max_bytes, max_rows):
                max_bytes, max_rows, cut = _STEP_BYTES, BATCH_ROWS, _MOST_BYTES
        expected = int(min(1.0, cut / max(1, size)) * rows)
        kept, row, decoded = Kept(self._decoded, expected), int(first), 0
        keeps = cut == _MOST_BYTES
        for batch in reader.batches(
            number, max_bytes=max_bytes, max_rows=max_rows, keeps_memory=keeps
        ):
            if decoded and decoded + batch.nbytes > _MOST_BYTES and kept.rows:
                yield kept
                kept, decoded = Kept(self._decoded, expected), 0
            low, high = np.searchsorted(self._removed, (row, row + batch.num_rows))
            with shard_faults(self._name):
                kept.add(batch, self._removed[low:high] - row)
            row += batch.num_rows
            # Counted with the removed rows, so that the cuts depend on the input alone.
            decoded += batch.nbytes
            del batch
            if decoded >= cut:
                if kept.rows:
                    yield kept
                kept, decoded = Kept(self._decoded, expected), 0
        if kept.rows:
            yield kept

    def _table(self, kept: Kept) -> tuple[pa.Table, list[mmap.mmap]]:
        table, blocks = kept.table()
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
        return table, blocks


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
