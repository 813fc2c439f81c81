"""Taking rows out of a shard and leaving everything else as it was."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from optout.filter.errors import ShardError

from .assembly import COPY_BYTES, Assembly, Output
from .compact import Struct
from .footer import (
    FileField,
    GroupField,
    Leaf,
    MetaField,
    chunks_of,
    key_values,
    leaves_of,
    meta_of,
    parse_footer,
    read_footer,
)
from .physical import physical_view
from .reading import BATCH_BYTES, BATCH_ROWS, BUFFER_BYTES
from .settings import writer_options
from .tail import opened, read_tail, shard_faults

PIECE_BYTES = 128 << 20
"""Decoded bytes after which a row group that is encoded anew is cut."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RewriteReport:
    """What was written.

    Attributes:
        rows_in: rows of the input.
        rows_out: rows of the output.
        size: bytes of the output.
        sha256: hex, of the output.
        how: `copied`, `spliced` (clean row groups were copied) or `rewritten` (all were encoded).
        why: the reason for `how`, in words.
    """

    rows_in: int
    rows_out: int
    size: int
    sha256: str
    how: str
    why: str


def copy(source: Path, stream: IO[bytes], *, name: str | None = None) -> RewriteReport:
    """Write a shard from which nothing is removed: the input's bytes.

    Args:
        source: the input shard.
        stream: where to; at its beginning.
        name: what to call the shard in messages; its path by default.

    Raises:
        ShardError: the input cannot be read, or is no Parquet file.
        OSError: the output cannot be written.
    """
    name = name or str(source)
    output = Output(stream)
    with opened(source, name) as file:
        footer = parse_footer(read_tail(file, name).footer, name)
        with shard_faults(name):
            file.seek(0)
        while True:
            with shard_faults(name):
                data = file.read(COPY_BYTES)
            if not data:
                break
            output.write(data)
    rows = footer.value(FileField.ROWS)
    return RewriteReport(rows, rows, output.position, output.sha256, "copied", "nothing to remove")


def rewrite(
    source: Path, stream: IO[bytes], removed: Rows, *, name: str | None = None
) -> RewriteReport:
    """Write a shard without some of its rows.

    Row order, all other rows, columns, types, metadata, codecs, encodings, page version, the
    presence of statistics, indexes and Bloom filters, and row groups stay. A row group of more
    than `PIECE_BYTES` is cut, and one that is emptied goes. No removed value is left: statistics,
    dictionaries, indexes and filters of what is encoded anew are made from the kept rows. The
    bytes depend on the input's bytes and the removed rows alone.

    Args:
        source: the input shard.
        stream: where to; at its beginning.
        removed: numbers of the rows to leave out, strictly ascending, counted from 0.
        name: what to call the shard in messages; its path by default.

    Raises:
        ShardError: the input cannot be read, or cannot be written again as it is.
        ValueError: `removed` is not ascending, or names a row that is not there.
        OSError: the output cannot be written.
    """
    name = name or str(source)
    removed = np.asarray(removed, dtype=np.int64)
    if not len(removed):
        return copy(source, stream, name=name)
    with opened(source, name) as file:
        footer = read_footer(read_tail(file, name), name)
        rows = _count_rows(footer, name)
        if removed[0] < 0 or removed[-1] >= rows or (np.diff(removed) <= 0).any():
            raise ValueError(f"the removed rows of {name} are not ascending rows of it")
        output = Output(stream)
        encoder = _Encoder(source, file, footer, name)
        assembly = Assembly(output, footer, encoder.leaves, name)
        obstacle = _obstacle_to_splicing(footer)
        spliced = _write_groups(file, footer, assembly, encoder, removed, obstacle)
        assembly.finish()
    how = "spliced" if spliced else "rewritten"
    why = f"{spliced} clean row groups were copied" if spliced else obstacle
    return RewriteReport(
        rows,
        rows - len(removed),
        output.position,
        output.sha256,
        how,
        why or "every row group has rows to remove",
    )


def _write_groups(
    file: IO[bytes],
    footer: Struct,
    assembly: Assembly,
    encoder: _Encoder,
    removed: Rows,
    obstacle: str,
) -> int:
    first = spliced = 0
    for index, group in enumerate(footer.value(FileField.ROW_GROUPS)):
        end = first + group[GroupField.ROWS][1]
        low, high = np.searchsorted(removed, (first, end))
        if low == high and not obstacle:
            assembly.splice(file, group)
            spliced += 1
        else:
            for encoded in encoder.encode(index, group, removed[low:high] - first):
                with io.BytesIO(encoded) as small:
                    for part in encoder.groups_of(encoded):
                        assembly.graft(small, part, group)
        first = end
    return spliced


def _count_rows(footer: Struct, name: str) -> int:
    rows = sum(group[GroupField.ROWS][1] for group in footer.value(FileField.ROW_GROUPS))
    if rows != footer.value(FileField.ROWS):
        with shard_faults(name):
            raise ValueError("its row groups have not as many rows as its footer says")
    return int(rows)


def _obstacle_to_splicing(footer: Struct) -> str:
    """Why clean row groups may not be copied; empty where they may.

    A dictionary that was made from an Arrow dictionary array lists all of the array's categories
    in every row group, those that only a removed row used too. Other writers make dictionaries
    from the values of the chunk.
    """
    written = key_values(footer).get(b"ARROW:schema")
    if written is not None:
        try:
            schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(written)))
        except (pa.ArrowException, ValueError, OSError):
            return "its Arrow schema cannot be read"
        if any(_has_dictionary(field.type) for field in schema):
            return "dictionaries of categorical columns may name removed values"
        return ""
    if not footer.value(FileField.CREATED_BY, b"").startswith(b"parquet-cpp"):
        return ""
    metas = [meta_of(c) for g in footer.value(FileField.ROW_GROUPS) for c in chunks_of(g)]
    if any(MetaField.DICTIONARY_PAGE in meta for meta in metas):
        return "its dictionaries may name removed values"
    return ""


def _has_dictionary(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        return True
    if isinstance(type_, pa.BaseExtensionType):
        return _has_dictionary(type_.storage_type)
    return any(_has_dictionary(type_.field(i).type) for i in range(type_.num_fields))


class _Encoder:
    """Encodes the kept rows of a row group anew.

    Args:
        path: the input.
        file: the same, open.
        footer: its footer.
        name: what to call it in messages.
    """

    def __init__(self, path: Path, file: IO[bytes], footer: Struct, name: str) -> None:
        self._file = file
        self._name = name
        self.leaves: list[Leaf] = list(leaves_of(footer))
        with shard_faults(name):
            view, self._orders = physical_view(footer, self.leaves)
            self._reader = pq.ParquetFile(
                path, metadata=view, buffer_size=BUFFER_BYTES, pre_buffer=False
            )
            self._schema = self._reader.schema_arrow
            empty = _encoded(self._schema.empty_table(), {"store_schema": False})
        written = list(leaves_of(parse_footer(_footer_of(empty), name)))
        if [leaf.storage for leaf in written] != [leaf.storage for leaf in self.leaves]:
            raise ShardError(
                name,
                f"{name} nests its columns in a way that cannot be written again",
                "Write it with another tool first, or leave it out of the input.",
            )
        self._paths = [b".".join(leaf.path).decode() for leaf in written]

    def encode(self, index: int, group: Struct, removed: Rows) -> Iterator[memoryview]:
        """Encode a row group in pieces of bounded size, each a small Parquet file.

        Args:
            index: its number.
            group: its part of the footer.
            removed: rows to leave out, counted from its first.
        """
        options = writer_options(
            group, self.leaves, self._paths, self._orders, self._file, self._name
        )
        for kept in self._pieces(index, group, removed):
            with shard_faults(self._name):
                # Batching changes the bytes pyarrow writes: one piece is one chunk.
                table = pa.Table.from_batches(kept, self._schema).combine_chunks()
                kept.clear()
                yield _encoded(table, options)

    def groups_of(self, encoded: memoryview) -> list[Struct]:
        """The row groups of a piece."""
        return parse_footer(_footer_of(encoded), self._name).value(  # type: ignore[no-any-return]
            FileField.ROW_GROUPS
        )

    def _pieces(self, index: int, group: Struct, removed: Rows) -> Iterator[list[pa.RecordBatch]]:
        kept: list[pa.RecordBatch] = []
        row = decoded = 0
        for batch in self._batches(index, group):
            low, high = np.searchsorted(removed, (row, row + batch.num_rows))
            row += batch.num_rows
            # Counted before rows go, so that the cuts depend on the input alone.
            decoded += batch.nbytes
            if high > low:
                mask = np.ones(batch.num_rows, dtype=bool)
                mask[removed[low:high] - (row - batch.num_rows)] = False
                batch = batch.filter(pa.array(mask))
            if batch.num_rows:
                kept.append(batch)
            if decoded >= PIECE_BYTES:
                if kept:
                    yield kept
                kept, decoded = [], 0
        if row != group[GroupField.ROWS][1]:
            with shard_faults(self._name):
                raise ValueError(f"row group {index} has not as many rows as it says")
        if kept:
            yield kept

    def _batches(self, index: int, group: Struct) -> Iterator[pa.RecordBatch]:
        rows = max(1, group[GroupField.ROWS][1])
        size = sum(meta_of(chunk).value(MetaField.UNCOMPRESSED, 0) for chunk in chunks_of(group))
        batch_rows = max(1, min(BATCH_BYTES // max(1, size // rows), BATCH_ROWS))
        reading = self._reader.iter_batches(
            batch_size=batch_rows, row_groups=[index], use_threads=False
        )
        while True:
            with shard_faults(self._name):
                batch = next(reading, None)
            if batch is None:
                return
            yield batch


def _encoded(table: pa.Table, options: dict[str, Any]) -> memoryview:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table, row_group_size=max(1, table.num_rows))
    return memoryview(sink.getvalue())


def _footer_of(encoded: memoryview) -> bytes:
    length = int.from_bytes(encoded[-8:-4], "little")
    return bytes(encoded[-8 - length : -8])
