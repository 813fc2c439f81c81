"""How often unrelated pictures are alike by chance, and what radius that allows.

Measured: of 700 million pairs of unrelated photographs that the gates let pass one was within 56
bits of phash256, and none within 48. With 95% certainty no more than 4.74 were to be expected where
one is seen (Poisson). From there a straight line is drawn, of the logarithm of the share: with the
slope, rounded down, that a normal distribution with this share below 56 and its mean at 128 has
there. The logarithm of such a tail falls the faster the lower the distance, so the line lies above
it: it errs towards more false matches. It knows nothing of pictures that are alike for a reason;
those are kept out by the gates.
"""

from __future__ import annotations

from math import exp

from .gates import DEFAULT_RADIUS

PAIRS = 700_000_000
"""Pairs of unrelated photographs that were compared."""

SEEN_AT = 56
"""Bits: one of them was as near, and none was much nearer."""

_MOST_EXPECTED = 4.74
"""The most pairs, with 95% certainty, that are to be expected where one is seen."""

_SLOPE = 0.5
"""By which the natural logarithm of the share falls with every bit less."""

LOOKS = 2
"""How often a row is compared with every variant: itself, and its mirror image."""

TOLERATED = 1e-5
"""The share of rows that may be dropped by chance."""


def chance(radius: int) -> float:
    """The share of pairs of unrelated pictures within a radius, at most.

    Args:
        radius: bits of phash256, at most `SEEN_AT`.
    """
    if radius > SEEN_AT:
        raise ValueError(f"nothing was measured at {radius} bits")
    return _MOST_EXPECTED / PAIRS * exp(-_SLOPE * (SEEN_AT - radius))


def rows_by_chance(variants: int, radius: int) -> float:
    """The share of a corpus's pictures that so many variants match by chance, at most."""
    return LOOKS * variants * chance(radius)


def radius_for(variants: int) -> int:
    """The largest radius at which chance drops no more than `TOLERATED`; even, as distances are.

    Args:
        variants: of registered pictures; each has several.

    Returns:
        Bits of phash256, `DEFAULT_RADIUS` at most.
    """
    for radius in range(DEFAULT_RADIUS, 0, -2):
        if rows_by_chance(variants, radius) <= TOLERATED:
            return radius
    return 0
