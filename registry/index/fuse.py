"""The probe filter: says of a key in a few nanoseconds that it is not registered.

A file of little-endian 64-bit numbers, then bytes:

    shards
    of each shard: where its fingerprints begin, its seed, places in a segment, places in its span
    the fingerprints of each shard, a byte a place

Two or more shards keep building within bounded memory. Of keys that are not registered one in 256
may be there all the same; one that is registered is never missed. The bytes are a function of the
keys alone. So are the seeds: nobody can prepare keys that stand in each other's way under a seed
that the other keys decide too.
"""

from __future__ import annotations

import hashlib
import io
import math
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import available, kernels

from . import fuse_plain

Keys = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

SHARD_KEYS = 1 << 24
"""Keys in a shard at most, about: 16M take some 400 MB to build."""

FEW = 1 << 10
"""So many keys are worth no compiler."""

KERNELS = "optout.registry.index.building_kernels"

_STEP = 0x9E3779B97F4A7C15
_TRIES = 64
_WORD = np.dtype("<u8")
_LARGEST_SEGMENT = 1 << 18
_MOST_SHARDS = 1 << 16


def build_filter(keys: Keys, *, shard_keys: int = SHARD_KEYS, few: int = FEW) -> Bytes:
    """The bytes of a filter; the arguments are those of `write_filter`."""
    stream = io.BytesIO()
    write_filter(keys, stream, shard_keys=shard_keys, few=few)
    return np.frombuffer(stream.getvalue(), np.uint8)


def write_filter(
    keys: Keys, stream: IO[bytes], *, shard_keys: int = SHARD_KEYS, few: int = FEW
) -> None:
    """Write a filter; memory is bounded, however many keys there are.

    Args:
        keys: uint64[n], ascending; equal ones are one. A mapped column will do.
        stream: at its beginning; can be moved in.
        shard_keys: keys in a shard at most, about.
        few: up to how many keys no compiler is asked for; what is written is the same.
    """
    keys = np.ascontiguousarray(keys, np.uint64)
    shards = -(-len(keys) // shard_keys)
    header = np.zeros(1 + 4 * shards, _WORD)
    header[0] = shards
    stream.write(header.data)
    begin = header.nbytes
    plain = len(keys) <= few or not available()
    counts = _count(keys, shards, plain=plain)
    for shard in range(shards):
        segment, span = _size(int(counts[shard]))
        own = _take(keys, shards, shard, int(counts[shard]), plain=plain)
        seed, fingerprints = _fill(own, segment, span, plain=plain)
        stream.write(fingerprints.data)
        header[1 + 4 * shard : 5 + 4 * shard] = begin, seed, segment, span
        begin += len(fingerprints)
    stream.seek(0)
    stream.write(header.data)
    stream.seek(0, io.SEEK_END)


def _count(keys: Keys, shards: int, *, plain: bool) -> npt.NDArray[np.int64]:
    if plain:
        own = fuse_plain.shards_of(keys, shards)
        return np.bincount(own, minlength=shards)
    counts = np.zeros(shards, np.int64)
    if shards:
        kernels(KERNELS).count_shards(
            np.uint64(keys.ctypes.data), np.int64(len(keys)), np.uint64(shards), counts
        )
    return counts


def _take(keys: Keys, shards: int, shard: int, count: int, *, plain: bool) -> Keys:
    """The keys of one shard, once each."""
    if plain:
        return np.unique(keys[fuse_plain.shards_of(keys, shards) == shard])
    own = np.empty(count, np.uint64)
    taken = kernels(KERNELS).take_shard(
        np.uint64(keys.ctypes.data), np.int64(len(keys)), np.uint64(shards), np.uint64(shard), own
    )
    return own[:taken]


def _size(keys: int) -> tuple[int, int]:
    """Places in a segment and in the span of a shard, as the paper's authors choose them."""
    keys = max(keys, 2)
    segment = min(_LARGEST_SEGMENT, 1 << int(math.log(keys) / math.log(3.33) + 2.25))
    factor = max(1.125, 0.875 + 0.25 * math.log(1e6) / math.log(keys))
    segments = max(1, -(-round(keys * factor) // segment) - 2)
    return segment, segments * segment


def _fill(keys: Keys, segment: int, span: int, *, plain: bool) -> tuple[int, Bytes]:
    """A seed under which the keys find their places, and the fingerprints."""
    places = span + 2 * segment
    seed = int.from_bytes(
        hashlib.sha256(keys.astype(_WORD, copy=False).data).digest()[:8], "little"
    )
    if not plain:
        compiled = kernels(KERNELS)
        fingerprints = np.zeros(places, np.uint8)
        degree, sums = np.empty(places, np.uint8), np.empty(places, np.uint64)
        order, which = np.empty(len(keys) + 1, np.uint64), np.empty(len(keys) + 1, np.uint8)
        alone = np.empty(places + 1, np.uint32)
    for _ in range(_TRIES):
        if plain:
            made = fuse_plain.build(keys.tolist(), seed, segment, span)
            if made is not None:
                return seed, np.frombuffer(made, np.uint8)
        elif compiled.build(
            *(keys, np.uint64(seed), np.uint64(segment), np.uint64(span)),
            *(fingerprints, degree, sums, order, which, alone),
        ):
            return seed, fingerprints
        seed = (seed * _STEP + 1) & (2**64 - 1)
    raise ValueError("no seed gives every key a place")  # of 64, each of which nearly always does


def check_filter(data: Bytes) -> None:
    """See that a filter asks for nothing outside of itself, whoever made it.

    Args:
        data: the whole file; only its header is looked at.

    Raises:
        ValueError: it does.
    """
    word = _WORD.itemsize
    shards = int(data[:word].view(_WORD)[0]) if len(data) >= word else _MOST_SHARDS + 1
    head = word * (1 + 4 * shards)
    if shards > _MOST_SHARDS or head > len(data):
        raise ValueError("the probe filter is cut off")
    for begin, _, segment, span in data[word:head].view(_WORD).reshape(-1, 4).tolist():
        sound = 0 < segment <= _LARGEST_SEGMENT and segment & (segment - 1) == 0
        if not sound or span <= 0 or span % segment or begin + span + 2 * segment > len(data):
            raise ValueError("the probe filter is not laid out as one")
