"""Bits in which two hashes differ: a part of compiled functions."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import inlined
from optout.registry.compiled.memory import load64, ones

U = np.uint64


@inlined
def distance(one: np.uint64, other: np.uint64, words: int, radius: np.uint64) -> np.uint64:
    """Bits in which two hashes at addresses differ; some of them, where that is too many."""
    found = ones(load64(one) ^ load64(other))
    if words > 1:
        found += ones(load64(one + U(8)) ^ load64(other + U(8)))
        if found <= radius:
            for word in range(2, words):
                at = U(8) * U(word)
                found += ones(load64(one + at) ^ load64(other + at))
    return found
