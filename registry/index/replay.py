"""Trying an index that was just built: is what it holds found, at every distance?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .multi_index import MultiIndex, radius_index
from .pigeonhole import Chunks, Plan
from .postings import Postings
from .radius import Hashes, Within

FURTHEST = 34
"""Bits: the default radius of the longest hashes, and what a draft may add to it."""

_SAMPLED = 2
"""Hashes that are compared with all others."""

_MOST_PAIRS = 1 << 23
"""Where so many were found it is enough: many hashes are alike."""

_SEED = 11

_ODD = 0x9E3779B97F4A7C1
"""A number by which others are spread."""


def replay(hashes: Hashes, postings: Postings) -> str:
    """Ask for hashes that differ in so many bits from registered ones, and for some as they are.

    The first have to be found with their distances, though each of them differs so that only one
    chunk leads to it; of the others exactly what comparing with everything finds. Which ones are
    taken is a function of how many there are.

    Args:
        hashes: uint8[n, bytes].
        postings: of the same hashes; where there are none nothing is tried.

    Returns:
        What is missing, in words; empty where nothing is.
    """
    index = radius_index(hashes, postings)
    if not len(postings) or not isinstance(index, MultiIndex):
        return ""
    drawn = np.random.Generator(np.random.PCG64(_SEED))
    chunks = Chunks.of(8 * hashes.shape[1], len(hashes))
    furthest, pairs = min(FURTHEST, hashes.shape[1]), 0
    for radius in range(furthest + 1):
        changes = _hardest(chunks, radius, drawn)
        rows = drawn.integers(0, len(hashes), len(changes))
        distances = np.full(len(rows), -1)
        for found in index.searched(hashes[rows] ^ changes, radius):
            own = found.row == rows[found.query]
            distances[found.query[own]] = found.distance[own]
            pairs += len(own)
        if not np.array_equal(distances, np.bitwise_count(changes).sum(axis=1)):
            return f"a hash that differs in {radius} bits"
        if pairs > _MOST_PAIRS:
            return ""
    sample = np.ascontiguousarray(hashes[drawn.integers(0, len(hashes), _SAMPLED)])
    if _summary(index.searched(sample, furthest)) != _summary(index.compared(sample, furthest)):
        return f"all hashes within {furthest} bits of some"
    return ""


def _hardest(chunks: Chunks, radius: int, drawn: np.random.Generator) -> Hashes:
    """For each chunk that is looked at a change of `radius` bits that no other chunk allows."""
    radii = Plan.of(chunks, radius).radii
    changes = []
    for only, allowed in enumerate(radii):
        if allowed < 0:
            continue
        bits = np.zeros(chunks.bits, np.uint8)
        for chunk, positions in enumerate(chunks.positions()):
            bits[drawn.permutation(positions)[: radii[chunk] + (chunk != only)]] = 1
        changes.append(np.packbits(bits))
    return np.array(changes, np.uint8)


def _summary(found: Iterable[Within]) -> tuple[int, ...]:
    """Of pairs in any order: how many there are, and sums that others would hardly have."""
    sums = (0, 0, 0)
    for query, row, distance in found:
        mixed = (row + (query << 40)) * _ODD
        each = len(row), int((mixed >> 20).sum()), int((mixed >> 20 ^ distance).sum())
        sums = (sums[0] + each[0], sums[1] + each[1], sums[2] + each[2])
    return sums
