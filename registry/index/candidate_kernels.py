"""Comparing hashes: candidates that their chunks propose, or one after the other; compiled.

Whoever wrote the postings, nothing is read outside of them or of the hashes: every number that was
read is held against what there is before it is followed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import compiled, inlined
from optout.registry.compiled.memory import load32, load64, ones, prefetch

U = np.uint64
Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]
Numbers32 = npt.NDArray[np.uint32]

LOOK_UPS, CANDIDATES = 512, 1024
# So many are on their way from memory before the first of them is looked at.


@inlined
def _distance(one: np.uint64, other: np.uint64, words: int, radius: np.uint64) -> np.uint64:
    """Bits in which two hashes at addresses differ; some of them, where that is too many."""
    found = ones(load64(one) ^ load64(other))
    if words > 1:
        found += ones(load64(one + U(8)) ^ load64(other + U(8)))
        if found <= radius:
            for word in range(2, words):
                at = U(8) * U(word)
                found += ones(load64(one + at) ^ load64(other + at))
    return found


@inlined
def _seen_before(
    one: np.uint64, other: np.uint64, masks: Words, chunks: Numbers, chunk: int
) -> bool:
    """Whether two hashes are near enough in a chunk before this one, and so were found there."""
    for before in range(chunk):
        found = U(0)
        for word in range(masks.shape[1]):
            at = U(8) * U(word)
            found += ones((load64(one + at) ^ load64(other + at)) & masks[before, word])
        if np.int64(found) <= chunks[before, 2]:
            return True
    return False


@compiled(
    "UniTuple(int64, 2)(uint64, uint64, uint64, uint64, int64[:, ::1], uint64[:, ::1], uint8[::1],"
    " uint32[::1], uint64, uint32[:, ::1], int64, uint64, uint64, int64[:, ::1],"
    " uint8[::1])"
)
def find(
    hashes: np.uint64,
    stride: np.uint64,
    rows: np.uint64,
    postings: np.uint64,
    chunks: Numbers,
    masks: Words,
    which: npt.NDArray[np.uint8],
    flips: Numbers32,
    queries: np.uint64,
    keys: Numbers32,
    start: int,
    radius: np.uint64,
    most: np.uint64,
    found: Numbers,
    crowded: npt.NDArray[np.uint8],
) -> tuple[int, int]:
    """Find what is near some queries, until there is no room for more.

    Args:
        hashes: the address of the first one registered.
        stride: bytes from one to the next.
        rows: how many there are.
        postings: the address of the file; as long as `chunks` says.
        chunks: int64[chunks, 3]: where the values of each begin in the file, where its postings
            do, and its radius.
        masks: uint64[chunks, words]: the bits each is made of.
        which: uint8[look-ups]: the chunk of each look-up, ascending.
        flips: uint32[look-ups]: what makes a query's chunk the value that is looked up.
        queries: the address of the first; they lie one behind the other.
        keys: uint32[n, chunks]: their chunks.
        start: the first query.
        radius: bits.
        most: candidates of a query: with more it is left to others.
        found: int64[3, room]: is filled with query, row, distance.
        crowded: uint8[n]: is set to 1 for the queries that are left to others.

    Returns:
        The query before which it stopped, and how many pairs are found.
    """
    words, room = masks.shape[1], found.shape[1]
    place = np.empty(LOOK_UPS, np.uint64)
    begin, end = np.empty(LOOK_UPS, np.uint64), np.empty(LOOK_UPS, np.uint64)
    source = np.empty(LOOK_UPS, np.uint8)
    candidate, proposed_by = np.empty(CANDIDATES, np.uint64), np.empty(CANDIDATES, np.uint8)
    held = 0
    for query in range(start, len(keys)):
        asked, own = queries + U(8) * U(words * query), keys[query]
        before, total, fits = held, U(0), True
        for first in range(0, len(which), LOOK_UPS):
            last = min(first + LOOK_UPS, len(which))
            for i in range(first, last):
                chunk = which[i]
                at = U(chunks[chunk, 0]) + U(own[chunk] ^ flips[i])
                place[i - first] = postings + U(4) * at
                prefetch(place[i - first])
            ranges = 0
            for i in range(first, last):
                at = place[i - first]
                low = min(U(load32(at)), rows)
                high = min(U(load32(at + U(4))), rows)
                if low < high:
                    base = postings + U(4) * U(chunks[which[i], 1])
                    begin[ranges], end[ranges] = base + U(4) * low, base + U(4) * high
                    source[ranges] = which[i]
                    prefetch(begin[ranges])
                    ranges += 1
                    total += high - low
            if total > most:
                crowded[query] = np.uint8(1)
                held = before
                break
            waiting, each, at = 0, 0, begin[0]
            while each < ranges:
                while waiting < CANDIDATES and each < ranges:
                    row = U(load32(at))
                    if row < rows:
                        candidate[waiting] = hashes + stride * row
                        proposed_by[waiting] = source[each]
                        prefetch(candidate[waiting])
                        waiting += 1
                    at += U(4)
                    if at == end[each]:
                        each += 1
                        if each < ranges:
                            at = begin[each]
                for i in range(waiting):
                    distance = _distance(candidate[i], asked, words, radius)
                    if distance <= radius and not _seen_before(
                        candidate[i], asked, masks, chunks, proposed_by[i]
                    ):
                        if held == room:
                            fits = False
                            break
                        found[0, held] = query
                        found[1, held] = np.int64((candidate[i] - hashes) // stride)
                        found[2, held] = np.int64(distance)
                        held += 1
                waiting = 0
                if not fits:
                    break
            if not fits:
                return query, before
    return len(keys), held


@compiled("int64(uint64, uint64, int64, uint64, int64, int64, uint64, int64[:, ::1])")
def compare(
    hashes: np.uint64,
    stride: np.uint64,
    rows: int,
    queries: np.uint64,
    count: int,
    words: int,
    radius: np.uint64,
    found: Numbers,
) -> int:
    """Compare every query with every one of some hashes.

    Args:
        hashes: the address of the first.
        stride: bytes from one to the next.
        rows: how many there are.
        queries: the address of the first; they lie one behind the other.
        count: of the queries.
        words: of a hash, of 8 bytes.
        radius: bits.
        found: int64[3, count * rows]: is filled with query, row, distance.

    Returns:
        How many pairs are found.
    """
    held = 0
    for query in range(count):
        asked = queries + U(8) * U(words * query)
        for row in range(rows):
            distance = _distance(hashes + stride * U(row), asked, words, radius)
            if distance <= radius:
                found[0, held] = query
                found[1, held] = row
                found[2, held] = np.int64(distance)
                held += 1
    return held
