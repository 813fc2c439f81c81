"""Cutting hashes into chunks, so that near ones are found by chunks that are nearly equal.

Two hashes that differ in at most `radius` bits differ, in at least one of their chunks, in few
enough: allow each chunk so many bits that these and the number of chunks come to more than the
radius, and no pair can go beyond what is allowed in all of them. So every near hash stands among
those with a nearly equal chunk, and where a chunk is allowed s bits it is found under the values
that differ from the query's in at most s.

More is true where the chunks stand in a ring. Count for each the bits that differ, less the bits it
is allowed and one: the sum over all is below 0, so there is a chunk from which on every sum is.
Such a chunk is near enough, and so is it with the next one taken together: they differ in no more
bits than both are allowed, and one. A few bits of the next chunk, the sketch, lie beside every
posting and sort nearly all candidates out before their hashes are touched.

Sources: M. Norouzi, A. Punjani, D. J. Fleet: Fast Exact Search in Hamming Space with Multi-Index
Hashing, 2014, https://arxiv.org/abs/1307.2982; J. Qin and others: GPH: Similarity Search in Hamming
Space, 2018, for radii of their own for every chunk; J. Qin, C. Xiao: Pigeonring: A Principle for
Faster Thresholded Similarity Search, 2018, https://arxiv.org/abs/1804.01614, for the ring.
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

MOST_BYTES = 102
"""Bytes of postings for each hash at most: with its record of 48 bytes they come to 150."""

SKETCH = 16
"""Bits of a sketch at most."""

_WIDEST = 26
"""Bits by which hashes are looked up at most: the places where postings begin fit into memory."""

_NARROWEST = 8
"""Bits of a chunk at least."""

_TOGETHER = 4
"""Bits: more than eight hashes, on average, stand under each value that is looked up."""

_SKIPPED = -1
"""The radius of a chunk that is not looked at."""

LOOK_UP = 80
"""What it takes to look up a value of a chunk, in sketches that are compared meanwhile: measured.
How hashes are cut follows from it, so that it never changes."""


@dataclass(frozen=True)
class Chunks:
    """How hashes are cut, which follows from how long and how many they are.

    Attributes:
        bits: of a hash.
        rows: how many hashes there are.
        spans: bits of each chunk.
        widths: by how many of them, the first ones, hashes are looked up.
        starts: for each chunk the place in the file where its numbers begin: for every value that
            is looked up where its postings begin, then their end.
        sketches: for each chunk the place in the file where its sketches begin.
        postings: for each chunk the place in the file where its postings begin.
        words: numbers in the file.
    """

    bits: int
    rows: int
    spans: tuple[int, ...]
    widths: tuple[int, ...]
    starts: tuple[int, ...]
    sketches: tuple[int, ...]
    postings: tuple[int, ...]
    words: int

    @classmethod
    def of(cls, bits: int, rows: int) -> Chunks:
        """The chunks that are searched the fastest; none where there are so few hashes, or so many.

        Args:
            bits: of a hash.
            rows: how many hashes there are.
        """
        choices = []
        if FEWEST <= rows < 1 << 32:
            for count in range(2, bits // _NARROWEST + 1):
                chunks = cls._laid_out(bits, rows, count)
                if 4 * chunks.words <= MOST_BYTES * rows:
                    choices.append(chunks)
        if not choices:
            return cls(bits, rows, (), (), (), (), (), 0)
        return min(choices, key=_typical_work)

    @classmethod
    def _laid_out(cls, bits: int, rows: int, count: int) -> Chunks:
        spans = tuple(bits // count + (chunk < bits % count) for chunk in range(count))
        enough = min(_WIDEST, max(1, rows.bit_length() - _TOGETHER))
        widths = tuple(min(span, enough) for span in spans)
        starts, sketches, postings, place = [], [], [], 0
        for width in widths:
            starts.append(place)
            sketches.append(place + (1 << width) + 1)
            # Two sketches to a number.
            postings.append(sketches[-1] + (rows + 1) // 2)
            place = postings[-1] + rows
        return cls(
            bits, rows, spans, widths, tuple(starts), tuple(sketches), tuple(postings), place
        )

    def positions(self) -> list[Numbers]:
        """For each chunk by which bits of a hash it is looked up, the first being the highest.

        Bits are numbered from the highest of the first byte on.
        """
        each = zip(self._begins(), self.widths, strict=True)
        return [permutation(self.bits)[begin : begin + width] for begin, width in each]

    def sketched(self) -> list[Numbers]:
        """For each chunk the bits of its sketch: what else it has, and the first ones of the next.

        They are numbered and ordered as those of `positions`.
        """
        dealt, found = permutation(self.bits), []
        for chunk, (begin, width) in enumerate(zip(self._begins(), self.widths, strict=True)):
            left = self.spans[chunk] - width + self.spans[(chunk + 1) % len(self.spans)]
            found.append(np.take(dealt, begin + width + np.arange(min(SKETCH, left)), mode="wrap"))
        return found

    def _begins(self) -> list[int]:
        return list(itertools.accumulate(self.spans, initial=0))[:-1]


def _typical_work(chunks: Chunks) -> int:
    """What a radius of 30 in 256 bits takes, about: all chunks are taken for the narrowest."""
    count, width = len(chunks.widths), min(chunks.widths)
    radius, more = divmod(30 * chunks.bits // 256 + 1, count)
    each = LOOK_UP + (chunks.rows >> width)
    return each * ((count - more) * _values(width, radius - 1) + more * _values(width, radius))


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
        work: what a query takes, in sketches that are compared meanwhile, where hashes are spread
            evenly.
    """

    radii: tuple[int, ...]
    work: float

    @classmethod
    def of(cls, chunks: Chunks, radius: int) -> Plan:
        """The cheapest radii of chunks that together miss nothing within `radius` (0 or more).

        The next bit costs the more the more bits a chunk is allowed already. So the cheapest next
        bit, again and again, is the cheapest of all choices. Of equal ones the one is taken whose
        neighbours are allowed the least: then sketches tell the most.
        """
        count = len(chunks.widths)
        radii = [_SKIPPED] * count

        def dearer(chunk: int) -> tuple[float, int]:
            width, allowed = chunks.widths[chunk], radii[chunk]
            more = _work(width, chunks.rows, allowed + 1) - _work(width, chunks.rows, allowed)
            return more, radii[chunk - 1] + radii[(chunk + 1) % count]

        for _ in range(radius + 1):
            radii[min(range(count), key=dearer)] += 1
        each = zip(chunks.widths, radii, strict=True)
        return cls(tuple(radii), sum(_work(width, chunks.rows, most) for width, most in each))

    @property
    def limits(self) -> tuple[int, ...]:
        """For each chunk the most bits in which a candidate differs there and in its sketch."""
        following = (*self.radii[1:], *self.radii[:1])
        return tuple(own + after + 1 for own, after in zip(self.radii, following, strict=True))


def _work(width: int, rows: int, radius: int) -> float:
    return _values(width, radius) * (LOOK_UP + rows / (1 << width))


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


def key_table(bits: int, positions: Sequence[Numbers]) -> npt.NDArray[np.uint32]:
    """What each value of each byte adds, without carry, to chunks: uint32[bytes, 256, chunks].

    Args:
        bits: of a hash.
        positions: see `Chunks.positions`.
    """
    table = np.zeros((bits // 8, 256, len(positions)), np.uint32)
    values = np.arange(256)
    for chunk, of in enumerate(positions):
        for height, position in enumerate(reversed(of.tolist())):
            byte, bit = divmod(position, 8)
            table[byte, :, chunk] |= ((values >> (7 - bit) & 1) << height).astype(np.uint32)
    return table


def masks(bits: int, positions: Sequence[Numbers]) -> npt.NDArray[np.uint64]:
    """The bits that chunks are made of, in words of hashes: uint64[chunks, words of a hash]."""
    chosen = np.zeros((len(positions), bits), np.uint8)
    for chunk, of in enumerate(positions):
        chosen[chunk, of] = 1
    return np.packbits(chosen, axis=1).view(np.uint64)


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
