"""Finding what is within a radius by chunks: exact, and as fast as memory answers.

Where chunks would propose more than can be compared in the time, every hash is compared: so it is
for large radii, and for a query whose chunks too many hashes share, by chance or because somebody
wants it so. No query takes much longer than comparing it with every hash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import available, kernels

from .pigeonhole import Chunks, Plan, flips, key_table, masks
from .postings import NUMBER, Postings, cut, opened
from .radius import BruteForce, Hashes, Met, Numbers, RadiusIndex, Within, check_hashes, in_order

_FINDING = "optout.registry.index.candidate_kernels"
_COMPARING = "optout.registry.index.comparing_kernels"
KERNELS = (_FINDING, _COMPARING)
"""The modules of compiled functions that look hashes up."""

FEW_PAIRS = 1 << 22
"""Fewer pairs, of all that are asked for, are compared before a compiler would be loaded."""

COMPARISON = 2.4
"""What it takes to compare hashes one after the other, each, in sketches compared meanwhile: 1.2
nanoseconds, measured."""

_ROOM = 1 << 16
"""Pairs that there is room for at first."""

_ROWS, _QUERIES = 8192, 16
"""Hashes and queries that are compared at once: the hashes stay in the processor's cache."""

_TOGETHER = 1 << 12
"""Queries whose chunks are held at once."""

_LEFT = 2
"""In place of whether a query is met: that is still to be seen."""

Words = npt.NDArray[np.uint64]


def radius_index(hashes: Hashes, postings: Postings | None) -> RadiusIndex:
    """The fastest way there is to search some hashes.

    Args:
        hashes: uint8[n, bytes], the length a multiple of 8; a column of a mapped file will do.
        postings: of the same hashes, see `postings`; None where there are none.

    Raises:
        UnknownLayoutError: the postings are laid out otherwise.
        ValueError: they are not as long as those of so many hashes are.
    """
    check_hashes(hashes)
    chunks = Chunks.of(8 * hashes.shape[1], len(hashes))
    if postings is not None:
        postings = opened(postings, chunks.words)
    in_place = not len(hashes) or (hashes.strides[1] == 1 and hashes.strides[0] > 0)
    if not available() or not in_place:
        return BruteForce(hashes)
    return MultiIndex(hashes, postings if chunks.words else None, chunks)


@dataclass(frozen=True)
class _LookUps:
    """What is looked up for a radius: see `candidate_kernels.find`; none where all are compared."""

    postings: Postings
    chunks: Numbers
    which: npt.NDArray[np.uint8]
    flips: npt.NDArray[np.uint32]
    limits: npt.NDArray[np.uint16]


class MultiIndex:
    """Multi-index hashing. Made by `radius_index`; it can be asked by several threads at once.

    Args:
        hashes: uint8[n, bytes].
        postings: of the same hashes, without the number of their layout; None to compare all.
        chunks: how they are cut.
    """

    def __init__(self, hashes: Hashes, postings: Postings | None, chunks: Chunks) -> None:
        self._hashes = hashes
        self._postings = None if postings is None else np.ascontiguousarray(postings, NUMBER)
        self._chunks = chunks
        self._plain = BruteForce(hashes)
        self._pairs = 0
        self._looked_up: dict[int, _LookUps | None] = {}
        self._most = int(len(hashes) * COMPARISON)

    @cached_property
    def _masks(self) -> Words:
        keys, sketches = (masks(self._chunks.bits, positions) for positions in self._positions)
        return np.stack([keys, keys | sketches], axis=1)

    @cached_property
    def _tables(self) -> list[Postings]:
        return [key_table(self._chunks.bits, positions) for positions in self._positions]

    @cached_property
    def _positions(self) -> list[list[Numbers]]:
        return [self._chunks.positions(), self._chunks.sketched()]

    def within(self, queries: Hashes, radius: int) -> Within:
        """Find all pairs that differ in at most `radius` bits: see `RadiusIndex`."""
        return in_order(list(self.pieces(queries, radius)))

    def pieces(self, queries: Hashes, radius: int) -> Iterator[Within]:
        """The same pairs, some at a time: see `RadiusIndex`."""
        if self._plainly(queries, radius):
            return self._plain.pieces(queries, radius)
        return self.searched(queries, radius)

    def meets(self, queries: Hashes, radius: int) -> Met:
        """Which queries have something within the radius: see `RadiusIndex`."""
        if self._plainly(queries, radius):
            return self._plain.meets(queries, radius)
        asked = np.ascontiguousarray(queries).view(np.uint64)
        met = np.zeros(len(asked), np.uint8)
        look_ups = self._look_ups(min(radius, self._chunks.bits))
        if look_ups is not None:
            for first in range(0, len(asked), _TOGETHER):
                here = slice(first, first + _TOGETHER)
                self._meet(asked[here], radius, look_ups, met[here])
            left = np.flatnonzero(met == _LEFT)
        else:
            left = np.arange(len(asked))
        met[left] = self._compared_until_met(asked[left], radius)
        return met.view(np.bool_)

    def _plainly(self, queries: Hashes, radius: int) -> bool:
        """Whether the plain form is asked: it refuses what cannot be asked, and loads nothing."""
        check_hashes(queries)
        self._pairs += len(queries) * len(self._hashes)
        few = self._pairs <= FEW_PAIRS and sys.modules.keys().isdisjoint(KERNELS)
        return few or radius < 0 or queries.shape[1] != self._hashes.shape[1]

    def searched(self, queries: Hashes, radius: int) -> Iterator[Within]:
        """The same by chunks, where that is faster than to compare everything.

        Args:
            queries: uint8[n, bytes], as long as the registered hashes.
            radius: bits, 0 or more.

        Yields:
            Some pairs, in any order. However many there are, not many are held at once.
        """
        asked = np.ascontiguousarray(queries).view(np.uint64)
        look_ups = self._look_ups(min(radius, self._chunks.bits))
        if look_ups is None:
            yield from self.compared(queries, radius)
            return
        crowded = np.zeros(len(asked), np.uint8)
        yield from self._found(asked, radius, look_ups, crowded)
        left = np.flatnonzero(crowded)
        for query, row, distance in self.compared(queries[left], radius):
            yield Within(left[query], row, distance)

    def compared(self, queries: Hashes, radius: int) -> Iterator[Within]:
        """The same by comparing everything: see `searched`."""
        asked = np.ascontiguousarray(queries).view(np.uint64)
        pairs = np.empty((3, _ROWS * _QUERIES), np.int64)
        for first in range(0, len(asked), _QUERIES):
            some = asked[first : first + _QUERIES]
            for start in range(0, len(self._hashes), _ROWS):
                rows = self._hashes[start : start + _ROWS]
                held = kernels(_COMPARING).compare(
                    np.uint64(rows.ctypes.data),
                    np.uint64(rows.strides[0]),
                    np.int64(len(rows)),
                    *(np.uint64(some.ctypes.data), np.int64(len(some)), np.int64(some.shape[1])),
                    *(np.uint64(radius), pairs),
                )
                if held:
                    query, row, distance = pairs[:, :held].copy()
                    yield Within(query + first, row + start, distance)

    def _compared_until_met(self, asked: Words, radius: int) -> npt.NDArray[np.uint8]:
        met = np.zeros(len(asked), np.uint8)
        for start in range(0, len(self._hashes), _ROWS):
            if met.all():
                break
            rows = self._hashes[start : start + _ROWS]
            kernels(_COMPARING).compare_until_met(
                *(np.uint64(rows.ctypes.data), np.uint64(rows.strides[0]), np.int64(len(rows))),
                *(np.uint64(asked.ctypes.data), np.int64(asked.shape[1]), np.uint64(radius), met),
            )
        return met

    def _look_ups(self, radius: int) -> _LookUps | None:
        if radius not in self._looked_up:
            self._looked_up[radius] = self._planned(radius)
        return self._looked_up[radius]

    def _planned(self, radius: int) -> _LookUps | None:
        if self._postings is None:
            return None
        plan = Plan.of(self._chunks, radius)
        if plan.work > self._most:
            return None
        each = [flips(*of) for of in zip(self._chunks.widths, plan.radii, strict=True)]
        ends = np.cumsum([len(of) for of in each])
        firsts = ends - [len(of) for of in each]
        places = self._chunks.starts, self._chunks.sketches, self._chunks.postings
        which = np.repeat(np.arange(len(each), dtype=np.uint8), [len(of) for of in each])
        every = np.concatenate(each)
        limits = np.array(plan.limits)[which] - np.bitwise_count(every)
        return _LookUps(
            self._postings,
            np.array([*places, firsts, ends, plan.radii, plan.limits], np.int64).T.copy(),
            which,
            every,
            limits.astype(np.uint16),
        )

    def _cut(self, asked: Words) -> list[Postings]:
        """The chunks of some queries, and their sketches."""
        each = zip(self._positions, self._tables, strict=True)
        return [cut(asked.view(np.uint8), positions, table) for positions, table in each]

    def _registered(self, look_ups: _LookUps) -> tuple[np.uint64, ...]:
        """Where the hashes are, and their postings, as compiled functions take it."""
        return (
            np.uint64(self._hashes.ctypes.data),
            np.uint64(self._hashes.strides[0]),
            np.uint64(len(self._hashes)),
            np.uint64(look_ups.postings.ctypes.data),
        )

    def _found(
        self, asked: Words, radius: int, look_ups: _LookUps, crowded: npt.NDArray[np.uint8]
    ) -> Iterator[Within]:
        """What chunks propose and is near enough; queries that take too much are marked."""
        keys, sketches = self._cut(asked)
        start, room = 0, _ROOM
        while start < len(asked):
            pairs = np.empty((3, room), np.int64)
            stopped, held = kernels(_FINDING).find(
                *self._registered(look_ups),
                *(look_ups.chunks, self._masks, look_ups.which, look_ups.flips, look_ups.limits),
                *(np.uint64(asked.ctypes.data), keys, sketches),
                *(np.int64(start), np.uint64(radius), np.uint64(self._most), pairs, crowded),
            )
            room = 2 * room if stopped == start else room
            start = stopped
            if held:
                yield Within(*pairs[:, :held].copy())

    def _meet(
        self, asked: Words, radius: int, look_ups: _LookUps, met: npt.NDArray[np.uint8]
    ) -> None:
        """Mark queries near which chunks find something, and others that take too much."""
        keys, sketches = self._cut(asked)
        crowded = np.zeros(len(asked), np.uint8)
        kernels(_FINDING).meet(
            *self._registered(look_ups),
            *(look_ups.chunks, look_ups.flips, look_ups.limits),
            *(np.uint64(asked.ctypes.data), np.int64(asked.shape[1]), keys, sketches),
            *(np.uint64(radius), np.uint64(self._most), met, crowded),
        )
        met[(crowded == 1) & (met == 0)] = _LEFT
