"""What the distances that were seen say about those that are too seldom to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .false_matches import Pairs, upper_bound

REGISTERED, ROWS = 10**8, 10**9
"""How large a registry and a corpus are extrapolated to."""

COMPARISONS = 3 * 2
"""A row and its mirror image are compared with each of three variants of a registered picture."""

RADII = (16, 24, 30)

_BITS = 256
_LEAST_COUNT = 10
_DECADES = 2
_RESAMPLED = 300
_FLOOR = 1e-300


@dataclass(frozen=True)
class Line:
    """log10 of the probability that two unrelated pictures are within r bits: `at + slope * r`.

    Attributes:
        at: at 0 bits.
        slope: for each bit.
        first: the first radius that it was fitted to.
        last: the last one.
    """

    at: float
    slope: float
    first: int
    last: int

    def chance(self, radius: float) -> float:
        """The probability that it says."""
        return float(10 ** (self.at + self.slope * radius))


def line(counts: npt.NDArray[np.floating[Any]], total: float) -> Line | None:
    """The straight line through the lowest two decades of what was seen.

    It knows nothing of the few pairs that are nearer than all the others: where there are such, it
    says too little.

    Args:
        counts: pairs by bits.
        total: of all pairs.

    Returns:
        None where too few pairs are that near.
    """
    below = np.cumsum(counts)
    even = np.arange(0, len(below), 2)
    seen = even[below[even] >= _LEAST_COUNT]
    if len(seen) < 3:
        return None
    least = below[seen[0]]
    used = seen[below[seen] <= least * 10**_DECADES]
    if len(used) < 3:
        used = seen[:3]
    weights = np.sqrt(below[used])
    slope, at = np.polyfit(used, np.log10(below[used] / total), 1, w=weights)
    return Line(float(at), float(slope), int(used[0]), int(used[-1]))


def binomial(histogram: npt.NDArray[np.int64], radius: int) -> float:
    """The probability by a binomial distribution of the same mean and variance.

    This is how the tails of iris codes are extrapolated: so many independent coins as would vary
    as much. It looks at the middle of the distribution alone and knows nothing of pictures that
    are alike for a reason.
    """
    from scipy.stats import binom

    bits = np.arange(len(histogram))
    mean = np.average(bits, weights=histogram) / _BITS
    variance = np.average((bits / _BITS - mean) ** 2, weights=histogram)
    coins = mean * (1 - mean) / variance
    return float(binom.cdf(np.floor(radius * coins / _BITS), round(coins), mean))


def extrapolated(pairs: Pairs, seed: int = 1) -> dict[str, Any]:
    """The tail of some distances, with what is uncertain about it.

    Pairs of parts of the same two photographs are not independent. So the interval is made by
    drawing the photographs anew, with replacement, and fitting again; and the bound is given twice,
    for all pairs as if they were independent, and for pairs of photographs.
    """
    count = len(pairs.counts)
    everything = float(pairs.total.sum())
    photographs = count * (count - 1) / 2
    fitted = line(pairs.counts.sum(axis=(0, 1)), everything)
    again = _resampled(pairs, seed) if fitted else []
    radii = []
    for radius in RADII:
        matches = int(pairs.histogram[: radius + 1].sum())
        entry: dict[str, Any] = {
            "radius": radius,
            "matches": matches,
            "bound": upper_bound(matches, everything),
            "bound by photographs": upper_bound(min(matches, int(photographs)), photographs),
            "binomial": binomial(pairs.histogram, radius),
        }
        if fitted:
            chances = [each.chance(radius) for each in again]
            low, high = np.percentile(chances, (2.5, 97.5)) if chances else (0.0, 1.0)
            entry |= {"line": fitted.chance(radius), "low": float(low), "high": float(high)}
        radii.append(entry)
    bits = np.flatnonzero(pairs.histogram)
    return {
        "name": pairs.name,
        "photographs": count,
        "pairs": int(everything),
        "nearest": int(bits[0]),
        "mean": float(np.average(np.arange(257), weights=pairs.histogram)),
        "deviation": _deviation(pairs.histogram),
        "fitted": vars(fitted) if fitted else None,
        "radii": radii,
        "histogram": [int(each) for each in pairs.histogram],
    }


def expected(chance: float) -> float:
    """False matches among all comparisons of such a registry with such a corpus."""
    return chance * REGISTERED * ROWS * COMPARISONS


def _resampled(pairs: Pairs, seed: int) -> list[Line]:
    chance = np.random.default_rng(seed)
    count = len(pairs.counts)
    counts = pairs.counts.reshape(count, -1).astype(np.float32)
    lines = []
    for _ in range(_RESAMPLED):
        times = np.bincount(chance.integers(count, size=count), minlength=count)
        some = times.astype(np.float32)
        tail = some @ (some @ counts).reshape(count, -1)
        drawn = line(tail.astype(float), float(times @ pairs.total @ times))
        if drawn is not None:
            lines.append(drawn)
    return lines


def _deviation(histogram: npt.NDArray[np.int64]) -> float:
    bits = np.arange(len(histogram))
    mean = np.average(bits, weights=histogram)
    return float(np.sqrt(np.average((bits - mean) ** 2, weights=histogram)))
