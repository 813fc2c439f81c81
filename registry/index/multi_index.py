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

from .pigeonhole import CANDIDATE, COMPARISON, Chunks, Plan, flips, key_table, masks
from .postings import KERNELS as CUTTING
from .postings import NUMBER, Postings
from .radius import BruteForce, Hashes, Numbers, RadiusIndex, Within, check_hashes, in_order

KERNELS = "optout.registry.index.candidate_kernels"

FEW_PAIRS = 1 << 22
"""Fewer pairs, of all that are asked for, are compared before a compiler would be loaded."""

_ROOM = 1 << 16
"""Pairs that there is room for at first."""

_ROWS, _QUERIES = 8192, 16
"""Hashes and queries that are compared at once: the hashes stay in the processor's cache."""


def radius_index(hashes: Hashes, postings: Postings | None) -> RadiusIndex:
    """The fastest way there is to search some hashes.

    Args:
        hashes: uint8[n, bytes], the length a multiple of 8; a column of a mapped file will do.
        postings: of the same hashes, see `postings`; None where there are none.

    Raises:
        ValueError: the postings are not as long as those of so many hashes are.
    """
    check_hashes(hashes)
    chunks = Chunks.of(8 * hashes.shape[1], len(hashes))
    if postings is not None and len(postings) != chunks.words:
        raise ValueError(f"{len(postings)} numbers of postings in place of {chunks.words}")
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


class MultiIndex:
    """Multi-index hashing. Made by `radius_index`; it can be asked by several threads at once.

    Args:
        hashes: uint8[n, bytes].
        postings: of the same hashes; None to compare all of them.
        chunks: how they are cut.
    """

    def __init__(self, hashes: Hashes, postings: Postings | None, chunks: Chunks) -> None:
        self._hashes = hashes
        self._postings = None if postings is None else np.ascontiguousarray(postings, NUMBER)
        self._chunks = chunks
        self._plain = BruteForce(hashes)
        self._pairs = 0
        self._looked_up: dict[int, _LookUps | None] = {}
        self._most = int(len(hashes) * COMPARISON / CANDIDATE)

    @cached_property
    def _masks(self) -> npt.NDArray[np.uint64]:
        return masks(self._chunks)

    @cached_property
    def _table(self) -> npt.NDArray[np.uint32]:
        return key_table(self._chunks)

    def within(self, queries: Hashes, radius: int) -> Within:
        """Find all pairs that differ in at most `radius` bits: see `RadiusIndex`."""
        check_hashes(queries)
        self._pairs += len(queries) * len(self._hashes)
        few = self._pairs <= FEW_PAIRS and KERNELS not in sys.modules
        if few or radius < 0 or queries.shape[1] != self._hashes.shape[1]:
            return self._plain.within(queries, radius)
        return in_order(list(self.searched(queries, radius)))

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
                held = kernels(KERNELS).compare(
                    np.uint64(rows.ctypes.data),
                    np.uint64(rows.strides[0]),
                    np.int64(len(rows)),
                    *(np.uint64(some.ctypes.data), np.int64(len(some)), np.int64(some.shape[1])),
                    *(np.uint64(radius), pairs),
                )
                if held:
                    query, row, distance = pairs[:, :held].copy()
                    yield Within(query + first, row + start, distance)

    def _look_ups(self, radius: int) -> _LookUps | None:
        if radius not in self._looked_up:
            self._looked_up[radius] = self._planned(radius)
        return self._looked_up[radius]

    def _planned(self, radius: int) -> _LookUps | None:
        if self._postings is None:
            return None
        plan = Plan.of(self._chunks, radius)
        if plan.nanoseconds > len(self._hashes) * COMPARISON:
            return None
        each = [flips(*of) for of in zip(self._chunks.widths, plan.radii, strict=True)]
        return _LookUps(
            self._postings,
            np.array([self._chunks.starts, self._chunks.postings, plan.radii], np.int64).T.copy(),
            np.repeat(np.arange(len(each), dtype=np.uint8), [len(of) for of in each]),
            np.concatenate(each),
        )

    def _found(
        self, asked: npt.NDArray[np.uint64], radius: int, look_ups: _LookUps, crowded: Hashes
    ) -> Iterator[Within]:
        """What chunks propose and is near enough; queries with too many candidates are marked."""
        keys = np.empty((len(asked), len(self._chunks.widths)), np.uint32)
        kernels(CUTTING).cut(
            np.uint64(asked.ctypes.data), np.uint64(8 * asked.shape[1]), self._table, keys
        )
        start, room = 0, _ROOM
        while start < len(asked):
            pairs = np.empty((3, room), np.int64)
            stopped, held = kernels(KERNELS).find(
                np.uint64(self._hashes.ctypes.data),
                np.uint64(self._hashes.strides[0]),
                np.uint64(len(self._hashes)),
                np.uint64(look_ups.postings.ctypes.data),
                *(look_ups.chunks, self._masks, look_ups.which, look_ups.flips),
                *(np.uint64(asked.ctypes.data), keys),
                *(np.int64(start), np.uint64(radius), np.uint64(self._most), pairs, crowded),
            )
            room = 2 * room if stopped == start else room
            start = stopped
            if held:
                yield Within(*pairs[:, :held].copy())
