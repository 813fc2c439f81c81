"""Cutting hashes into chunks, so that near ones are found by chunks that are nearly equal.

Two hashes that differ in at most `radius` bits differ, in at least one of their chunks, in few
enough: allow each chunk so many bits that these and the number of chunks come to more than the
radius, and no pair can go beyond what is allowed in all of them. So every near hash stands among
those with a nearly equal chunk, and where a chunk is allowed s bits it is found under the values
that differ from the query's in at most s.

Sources: M. Norouzi, A. Punjani, D. J. Fleet: Fast Exact Search in Hamming Space with Multi-Index
Hashing, 2014, https://arxiv.org/abs/1307.2982; J. Qin and others: GPH: Similarity Search in Hamming
Space, 2018, for radii of their own for every chunk.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

FEWEST = 1 << 15
"""Fewer hashes have no postings: to compare one with all of them takes some 40 microseconds."""

MOST_BYTES = 100
"""Bytes of postings for each hash at most. More of them, and fewer chunks, would be faster."""

_WIDEST = 26
"""Bits of a chunk at most: the places where postings begin fit into memory."""

_SKIPPED = -1
"""The radius of a chunk that is not looked at."""

LOOK_UP, CANDIDATE, COMPARISON = 20.0, 25.0, 1.2
"""Nanoseconds, measured: to look up a value of a chunk; to compare a hash that is found there,
somewhere in memory; to compare one hash after the other."""


@dataclass(frozen=True)
class Chunks:
    """How hashes are cut, which follows from how long and how many they are.

    Attributes:
        bits: of a hash.
        rows: how many hashes there are.
        widths: bits of each chunk.
        starts: for each chunk the place in the file where its numbers begin: for every value of
            the chunk where its postings begin, then their end.
        postings: for each chunk the place in the file where its postings begin.
        words: numbers in the file.
    """

    bits: int
    rows: int
    widths: tuple[int, ...]
    starts: tuple[int, ...]
    postings: tuple[int, ...]
    words: int

    @classmethod
    def of(cls, bits: int, rows: int) -> Chunks:
        """As few and wide chunks as can be; none where there are so few hashes, or so many.

        Args:
            bits: of a hash.
            rows: how many hashes there are.
        """
        for count in range(1, bits + 1 if FEWEST <= rows < 1 << 32 else 1):
            widths = tuple(bits // count + (chunk < bits % count) for chunk in range(count))
            if widths[0] > _WIDEST:
                continue
            words = sum((1 << width) + 1 + rows for width in widths)
            if 4 * words <= MOST_BYTES * rows:
                return cls._laid_out(bits, rows, widths)
        return cls(bits, rows, (), (), (), 0)

    @classmethod
    def _laid_out(cls, bits: int, rows: int, widths: tuple[int, ...]) -> Chunks:
        starts, postings, place = [], [], 0
        for width in widths:
            starts.append(place)
            postings.append(place + (1 << width) + 1)
            place = postings[-1] + rows
        return cls(bits, rows, widths, tuple(starts), tuple(postings), place)

    def positions(self) -> list[Numbers]:
        """For each chunk which bits of a hash it is made of, the first being its highest.

        Bits are numbered from the highest of the first byte on.
        """
        ends = list(itertools.accumulate(self.widths))
        return np.split(permutation(self.bits), ends[:-1]) if ends else []


@cache
def permutation(bits: int) -> Numbers:
    """The order in which the bits of hashes are dealt to chunks; fixed for ever.

    Neighbouring bits of a picture's hash go together. Dealt out in their own order they would make
    some values of chunks far more frequent than others.
    """

    def drawn(bit: int) -> bytes:
        return hashlib.sha256(f"optout/v1/radius/{bits}/{bit}".encode()).digest()

    return np.array(sorted(range(bits), key=drawn), np.int64)


@dataclass(frozen=True)
class Plan:
    """How a radius is searched.

    Attributes:
        radii: for each chunk the most bits in which a candidate differs there; -1 where the chunk
            need not be looked at.
        nanoseconds: that a query takes, about, where hashes are spread evenly.
    """

    radii: tuple[int, ...]
    nanoseconds: float

    @classmethod
    def of(cls, chunks: Chunks, radius: int) -> Plan:
        """The cheapest radii of chunks that together miss nothing within `radius` (0 or more).

        The next bit costs the more the more bits a chunk is allowed already. So the cheapest next
        bit, again and again, is the cheapest of all choices.
        """
        radii = [_SKIPPED] * len(chunks.widths)
        for _ in range(radius + 1):
            dearer = [
                _nanoseconds(width, chunks.rows, allowed + 1)
                - _nanoseconds(width, chunks.rows, allowed)
                for width, allowed in zip(chunks.widths, radii, strict=True)
            ]
            radii[dearer.index(min(dearer))] += 1
        each = zip(chunks.widths, radii, strict=True)
        return cls(
            tuple(radii), sum(_nanoseconds(width, chunks.rows, most) for width, most in each)
        )


def _nanoseconds(width: int, rows: int, radius: int) -> float:
    return _values(width, radius) * (LOOK_UP + CANDIDATE * rows / (1 << width))


@cache
def _values(width: int, radius: int) -> int:
    """How many values of a chunk are within a radius of one."""
    return sum(comb(width, bits) for bits in range(min(width, radius) + 1))


@cache
def flips(width: int, radius: int) -> npt.NDArray[np.uint32]:
    """What makes of a chunk's value all those within a radius: numbers to be added without carry.

    Args:
        width: bits of the chunk.
        radius: the most bits in which the values may differ; none does where it is negative.
    """
    found: list[npt.NDArray[np.uint32]] = []
    for bits in range(min(radius, width) + 1):
        places = np.array(list(itertools.combinations(range(width), bits)), np.uint32)
        powers = np.uint32(1) << places.reshape(comb(width, bits), bits)
        found.append(np.bitwise_or.reduce(powers, axis=1))
    return np.concatenate([np.empty(0, np.uint32), *found])


def key_table(chunks: Chunks) -> npt.NDArray[np.uint32]:
    """What each value of each byte adds, without carry, to chunks: uint32[bytes, 256, chunks]."""
    table = np.zeros((chunks.bits // 8, 256, len(chunks.widths)), np.uint32)
    values = np.arange(256)
    for chunk, positions in enumerate(chunks.positions()):
        for height, position in enumerate(reversed(positions.tolist())):
            byte, bit = divmod(position, 8)
            table[byte, :, chunk] |= ((values >> (7 - bit) & 1) << height).astype(np.uint32)
    return table


def masks(chunks: Chunks) -> npt.NDArray[np.uint64]:
    """The bits that each chunk is made of, in words of hashes: uint64[chunks, words of a hash]."""
    bits = np.zeros((len(chunks.widths), chunks.bits), np.uint8)
    for chunk, positions in enumerate(chunks.positions()):
        bits[chunk, positions] = 1
    return np.packbits(bits, axis=1).view(np.uint64)


def keys_of(hashes: npt.NDArray[np.uint8], positions: Sequence[Numbers]) -> npt.NDArray[np.uint32]:
    """The chunks of hashes: uint32[n, chunks]. The plain form, which decides.

    Args:
        hashes: uint8[n, bytes].
        positions: see `Chunks.positions`.
    """
    bits = np.unpackbits(hashes, axis=1)
    keys = np.zeros((len(hashes), len(positions)), np.uint32)
    for chunk, of in enumerate(positions):
        for position in of.tolist():
            keys[:, chunk] = keys[:, chunk] << np.uint32(1) | bits[:, position]
    return keys
