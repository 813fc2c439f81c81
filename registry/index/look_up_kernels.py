"""Looking up any number of keys, compiled: see `membership_kernels`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled
from optout.registry.compiled.memory import load64

from .membership_kernels import present_in

U = np.uint64
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


@compiled("void(uint64[:, ::1], uint64, int64, uint8[::1])")
def look_up(tables: Words, keys: np.uint64, count: int, present: Bytes) -> None:
    """`present_in` for any number of keys, which lie at an address."""
    block = 256
    scratch = np.empty((5, block), np.uint64)
    some = np.empty(block, np.uint64)
    for start in range(0, count, block):
        end = min(start + block, count)
        for i in range(end - start):
            some[i] = load64(keys + U(8) * U(start + i))
        present_in(tables, some, end - start, present[start:end], scratch)
