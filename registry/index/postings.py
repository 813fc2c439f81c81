"""Postings: for every value of every chunk of hashes, the rows of those that have it.

A file of little-endian 32-bit numbers, for each chunk:

    for every value of the chunk where its rows begin, and at last the end
    the rows, by the value of the chunk, then by number

How the hashes are cut follows from their length and number: see `pigeonhole`. Where there are few
the file is empty. The bytes are a function of the hashes and their order alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import available, kernels

from .pigeonhole import Chunks, key_table, keys_of

Hashes = npt.NDArray[np.uint8]
Postings = npt.NDArray[np.uint32]

KERNELS = "optout.registry.index.postings_kernels"

NUMBER = np.dtype("<u4")

PART = 1 << 25
"""Rows that are put in order at once: 134 MB."""

_BLOCK = 1 << 16
_COUNTED = 1 << 24


def write_postings(
    hashes: Hashes, stream: IO[bytes], aside: Path | None = None, *, part: int = PART
) -> None:
    """Write the postings of some hashes; memory is bounded, however many there are.

    Args:
        hashes: uint8[n, bytes]. A column of a mapped file will do.
        stream: what they are written to.
        aside: a folder for some 50 bytes of each hash meanwhile; the system's own by default.
        part: rows that are put in order at once. The bytes do not depend on it.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    chunks = Chunks.of(8 * hashes.shape[1], len(hashes))
    if not chunks.words:
        return
    with tempfile.TemporaryFile(dir=aside) as file:
        keys = np.memmap(file, np.uint32, "w+", shape=(len(chunks.widths), len(hashes)))
        _cut(hashes, chunks, keys.view(np.ndarray))
        for chunk, width in enumerate(chunks.widths):
            _write_chunk(keys[chunk].view(np.ndarray), width, stream, part)


def built(hashes: Hashes) -> Postings:
    """The same in memory."""
    with tempfile.TemporaryFile() as stream:
        write_postings(hashes, stream)
        stream.seek(0)
        return np.frombuffer(stream.read(), NUMBER)


def _cut(hashes: Hashes, chunks: Chunks, keys: Postings) -> None:
    """The chunks of all hashes, one chunk after the other."""
    table, positions = key_table(chunks), chunks.positions()
    for first in range(0, len(hashes), _BLOCK):
        some = hashes[first : first + _BLOCK]
        if available():
            cut = np.empty((len(some), len(positions)), np.uint32)
            in_place = some.strides[1] == 1 and some.strides[0] > 0
            some = some if in_place else np.ascontiguousarray(some)
            kernels(KERNELS).cut(
                np.uint64(some.ctypes.data), np.uint64(some.strides[0]), table, cut
            )
        else:
            cut = keys_of(some, positions)
        keys[:, first : first + len(some)] = cut.T


def _write_chunk(keys: Postings, width: int, stream: IO[bytes], part: int) -> None:
    starts = _starts(keys, width)
    stream.write(starts.astype(NUMBER, copy=False).data)
    if available():
        _write_parts(keys, starts, stream, part)
    else:
        stream.write(np.argsort(keys, kind="stable").astype(NUMBER).data)


def _starts(keys: Postings, width: int) -> Postings:
    """Where the rows of every value begin, and the end."""
    starts = np.zeros((1 << width) + 1, np.uint32)
    for first in range(0, len(keys), _COUNTED):
        some = keys[first : first + _COUNTED]
        if available():
            kernels(KERNELS).count(some, starts[1:])
        else:
            starts[1:] += np.bincount(some, minlength=1 << width).astype(np.uint32)
    np.cumsum(starts, dtype=np.uint32, out=starts)
    return starts


def _write_parts(keys: Postings, starts: Postings, stream: IO[bytes], part: int) -> None:
    """The rows by the value of a chunk, so many at once."""
    put = kernels(KERNELS).put
    room = np.empty(min(part, len(keys)), np.uint32)
    for first in range(0, len(keys), part):
        end = min(first + part, len(keys))
        low = int(starts.searchsorted(first, side="right")) - 1
        high = int(starts.searchsorted(end, side="left")) - 1
        places = starts[low : high + 1].copy()
        put(keys, np.uint32(low), np.uint32(high), places, np.int64(first), room[: end - first])
        stream.write(room[: end - first].astype(NUMBER, copy=False).data)
