"""Asking a binary fuse filter with 8-bit fingerprints, compiled.

Source: T. M. Graf, D. Lemire: Binary Fuse Filters: Fast and Smaller Than Xor Filters, 2022,
https://arxiv.org/abs/2201.01174. A key stands in three neighbouring segments; the three bytes
there, added without carry, are its fingerprint.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import inlined, shared
from optout.registry.compiled.memory import load8, load64, multiply_high, prefetch

U = np.uint64
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
SHARD_SEED = U(0x9E3779B97F4A7C15)


@inlined
def mixed(key: np.uint64, seed: np.uint64) -> np.uint64:
    """A key's hash under a seed: the finalizer of MurmurHash3."""
    value = key + seed
    value ^= value >> U(33)
    value *= U(0xFF51AFD7ED558CCD)
    value ^= value >> U(33)
    value *= U(0xC4CEB9FE1A85EC53)
    return value ^ (value >> U(33))


@inlined
def places(
    value: np.uint64, segment: np.uint64, span: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Where the fingerprint of a key stands, by its hash: in three segments next to each other."""
    first = multiply_high(value, span)
    mask = segment - U(1)
    second = (first + segment) ^ ((value >> U(18)) & mask)
    third = (first + segment + segment) ^ (value & mask)
    return first, second, third


@inlined
def fingerprint(value: np.uint64) -> np.uint8:
    """What the bytes at the places of a key come to, by its hash."""
    return np.uint8((value ^ (value >> U(32))) & U(255))


@inlined
def _home(filter_address: np.uint64, shards: np.uint64, key: np.uint64) -> np.uint64:
    """Where the numbers of a key's shard stand."""
    shard = U(0) if shards == U(1) else multiply_high(mixed(key, SHARD_SEED), shards)
    return filter_address + U(8) + shard * U(32)


@shared
def ask(filter_address: np.uint64, keys: Words, count: int, present: Bytes, scratch: Words) -> None:
    """Which of some keys may be in a filter.

    Args:
        filter_address: uint64, of a file as `fuse` lays it out.
        keys: uint64[count or more].
        count: int64.
        present: uint8[count or more]: set to 1 where a key may be there, else to 0.
        scratch: uint64[4, count or more], to work in.
    """
    shards = load64(filter_address)
    if shards == U(0):
        present[:count] = np.uint8(0)
        return
    for i in range(count):
        home = _home(filter_address, shards, keys[i])
        base = filter_address + load64(home)
        segment, span = load64(home + U(16)), load64(home + U(24))
        value = mixed(keys[i], load64(home + U(8)))
        first, second, third = places(value, segment, span)
        prefetch(base + first)
        prefetch(base + second)
        prefetch(base + third)
        scratch[0, i], scratch[1, i], scratch[2, i] = base + first, base + second, base + third
        scratch[3, i] = value ^ (value >> U(32))
    for i in range(count):
        found = load8(scratch[0, i]) ^ load8(scratch[1, i]) ^ load8(scratch[2, i])
        present[i] = ((U(found) ^ scratch[3, i]) & U(255)) == U(0)
