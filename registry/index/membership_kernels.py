"""Which of many keys are registered: first the filter, then the sorted column, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load32, load64

from .fuse_kernels import ask
from .tables import BITS, COUNT, DIRECTORY, FILTER, PREFIX_HOST_BITS, PREFIX_HOSTS, PROBES

__all__ = [
    "BITS",
    "COUNT",
    "DIRECTORY",
    "FILTER",
    "PREFIX_HOSTS",
    "PREFIX_HOST_BITS",
    "PROBES",
    "is_in",
    "present_in",
]

U = np.uint64
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


@shared
def is_in(
    probes: np.uint64, count: np.uint64, directory: np.uint64, bits: np.uint64, key: np.uint64
) -> bool:
    """Whether a key stands in a sorted column, by its directory."""
    bucket = U(0) if bits == U(0) else key >> (U(64) - bits)
    low = min(U(load32(directory + bucket * U(4))), count)
    high = min(U(load32(directory + (bucket + U(1)) * U(4))), count)
    while low < high:
        middle = (low + high) >> U(1)
        if load64(probes + middle * U(8)) < key:
            low = middle + U(1)
        else:
            high = middle
    return bool(low < count and load64(probes + low * U(8)) == key)


@shared
def present_in(tables: Words, keys: Words, count: int, present: Bytes, scratch: Words) -> int:
    """Set `present` to 1 for the keys that some segment holds, to 0 for the others.

    Args:
        tables: uint64[segments, 8], where the index of each segment lies.
        keys: uint64[count or more].
        count: int64.
        present: uint8[count or more].
        scratch: uint64[5, count or more], to work in.

    Returns:
        How many are present.
    """
    found = 0
    present[:count] = np.uint8(0)
    maybe = scratch[4].view(np.uint8)
    for segment in range(len(tables)):
        table = tables[segment]
        ask(table[FILTER], keys, count, maybe, scratch)
        for i in range(count):
            if not maybe[i] or present[i]:
                continue
            if is_in(table[PROBES], table[COUNT], table[DIRECTORY], table[BITS], keys[i]):
                present[i] = np.uint8(1)
                found += 1
    return found
