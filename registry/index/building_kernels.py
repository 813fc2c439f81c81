"""Building a binary fuse filter with 8-bit fingerprints, compiled: see `fuse_kernels`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled
from optout.registry.compiled.memory import load64, multiply_high

from .fuse_kernels import SHARD_SEED, fingerprint, mixed, places

U = np.uint64
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


@compiled("void(uint64, int64, uint64, int64[::1])")
def count_shards(
    keys: np.uint64, count: int, shards: np.uint64, counts: npt.NDArray[np.int64]
) -> None:
    """How many of the keys at an address fall to each shard."""
    for i in range(count):
        key = load64(keys + U(8) * U(i))
        counts[np.int64(multiply_high(mixed(key, SHARD_SEED), shards))] += 1


@compiled("int64(uint64, int64, uint64, uint64, uint64[::1])")
def take_shard(keys: np.uint64, count: int, shards: np.uint64, shard: np.uint64, out: Words) -> int:
    """Gather the keys of one shard, once each where equal ones follow each other."""
    taken = 0
    before = U(0)
    for i in range(count):
        key = load64(keys + U(8) * U(i))
        if i and key == before:
            continue
        before = key
        if multiply_high(mixed(key, SHARD_SEED), shards) == shard:
            out[taken] = key
            taken += 1
    return taken


@compiled(
    "boolean(uint64[::1], uint64, uint64, uint64, uint8[::1], uint8[::1], uint64[::1],"
    " uint64[::1], uint8[::1], uint32[::1])"
)
def build(
    keys: Words,
    seed: np.uint64,
    segment: np.uint64,
    span: np.uint64,
    fingerprints: Bytes,
    degree: Bytes,
    sums: Words,
    order: Words,
    which: Bytes,
    alone: npt.NDArray[np.uint32],
) -> bool:
    """Fill the fingerprints of some keys; False where another seed has to be tried.

    Args:
        keys: uint64[n], none of them twice.
        seed: of the hash.
        segment: places in a segment, a power of two.
        span: places in which a key's first place lies, a multiple of `segment`.
        fingerprints: uint8[span + 2 * segment], all 0.
        degree: to work in, as long as `fingerprints`.
        sums: to work in, as long as `fingerprints`.
        order: to work in, by one longer than the keys.
        which: to work in, by one longer than the keys.
        alone: to work in, by one longer than `fingerprints`.
    """
    count, room = len(keys), len(fingerprints)
    bits = 1
    while (U(1) << U(bits)) * segment < span:
        bits += 1
    blocks = 1 << bits
    start = np.empty(blocks, np.int64)
    for each in range(blocks):
        start[each] = (each * count) >> bits
    # Hashes near each other by their upper bits lie near each other in every array.
    order[:] = U(0)
    order[count] = U(1)
    for key in keys:
        value = mixed(key, seed)
        block = np.int64(value >> U(64 - bits))
        while order[start[block]] != U(0):
            block = (block + 1) & (blocks - 1)
        order[start[block]] = value
        start[block] += 1
    degree[:] = np.uint8(0)
    sums[:] = U(0)
    for i in range(count):
        value = order[i]
        first, second, third = places(value, segment, span)
        degree[first] += np.uint8(4)
        degree[second] += np.uint8(4)
        degree[third] += np.uint8(4)
        degree[second] ^= np.uint8(1)
        degree[third] ^= np.uint8(2)
        sums[first] ^= value
        sums[second] ^= value
        sums[third] ^= value
        if degree[first] < 4 or degree[second] < 4 or degree[third] < 4:
            return False  # more keys at one place than can be counted
    waiting = 0
    for place in range(room):
        alone[waiting] = np.uint32(place)
        waiting += (degree[place] >> 2) == 1
    peeled = 0
    while waiting > 0:
        waiting -= 1
        place = alone[waiting]
        if (degree[place] >> 2) != 1:
            continue
        value, at = sums[place], degree[place] & np.uint8(3)
        order[peeled], which[peeled] = value, at
        peeled += 1
        found = places(value, segment, span)
        for each in range(3):
            if each == at:
                continue
            other = found[0] if each == 0 else (found[1] if each == 1 else found[2])
            alone[waiting] = np.uint32(other)
            waiting += (degree[other] >> 2) == 2
            degree[other] -= np.uint8(4)
            degree[other] ^= np.uint8(each)
            sums[other] ^= value
    if peeled != count:
        return False
    for i in range(count - 1, -1, -1):
        value = order[i]
        first, second, third = places(value, segment, span)
        own = first if which[i] == 0 else (second if which[i] == 1 else third)
        rest = fingerprints[first] ^ fingerprints[second] ^ fingerprints[third]
        fingerprints[own] ^= rest ^ fingerprint(value)
    return True
