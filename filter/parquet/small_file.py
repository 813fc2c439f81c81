"""A table written as a small Parquet file that lies in memory, from where its chunks are taken."""

from __future__ import annotations

import io
import mmap
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .compact import Struct
from .footer import parse_footer


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows that were encoded into a small Parquet file.

    Attributes:
        file: its bytes.
        block: memory of others that holds the bytes; None where they have their own.
    """

    file: memoryview
    block: mmap.mmap | None = None

    def footer(self, name: str) -> Struct:
        """What it says of itself; `name` is what its shard is called in messages."""
        length = int.from_bytes(self.file[-8:-4], "little")
        return parse_footer(bytes(self.file[-8 - length : -8]), name)


def grown(rows: pa.Table, options: dict[str, Any]) -> Encoded:
    """Encode rows into memory that grows.

    Args:
        rows: become one row group.
        options: how, in the words of pyarrow's writer.
    """
    # Arrow's own stream doubles its memory whenever it is full.
    sink = io.BytesIO()
    _write(rows, sink, options)
    # Not its buffer: a stream that is still read cannot be closed, and says so when it ends.
    return Encoded(memoryview(sink.getvalue()))


def filled(block: mmap.mmap, rows: pa.Table, options: dict[str, Any]) -> Encoded:
    """Encode rows into a block.

    Args:
        block: what it holds is lost.
        rows: as `grown`.
        options: as `grown`.

    Raises:
        OSError: it is full.
    """
    with pa.FixedSizeBufferWriter(pa.py_buffer(block)) as sink:
        _write(rows, sink, options)
        return Encoded(memoryview(block)[: sink.tell()], block)


def _write(rows: pa.Table, sink: io.BytesIO | pa.NativeFile, options: dict[str, Any]) -> None:
    with pq.ParquetWriter(sink, rows.schema, **options) as writer:
        writer.write_table(rows, row_group_size=max(1, rows.num_rows))
