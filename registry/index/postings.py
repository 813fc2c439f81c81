"""Postings: for every value of every chunk of hashes, the rows of those that have it.

A file of little-endian 32-bit numbers: the number of this layout, `LAYOUT`, then for each chunk

    for every value of the chunk where its rows begin, and at last the end
    the sketches of the rows in the same order, 16 bits each; 0 behind an odd number of them
    the rows, by the value of the chunk, then by number

How the hashes are cut follows from their length and number: see `pigeonhole`. Where there are few
the file is empty. The bytes are a function of the hashes and their order alone.
Files from before layouts had numbers begin with 0.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import available, kernels

from .pigeonhole import Chunks, key_table, keys_of

Hashes = npt.NDArray[np.uint8]
Postings = npt.NDArray[np.uint32]
Sketches = npt.NDArray[np.uint16]
Positions = Sequence[npt.NDArray[np.int64]]

KERNELS = "optout.registry.index.postings_kernels"

LAYOUT = 1
"""The first number of a file: how the rest is laid out, `pigeonhole`'s cutting included."""

NUMBER = np.dtype("<u4")
TWO_BYTES = np.dtype("<u2")

PART = 1 << 25
"""Rows that are put in order at once: 201 MB."""

_BLOCK = 1 << 16
_COUNTED = 1 << 24


def write_postings(
    hashes: Hashes, stream: IO[bytes], aside: Path | None = None, *, part: int = PART
) -> None:
    """Write the postings of some hashes; memory is bounded, however many there are.

    Args:
        hashes: uint8[n, bytes]. A column of a mapped file will do.
        stream: what they are written to.
        aside: a folder for some 100 bytes of each hash meanwhile; the system's own by default.
        part: rows that are put in order at once. The bytes do not depend on it.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    chunks, rows = Chunks.of(8 * hashes.shape[1], len(hashes)), len(hashes)
    if not chunks.words:
        return
    stream.write(np.array([LAYOUT], NUMBER).data)
    count = len(chunks.widths)
    with tempfile.TemporaryFile(dir=aside) as file, tempfile.TemporaryFile(dir=aside) as beside:
        # Before the chunks there is room for the rows in the order of the first one. Those of the
        # next ones take the place of what is done with.
        room = np.memmap(file, np.uint32, "w+", shape=(1 + count, rows)).view(np.ndarray)
        sketches = np.memmap(beside, np.uint16, "w+", shape=(count, rows)).view(np.ndarray)
        _cut(hashes, chunks.positions(), room[1:])
        _cut(hashes, chunks.sketched(), sketches)
        for chunk, width in enumerate(chunks.widths):
            starts = _starts(room[1 + chunk], width)
            stream.write(starts.astype(NUMBER, copy=False).data)
            _put(room[1 + chunk], sketches[chunk], starts, room[chunk], stream, part)
            for first in range(0, rows, _COUNTED):
                some = room[chunk, first : first + _COUNTED]
                stream.write(some.astype(NUMBER, copy=False).data)


class UnknownLayoutError(ValueError):
    """Postings are laid out otherwise than here."""


def opened(postings: Postings, words: int) -> Postings:
    """What stands in a file of postings behind the number of its layout.

    Args:
        postings: all numbers of the file.
        words: how many it has to hold behind that one; 0 where the file has to be empty.

    Raises:
        UnknownLayoutError: it is laid out otherwise.
        ValueError: it is of another length.
    """
    if words and len(postings) and postings[0] != LAYOUT:
        raise UnknownLayoutError(f"it has the layout {postings[0]}, and this optout reads {LAYOUT}")
    expected = words and 1 + words
    if len(postings) != expected:
        raise ValueError(f"{len(postings)} numbers of postings in place of {expected}")
    return postings[1:]


def built(hashes: Hashes) -> Postings:
    """The same in a file without a name, mapped: it goes with the array."""
    with tempfile.TemporaryFile() as stream:
        write_postings(hashes, stream)
        if not stream.tell():
            return np.empty(0, NUMBER)  # nothing cannot be mapped
        stream.flush()
        return np.memmap(stream, NUMBER, "r").view(np.ndarray)


def cut(hashes: Hashes, positions: Positions, table: Postings | None = None) -> Postings:
    """The chunks of hashes, compiled where that is possible: see `pigeonhole.keys_of`.

    Args:
        hashes: uint8[n, bytes].
        positions: the bits of each chunk.
        table: `pigeonhole.key_table` of them; None where it is not at hand.
    """
    if not available():
        return keys_of(hashes, positions)
    if table is None:
        table = key_table(8 * hashes.shape[1], positions)
    keys = np.empty((len(hashes), len(positions)), np.uint32)
    in_place = hashes.strides[1] == 1 and hashes.strides[0] > 0
    hashes = hashes if in_place else np.ascontiguousarray(hashes)
    kernels(KERNELS).cut(np.uint64(hashes.ctypes.data), np.uint64(hashes.strides[0]), table, keys)
    return keys


def _cut(hashes: Hashes, positions: Positions, keys: Postings | Sketches) -> None:
    """The chunks of all hashes, one chunk after the other."""
    table = key_table(8 * hashes.shape[1], positions)
    for first in range(0, len(hashes), _BLOCK):
        some = hashes[first : first + _BLOCK]
        keys[:, first : first + len(some)] = cut(some, positions, table).T


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


def _put(
    keys: Postings,
    sketches: Sketches,
    starts: Postings,
    rows: Postings,
    stream: IO[bytes],
    part: int,
) -> None:
    """Put rows in order by the value of a chunk, so many at once, and write their sketches."""
    if not available():
        rows[:] = np.argsort(keys, kind="stable")
        stream.write(sketches[rows].astype(TWO_BYTES).data)
    else:
        put = kernels(KERNELS).put
        room = np.empty(min(part, len(keys)), np.uint16)
        for first in range(0, len(keys), part):
            end = min(first + part, len(keys))
            low = int(starts.searchsorted(first, side="right")) - 1
            high = int(starts.searchsorted(end, side="left")) - 1
            places = starts[low : high + 1].copy()
            some, put_here = room[: end - first], rows[first:end]
            bounds = np.uint32(low), np.uint32(high)
            put(keys, sketches, *bounds, places, np.int64(first), put_here, some)
            stream.write(some.astype(TWO_BYTES, copy=False).data)
    if len(keys) % 2:
        stream.write(bytes(TWO_BYTES.itemsize))
