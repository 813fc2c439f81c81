"""Distances between many hashes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint8]
Distances = npt.NDArray[np.uint8]

_CELLS = 1 << 22
"""Distances that are held at once."""


def words(hashes: Hashes) -> npt.NDArray[np.uint64]:
    """uint8[n, bytes] as 64 bits a word."""
    return np.ascontiguousarray(hashes).view(np.uint64)


def between(some: npt.NDArray[np.uint64], others: npt.NDArray[np.uint64]) -> Distances:
    """Bits by which each of some hashes differs from each of the others.

    Two hashes of 256 bits that differ in every one of them do not occur here: each phash has the
    first bit set, and 256 would be 0.
    """
    total = np.bitwise_count(some[:, None, 0] ^ others[None, :, 0])
    for word in range(1, some.shape[1]):
        total += np.bitwise_count(some[:, None, word] ^ others[None, :, word])
    return total


def blocks(count: int, others: int) -> Iterator[slice]:
    """Rows, as many at once as memory is meant to hold."""
    step = max(1, _CELLS // max(1, others))
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))


def nearest(
    variants: Hashes, there: npt.NDArray[np.bool_], rows: list[Hashes]
) -> Iterator[tuple[slice, Distances]]:
    """How near each registered picture is to each row, by any of its variants, any of the ways.

    Args:
        variants: uint8[n, variants, bytes].
        there: bool[n, variants]; at least one of each.
        rows: the ways of looking for the same m rows, uint8[m, bytes] each.

    Yields:
        which registered pictures, and their distances, uint8[., m].
    """
    ways = [words(way) for way in rows]
    for block in blocks(len(variants), len(rows[0])):
        least = np.full((block.stop - block.start, len(rows[0])), 255, np.uint8)
        for variant in range(variants.shape[1]):
            mine = words(variants[block, variant])
            absent = ~there[block, variant]
            for way in ways:
                found = between(mine, way)
                found[absent] = 255
                np.minimum(least, found, out=least)
        yield block, least
