"""The rivals of the index: the sorted column with its directory alone, compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled
from optout.registry.compiled.memory import load32, prefetch
from optout.registry.index.fuse_kernels import ask
from optout.registry.index.membership_kernels import BITS, COUNT, DIRECTORY, FILTER, PROBES, is_in

U = np.uint64
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
BLOCK = 128


@compiled("void(uint64[:, ::1], uint64[::1], uint8[::1])")
def directory(tables: Words, keys: Words, present: Bytes) -> None:
    """Directory and column, a key after the other."""
    probes, count = tables[0, PROBES], tables[0, COUNT]
    where, bits = tables[0, DIRECTORY], tables[0, BITS]
    for i in range(len(keys)):
        present[i] = is_in(probes, count, where, bits, keys[i])


@compiled("void(uint64[:, ::1], uint64[::1], uint8[::1])")
def directory_ahead(tables: Words, keys: Words, present: Bytes) -> None:
    """The same in blocks, each step's memory fetched ahead."""
    probes, count = tables[0, PROBES], tables[0, COUNT]
    where, bits = tables[0, DIRECTORY], tables[0, BITS]
    for start in range(0, len(keys), BLOCK):
        end = min(start + BLOCK, len(keys))
        if bits > U(0):
            for i in range(start, end):
                prefetch(where + (keys[i] >> (U(64) - bits)) * U(4))
            for i in range(start, end):
                first = U(load32(where + (keys[i] >> (U(64) - bits)) * U(4)))
                prefetch(probes + first * U(8))
                prefetch(probes + first * U(8) + U(64))
        for i in range(start, end):
            present[i] = is_in(probes, count, where, bits, keys[i])


@compiled("void(uint64[:, ::1], uint64[::1], uint8[::1])")
def filter_alone(tables: Words, keys: Words, present: Bytes) -> None:
    """The filter without the column: one in 256 is wrong."""
    scratch = np.empty((5, BLOCK), np.uint64)
    for start in range(0, len(keys), BLOCK):
        end = min(start + BLOCK, len(keys))
        ask(tables[0, FILTER], keys[start:end], end - start, present[start:end], scratch)
