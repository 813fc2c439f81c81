"""Finding hashes within a radius: what their chunks propose is looked at; compiled.

Whoever wrote the postings, nothing is read outside of them or of the hashes: every number that was
read is held against what there is before it is followed. Sketches are read sixteen at a time; what
lies behind the last one is part of the same file.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled, inlined
from optout.registry.compiled.memory import load32, load64, ones, prefetch, trailing_zeros

from .distances import distance
from .lanes import LANES, alike

U = np.uint64
Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Numbers32 = npt.NDArray[np.uint32]
Numbers16 = npt.NDArray[np.uint16]
Bytes = npt.NDArray[np.uint8]

STARTS, SKETCHES, POSTINGS, FIRST, END, RADIUS, LIMIT = range(7)
"""The columns of what is told of chunks: where the values of each begin in the file, where its
sketches do and its postings, the first and the end of what is looked up of it, and the most bits
in which a candidate may differ in it, and in it and its sketch."""

LOOK_UPS, CANDIDATES = 1024, 1024
# So many are on their way from memory before the first of them is looked at.

_LINE = 32
"""Sketches that come from memory together."""
_LINES = 8
"""Lines that are sent for before they are read; the processor itself sees to those behind."""

TOLL = U(50)
"""What it takes to compare a candidate, somewhere in memory, in sketches compared meanwhile."""


@inlined
def _seen_before(
    one: np.uint64, other: np.uint64, masks: Words, chunks: Numbers, chunk: int
) -> bool:
    """Whether two hashes are near enough in a chunk before this one, and so were found there."""
    for before in range(chunk):
        own, both = U(0), U(0)
        for word in range(masks.shape[2]):
            at = U(8) * U(word)
            differing = load64(one + at) ^ load64(other + at)
            own += ones(differing & masks[before, 0, word])
            both += ones(differing & masks[before, 1, word])
        if np.int64(own) <= chunks[before, RADIUS] and np.int64(both) <= chunks[before, LIMIT]:
            return True
    return False


@inlined
def _send_for(sketches: np.uint64, low: np.uint64, high: np.uint64) -> None:
    """Have sketches come from memory."""
    end = min(high, low + U(_LINE * _LINES))
    while low < end:
        prefetch(sketches + U(2) * low)
        low += U(_LINE)
    prefetch(sketches + U(2) * end)


@compiled(
    "UniTuple(int64, 2)(uint64, uint64, uint64, uint64, int64[:, ::1], uint64[:, :, ::1],"
    " uint8[::1], uint32[::1], uint16[::1], uint64, uint32[:, ::1], uint32[:, ::1], int64,"
    " uint64, uint64, int64[:, ::1], uint8[::1])"
)
def find(
    hashes: np.uint64,
    stride: np.uint64,
    rows: np.uint64,
    postings: np.uint64,
    chunks: Numbers,
    masks: Words,
    which: Bytes,
    flips: Numbers32,
    limits: Numbers16,
    queries: np.uint64,
    keys: Numbers32,
    sketches: Numbers32,
    start: int,
    radius: np.uint64,
    most: np.uint64,
    found: Numbers,
    crowded: Bytes,
) -> tuple[int, int]:
    """Find what is near some queries, until there is no room for more.

    Args:
        hashes: the address of the first one registered.
        stride: bytes from one to the next.
        rows: how many there are.
        postings: the address of the file; as long as `chunks` says.
        chunks: int64[chunks, 7]: see `STARTS`.
        masks: uint64[chunks, 2, words]: the bits by which each is looked up, and those and its
            sketch's.
        which: uint8[look-ups]: the chunk of each look-up, ascending.
        flips: uint32[look-ups]: what makes a query's chunk the value that is looked up.
        limits: uint16[look-ups]: the most bits in which a candidate's sketch may differ.
        queries: the address of the first; they lie one behind the other.
        keys: uint32[n, chunks]: their chunks.
        sketches: uint32[n, chunks]: their sketches.
        start: the first query.
        radius: bits.
        most: what a query may take, in sketches: with more it is left to others.
        found: int64[3, room]: is filled with query, row, distance.
        crowded: uint8[n]: is set to 1 for the queries that are left to others.

    Returns:
        The query before which it stopped, and how many pairs are found.
    """
    words, room = masks.shape[2], found.shape[1]
    place, source = np.empty(LOOK_UPS, np.uint64), np.empty(LOOK_UPS, np.int64)
    begin, end = np.empty(LOOK_UPS, np.uint64), np.empty(LOOK_UPS, np.uint64)
    candidate, proposed_by = np.empty(CANDIDATES, np.uint64), np.empty(CANDIDATES, np.uint8)
    held = 0
    for query in range(start, len(keys)):
        asked, own, sketch = queries + U(8) * U(words * query), keys[query], sketches[query]
        before, spent = held, U(0)
        for first in range(0, len(which), LOOK_UPS):
            last = min(first + LOOK_UPS, len(which))
            for i in range(first, last):
                chunk = which[i]
                at = U(chunks[chunk, STARTS]) + U(own[chunk] ^ flips[i])
                place[i - first] = postings + U(4) * at
                prefetch(place[i - first])
            ranges = 0
            for i in range(first, last):
                at = place[i - first]
                low, high = min(U(load32(at)), rows), min(U(load32(at + U(4))), rows)
                if low < high:
                    begin[ranges], end[ranges], source[ranges] = low, high, i
                    _send_for(postings + U(4) * U(chunks[which[i], SKETCHES]), low, high)
                    ranges += 1
                    spent += high - low
            waiting, each, alike_here = 0, 0, U(0)
            while spent <= most and each < ranges:
                while waiting < CANDIDATES and each < ranges:
                    chunk, low = which[source[each]], begin[each]
                    if not alike_here:
                        beside = postings + U(4) * U(chunks[chunk, SKETCHES])
                        alike_here = alike(
                            beside + U(2) * low, U(sketch[chunk]), U(limits[source[each]])
                        )
                        if end[each] - low < U(LANES):
                            alike_here &= (U(1) << (end[each] - low)) - U(1)
                    while alike_here and waiting < CANDIDATES:
                        at = U(chunks[chunk, POSTINGS]) + low + trailing_zeros(alike_here)
                        alike_here &= alike_here - U(1)
                        row = U(load32(postings + U(4) * at))
                        if row < rows:
                            candidate[waiting] = hashes + stride * row
                            proposed_by[waiting] = chunk
                            prefetch(candidate[waiting])
                            waiting += 1
                    if not alike_here:
                        begin[each] = low + U(LANES)
                        if begin[each] >= end[each]:
                            each += 1
                spent += TOLL * U(waiting)
                for i in range(waiting):
                    bits = distance(candidate[i], asked, words, radius)
                    if bits <= radius and not _seen_before(
                        candidate[i], asked, masks, chunks, proposed_by[i]
                    ):
                        if held == room:
                            return query, before
                        found[0, held] = query
                        found[1, held] = np.int64((candidate[i] - hashes) // stride)
                        found[2, held] = np.int64(bits)
                        held += 1
                waiting = 0
            if spent > most:
                crowded[query] = np.uint8(1)
                held = before
                break
    return len(keys), held


@inlined
def _compare_waiting(
    candidate: Words,
    asks: Numbers,
    waiting: int,
    queries: np.uint64,
    words: int,
    radius: np.uint64,
    met: Bytes,
) -> None:
    """Mark the queries of which a candidate is near enough."""
    for i in range(waiting):
        query = asks[i]
        if not met[query]:
            asked = queries + U(8) * U(words * query)
            if distance(candidate[i], asked, words, radius) <= radius:
                met[query] = np.uint8(1)


@compiled(
    "void(uint64, uint64, uint64, uint64, int64[:, ::1], uint32[::1], uint16[::1], uint64, int64,"
    " uint32[:, ::1], uint32[:, ::1], uint64, uint64, uint8[::1], uint8[::1])"
)
def meet(
    hashes: np.uint64,
    stride: np.uint64,
    rows: np.uint64,
    postings: np.uint64,
    chunks: Numbers,
    flips: Numbers32,
    limits: Numbers16,
    queries: np.uint64,
    words: int,
    keys: Numbers32,
    sketches: Numbers32,
    radius: np.uint64,
    most: np.uint64,
    met: Bytes,
    crowded: Bytes,
) -> None:
    """Find which queries have something near: all of them in one chunk, then in the next.

    So what belongs to one chunk stays in the processor's cache. What it takes is what `find` does;
    `words` is how many of 8 bytes a hash has. In `met`, uint8[n], 1 is set for the queries that
    have something near; those for which it is set are passed over. In `crowded` 1 is set for the
    queries that are left to others; they may be met nevertheless.
    """
    place, asking = np.empty(LOOK_UPS, np.uint64), np.empty(LOOK_UPS, np.int64)
    begin, end = np.empty(LOOK_UPS, np.uint64), np.empty(LOOK_UPS, np.uint64)
    source = np.empty(LOOK_UPS, np.int64)
    candidate, asks = np.empty(CANDIDATES, np.uint64), np.empty(CANDIDATES, np.int64)
    spent = np.zeros(len(keys), np.uint64)
    waiting = 0
    for chunk in range(len(chunks)):
        starts = postings + U(4) * U(chunks[chunk, STARTS])
        beside = postings + U(4) * U(chunks[chunk, SKETCHES])
        behind = postings + U(4) * U(chunks[chunk, POSTINGS])
        query, following = 0, chunks[chunk, FIRST]
        while query < len(keys) and chunks[chunk, FIRST] < chunks[chunk, END]:
            looked = 0
            while query < len(keys) and looked < LOOK_UPS:
                if not (met[query] or crowded[query]):
                    take = min(chunks[chunk, END] - following, LOOK_UPS - looked)
                    for i in range(following, following + take):
                        place[looked] = starts + U(4) * U(keys[query, chunk] ^ flips[i])
                        prefetch(place[looked])
                        asking[looked], source[looked] = query, i
                        looked += 1
                    following += take
                    if following < chunks[chunk, END]:
                        break
                following = chunks[chunk, FIRST]
                query += 1
            ranges = 0
            for i in range(looked):
                low, high = min(U(load32(place[i])), rows), min(U(load32(place[i] + U(4))), rows)
                if low < high:
                    begin[ranges], end[ranges] = low, high
                    asking[ranges], source[ranges] = asking[i], source[i]
                    spent[asking[i]] += high - low
                    _send_for(beside, low, high)
                    ranges += 1
            for i in range(ranges):
                asked, low = asking[i], begin[i]
                sketch, limit = U(sketches[asked, chunk]), U(limits[source[i]])
                while low < end[i] and not met[asked]:
                    if spent[asked] > most:
                        crowded[asked] = np.uint8(1)
                        break
                    alike_here = alike(beside + U(2) * low, sketch, limit)
                    if end[i] - low < U(LANES):
                        alike_here &= (U(1) << (end[i] - low)) - U(1)
                    while alike_here:
                        row = U(load32(behind + U(4) * (low + trailing_zeros(alike_here))))
                        alike_here &= alike_here - U(1)
                        if row < rows:
                            candidate[waiting], asks[waiting] = hashes + stride * row, asked
                            prefetch(candidate[waiting])
                            spent[asked] += TOLL
                            waiting += 1
                            if waiting == CANDIDATES:
                                _compare_waiting(
                                    candidate, asks, waiting, queries, words, radius, met
                                )
                                waiting = 0
                    low += U(LANES)
    _compare_waiting(candidate, asks, waiting, queries, words, radius, met)
