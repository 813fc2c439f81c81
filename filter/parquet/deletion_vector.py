"""Which rows of a shard are not in the output, in Iceberg's `deletion-vector-v1`.

Layout (https://iceberg.apache.org/puffin-spec/#deletion-vector-v1-blob-type): length of magic and
bitmap as u32 big-endian, magic `D1 D3 39 64`, a portable 64-bit Roaring bitmap (little-endian),
CRC-32 of magic and bitmap as u32 big-endian. Rows are counted from 0 in the input shard.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from optout.filter.errors import EvidenceError
from pyroaring import BitMap64

MAGIC = bytes.fromhex("d1d33964")

_ADVICE = "Filter the shard again; what it removed can no longer be told."


def encode(rows: Iterable[int] | npt.NDArray[np.integer] | BitMap64) -> bytes:
    """The vector of these rows; the same rows always make the same bytes.

    Args:
        rows: row numbers from 0, in any order.
    """
    if isinstance(rows, BitMap64):
        rows = rows_of(rows)
    elif not isinstance(rows, np.ndarray):
        rows = np.fromiter(rows, dtype=np.int64)
    # Built anew from sorted rows: which containers a bitmap has depends on how it came about.
    bitmap = BitMap64(np.unique(rows).tolist())
    bitmap.run_optimize()
    body = MAGIC + bitmap.serialize()
    return struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))


def decode(data: bytes, name: str = "the deletion vector") -> BitMap64:
    """Read a vector that `encode` made; no byte of it may be different.

    Args:
        data: the vector's bytes.
        name: what to call it in a message.

    Raises:
        EvidenceError: it is cut off, changed, longer than it says, or not written by optout.
    """
    if len(data) < 12:
        raise EvidenceError(f"{name} is cut off", _ADVICE)
    (length,) = struct.unpack(">I", data[:4])
    body, checksum = data[4:-4], data[-4:]
    if length != len(body):
        raise EvidenceError(f"{name} is not as long as it says", _ADVICE)
    if body[:4] != MAGIC:
        raise EvidenceError(f"{name} is no deletion-vector-v1", _ADVICE)
    if struct.unpack(">I", checksum) != (zlib.crc32(body),):
        raise EvidenceError(f"{name} does not match its checksum", _ADVICE)
    try:
        bitmap = BitMap64.deserialize(body[4:])
    except (ValueError, IndexError) as fault:
        raise EvidenceError(f"{name} holds no bitmap", _ADVICE) from fault
    # One set has many Roaring forms, and the reader passes over what follows a bitmap.
    if encode(bitmap) != data:
        raise EvidenceError(f"{name} is not in the form optout writes", _ADVICE)
    return bitmap


def rows_of(bitmap: BitMap64) -> npt.NDArray[np.int64]:
    """The rows of a vector, ascending."""
    return np.asarray(bitmap.to_array(), dtype=np.uint64).astype(np.int64)
