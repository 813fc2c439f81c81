"""Finding hashes within a radius: one after the other is compared; compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled

from .distances import distance

U = np.uint64
Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@compiled("int64(uint64, uint64, int64, uint64, int64, int64, uint64, int64[:, ::1])")
def compare(
    hashes: np.uint64,
    stride: np.uint64,
    rows: int,
    queries: np.uint64,
    count: int,
    words: int,
    radius: np.uint64,
    found: Numbers,
) -> int:
    """Compare every query with every one of some hashes.

    Args:
        hashes: the address of the first.
        stride: bytes from one to the next.
        rows: how many there are.
        queries: the address of the first; they lie one behind the other.
        count: of the queries.
        words: of a hash, of 8 bytes.
        radius: bits.
        found: int64[3, count * rows]: is filled with query, row, distance.

    Returns:
        How many pairs are found.
    """
    held = 0
    for query in range(count):
        asked = queries + U(8) * U(words * query)
        for row in range(rows):
            bits = distance(hashes + stride * U(row), asked, words, radius)
            if bits <= radius:
                found[0, held] = query
                found[1, held] = row
                found[2, held] = np.int64(bits)
                held += 1
    return held


@compiled("void(uint64, uint64, int64, uint64, int64, uint64, uint8[::1])")
def compare_until_met(
    hashes: np.uint64,
    stride: np.uint64,
    rows: int,
    queries: np.uint64,
    words: int,
    radius: np.uint64,
    met: Bytes,
) -> None:
    """Compare queries with some hashes, each until one is near.

    It takes what `compare` does. In `met`, uint8[n], 1 is set for the queries that have one; those
    for which it is set are passed over.
    """
    for query in range(len(met)):
        if not met[query]:
            asked = queries + U(8) * U(words * query)
            for row in range(rows):
                if distance(hashes + stride * U(row), asked, words, radius) <= radius:
                    met[query] = np.uint8(1)
                    break
