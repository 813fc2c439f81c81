"""Taking rows out of a shard and leaving everything else as it was."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from .assembly import COPY_BYTES, Assembly, Output
from .compact import Struct
from .encoding import Encoder
from .footer import FileField, GroupField, parse_footer, read_footer
from .tail import opened, read_tail, shard_faults

Rows = npt.NDArray[np.int64]

_NO_KERNEL_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF}


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
        rows = parse_footer(read_tail(file, name).footer, name).value(FileField.ROWS)
        with shard_faults(name):
            file.seek(0)
        if _copied_by_kernel(file, stream):
            while data := stream.read(COPY_BYTES):
                output.note(data)
        else:
            while data := _read(file, name):
                output.write(data)
    return RewriteReport(rows, rows, output.position, output.sha256, "copied", "nothing to remove")


def _read(file: IO[bytes], name: str) -> bytes:
    with shard_faults(name):
        return file.read(COPY_BYTES)


def _copied_by_kernel(file: IO[bytes], stream: IO[bytes]) -> bool:
    """Copy without the bytes passing here; a file system that shares blocks then does."""
    try:
        origin, target = file.fileno(), stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return False
    if not hasattr(os, "copy_file_range") or not stream.readable():
        return False
    left, position = os.fstat(origin).st_size, 0
    try:
        while left > 0:
            done = os.copy_file_range(origin, target, left, position, position)
            if not done:
                return False
            left, position = left - done, position + done
    except OSError as fault:
        if fault.errno in _NO_KERNEL_COPY:
            return False
        raise
    return True


def rewrite(
    source: Path, stream: IO[bytes], removed: Rows, *, name: str | None = None
) -> RewriteReport:
    """Write a shard without some of its rows.

    Row order, all other rows bit by bit, columns, types, metadata, codecs, encodings, page version
    and row groups stay, and what had statistics, page indexes, checksums or Bloom filters has them
    again. A row group of more than `PIECE_BYTES` is cut, and one that is emptied goes. Key-values
    stay as they are, so that the row count in a pandas RangeIndex is the input's (pandas passes
    over a range of another length).

    No removed value is left: what is encoded anew is made from the kept rows alone. Decimals in
    variable length lose their statistics, whose order pyarrow does not know. The bytes depend on
    the input's bytes and the removed rows alone, for one version of pyarrow.

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
        encoder = Encoder(source, file, footer, removed, name)
        assembly = Assembly(output, footer, encoder.leaves, name)
        spliced = 0
        first = 0
        for number, group in enumerate(footer.value(FileField.ROW_GROUPS)):
            end = first + group[GroupField.ROWS][1]
            low, high = np.searchsorted(removed, (first, end))
            if low == high and not encoder.obstacle:
                assembly.splice(file, group)
                spliced += 1
            else:
                for encoded, parts in encoder.encode(number):
                    for part in parts:
                        assembly.graft(encoded, part, group)
                    del encoded  # before the next piece is read
            first = end
        assembly.finish()
    how = "spliced" if spliced else "rewritten"
    why = encoder.obstacle or "every row group has rows to remove"
    if spliced:
        why = f"{spliced} row groups have no row to remove"
    return RewriteReport(rows, rows - len(removed), output.position, output.sha256, how, why)


def _count_rows(footer: Struct, name: str) -> int:
    rows = sum(group[GroupField.ROWS][1] for group in footer.value(FileField.ROW_GROUPS))
    if rows != footer.value(FileField.ROWS):
        with shard_faults(name):
            raise ValueError("its row groups have not as many rows as its footer says")
    return int(rows)
