"""How often a picture is taken for another that has nothing to do with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .distances import Hashes, between, nearest, words
from .keeping import Arrays

RADII = (16, 30)
_TAIL = 88
"""Bits up to which pairs are counted for each two photographs."""


@dataclass(frozen=True)
class Class:
    """Pictures of one sort.

    Attributes:
        name: of the sort.
        arrays: what `hashing.registered` and `rows.row` made, stacked, a picture a row.
        kin: int[n], those of the same number are never compared.
        names: of the pictures.
    """

    name: str
    arrays: Arrays
    kin: npt.NDArray[np.int64]
    names: Sequence[str]

    @property
    def refused(self) -> npt.NDArray[np.bool_]:
        """Which of them are too plain to be registered."""
        return self.arrays["plain"]

    def rows(self) -> list[Hashes]:
        """The ways of looking for them as rows of a corpus."""
        return [self.arrays["row_phash256"], self.arrays["row_mirrored"]]


def stacked(
    name: str, pictures: Sequence[Arrays], kin: Sequence[str], names: Sequence[str]
) -> Class:
    """A class from its pictures."""
    numbers = {each: number for number, each in enumerate(dict.fromkeys(kin))}
    arrays = {key: np.stack([each[key] for each in pictures]) for key in pictures[0]}
    return Class(name, arrays, np.array([numbers[each] for each in kin]), names)


def alike(registered: Class, rows: Class, *, gated: bool) -> dict[str, Any]:
    """How many rows a class of registered pictures would drop, though nobody copied.

    Args:
        registered: every variant of each is looked for.
        rows: the pictures of the corpus, and their mirror images.
        gated: only those are registered that the gates let pass.

    Returns:
        the pairs that were compared, and how many are within each radius; of the registered
        pictures how many match any row; the nearest two.
    """
    chosen = ~registered.refused if gated else np.ones(len(registered.names), bool)
    numbers = np.flatnonzero(chosen)
    same = registered is rows
    found: dict[str, Any] = {
        "registered": len(numbers),
        "pairs": 0,
        "within": dict.fromkeys(map(str, RADII), 0),
        "entries": dict.fromkeys(map(str, RADII), 0),
        "nearest": None,
    }
    if not len(numbers):
        return found
    arrays, best = registered.arrays, 255
    variants, there = arrays["phash256"][numbers], arrays["has_phash256"][numbers]
    for block, least in nearest(variants, there, rows.rows()):
        if same:
            related = registered.kin[numbers[block], None] == rows.kin[None, :]
            least[related] = 255
            found["pairs"] += int((~related).sum())
        else:
            found["pairs"] += least.size
        for radius in RADII:
            within = least <= radius
            found["within"][str(radius)] += int(within.sum())
            found["entries"][str(radius)] += int(within.any(axis=1).sum())
        at = np.unravel_index(least.argmin(), least.shape)
        if least[at] < best:
            best = int(least[at])
            pair = registered.names[numbers[block][at[0]]], rows.names[at[1]]
            found["nearest"] = {"bits": best, "pictures": pair}
    return found


def near_pairs(some: Class, most: int) -> list[tuple[int, str, str]]:
    """Every two pictures of a class within so many bits, nearest first."""
    pairs = []
    arrays = some.arrays
    for block, least in nearest(arrays["phash256"], arrays["has_phash256"], some.rows()):
        for row, column in np.argwhere(least <= most):
            mine = block.start + int(row)
            if mine < column:
                bits = int(least[row, column])
                pairs.append((bits, some.names[mine], some.names[int(column)]))
    return sorted(pairs)


@dataclass(frozen=True)
class Pairs:
    """Distances of unrelated pairs.

    Attributes:
        name: what was compared.
        histogram: pairs by bits, int[257].
        counts: int[photographs, photographs, bits], of pairs in the tail.
        total: float[photographs, photographs], pairs of parts of each two photographs.
    """

    name: str
    histogram: npt.NDArray[np.int64]
    counts: npt.NDArray[np.uint32]
    total: npt.NDArray[np.float64]


def compared(
    name: str, hashes: Hashes, others: Hashes, passing: npt.NDArray[np.bool_], *, tail: int = _TAIL
) -> Pairs:
    """Compare parts of photographs with parts of other photographs.

    Args:
        name: what it is.
        hashes: uint8[photographs, parts, bytes].
        others: the same shape; the same array, or another hash of the same parts.
        passing: bool[photographs, parts], whether the gates let it be registered. Pairs of which
            neither does are left out.
        tail: bits up to which pairs are counted by photographs.
    """
    count, parts, width = hashes.shape
    histogram = np.zeros(257, np.int64)
    counts = np.zeros((count, count, tail + 1), np.uint32)
    total = np.zeros((count, count))
    mine = words(hashes.reshape(-1, width)).reshape(count, parts, -1)
    flat, good = words(others.reshape(-1, width)), passing.reshape(-1)
    for one in range(count - 1):
        start = (one + 1) * parts
        for passes in (True, False):
            chosen = passing[one] == passes
            columns = (
                np.arange(start, len(flat)) if passes else start + np.flatnonzero(good[start:])
            )
            if not chosen.any() or not len(columns):
                continue
            found = between(mine[one, chosen], flat[columns])
            histogram += np.bincount(found.reshape(-1), minlength=257)
            of = columns // parts
            total[one] += chosen.sum() * np.bincount(of, minlength=count)
            rows, places = np.nonzero(found <= tail)
            np.add.at(counts, (one, of[places], found[rows, places]), 1)
    return Pairs(name, histogram, counts, total)


def upper_bound(matches: int, pairs: float) -> float:
    """The most that a probability may be, at 95%, after so many matches among independent pairs.

    For none it is the rule of three, 3 / pairs; else the exact limit of Poisson.
    """
    if matches == 0:
        return -math.log(0.05) / pairs
    from scipy.stats import chi2

    return float(chi2.ppf(0.95, 2 * matches + 2)) / 2 / pairs
