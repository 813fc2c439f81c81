"""Sorting hashes by their chunks, compiled: see `postings`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled
from optout.registry.compiled.memory import load8

U = np.uint64
Numbers32 = npt.NDArray[np.uint32]
Numbers16 = npt.NDArray[np.uint16]


@compiled("void(uint64, uint64, uint32[:, :, ::1], uint32[:, ::1])")
def cut(
    hashes: np.uint64, stride: np.uint64, table: npt.NDArray[np.uint32], keys: Numbers32
) -> None:
    """The chunks of hashes.

    Args:
        hashes: the address of the first.
        stride: bytes from one to the next.
        table: uint32[bytes, 256, chunks], see `pigeonhole.key_table`.
        keys: uint32[n, chunks]: to be filled.
    """
    size, chunks = table.shape[0], table.shape[2]
    for row in range(len(keys)):
        address = hashes + stride * U(row)
        own = keys[row]
        own[:] = np.uint32(0)
        for byte in range(size):
            adds = table[byte, np.int64(load8(address + U(byte)))]
            for chunk in range(chunks):
                own[chunk] ^= adds[chunk]


@compiled("void(uint32[::1], uint32[::1])")
def count(keys: Numbers32, counts: Numbers32) -> None:
    """Add to `counts` how often each value occurs."""
    for key in keys:
        counts[key] += np.uint32(1)


@compiled(
    "void(uint32[::1], uint16[::1], uint32, uint32, uint32[::1], int64, uint32[::1], uint16[::1])"
)
def put(
    keys: Numbers32,
    sketches: Numbers16,
    low: np.uint32,
    high: np.uint32,
    places: Numbers32,
    first: int,
    postings: Numbers32,
    beside: Numbers16,
) -> None:
    """Put the rows with certain values in order, as far as they stand in one part of the postings.

    Args:
        keys: uint32[rows], a chunk of every hash.
        sketches: uint16[rows], what is to stand beside each row.
        low: the least of the values.
        high: the greatest.
        places: uint32[high - low + 1], where the postings of each value begin; is used up.
        first: where the part begins.
        postings: the part, to be filled.
        beside: the sketches of the same rows, to be filled.
    """
    end = first + len(postings)
    for row in range(len(keys)):
        key = keys[row]
        if low <= key <= high:
            place = np.int64(places[key - low])
            places[key - low] += np.uint32(1)
            if first <= place < end:
                postings[place - first] = np.uint32(row)
                beside[place - first] = sketches[row]
