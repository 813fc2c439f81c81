"""The probe filter in plain Python: for few keys, and to hold `fuse_kernels` against.

The same construction, step by step, with the same bytes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

SHARD_SEED = 0x9E3779B97F4A7C15
_ALL_BITS = (1 << 64) - 1
_MOST_AT_A_PLACE = 63


def mixed(key: int, seed: int) -> int:
    """A key's hash under a seed: the finalizer of MurmurHash3."""
    value = (key + seed) & _ALL_BITS
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & _ALL_BITS
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & _ALL_BITS
    return value ^ value >> 33


def places(value: int, segment: int, span: int) -> tuple[int, int, int]:
    """Where the fingerprint of a key stands, by its hash: three places in three segments."""
    first, mask = value * span >> 64, segment - 1
    return first, first + segment ^ (value >> 18 & mask), first + 2 * segment ^ (value & mask)


def fingerprint(value: int) -> int:
    """What the bytes at the places of a key come to, by its hash."""
    return (value ^ value >> 32) & 255


def shards_of(keys: Keys, shards: int) -> npt.NDArray[np.int64]:
    """The shard of each key."""
    found = (mixed(key, SHARD_SEED) * shards >> 64 for key in keys.tolist())
    return np.fromiter(found, np.int64, len(keys))


def build(keys: list[int], seed: int, segment: int, span: int) -> bytes | None:
    """The fingerprints of some keys; None where another seed has to be tried.

    Args:
        keys: none of them twice.
        seed: of the hash.
        segment: places in a segment, a power of two.
        span: places in which a key's first place lies, a multiple of `segment`.
    """
    room = span + 2 * segment
    degree, which, sums = [0] * room, [0] * room, [0] * room
    for key in keys:
        value = mixed(key, seed)
        for number, place in enumerate(places(value, segment, span)):
            degree[place] += 1
            which[place] ^= number
            sums[place] ^= value
    if max(degree) > _MOST_AT_A_PLACE:
        return None
    # Whoever is alone at a place can be satisfied there, last of all.
    alone = [place for place, keys_there in enumerate(degree) if keys_there == 1]
    peeled = []
    while alone:
        place = alone.pop()
        if degree[place] != 1:
            continue
        value, at = sums[place], which[place]
        peeled.append((value, at))
        for number, other in enumerate(places(value, segment, span)):
            if number == at:
                continue
            if degree[other] == 2:
                alone.append(other)
            degree[other] -= 1
            which[other] ^= number
            sums[other] ^= value
    if len(peeled) != len(keys):
        return None
    fingerprints = bytearray(room)
    for value, at in reversed(peeled):
        there = places(value, segment, span)
        rest = fingerprints[there[0]] ^ fingerprints[there[1]] ^ fingerprints[there[2]]
        fingerprints[there[at]] ^= rest ^ fingerprint(value)
    return bytes(fingerprints)


def may_hold(data: bytes, key: int) -> bool:
    """Whether a key may be in a filter, given its whole file."""

    def word(at: int) -> int:
        return int.from_bytes(data[at : at + 8], "little")

    shards = word(0)
    if not shards:
        return False
    home = 8 + 32 * (mixed(key, SHARD_SEED) * shards >> 64)
    begin, seed, segment, span = (word(home + 8 * number) for number in range(4))
    value = mixed(key, seed)
    found = 0
    for place in places(value, segment, span):
        found ^= data[begin + place]
    return found == fingerprint(value)
