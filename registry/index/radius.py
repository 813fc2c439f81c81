"""Which registered hashes differ from a given one in at most so many bits: exact, and bounded.

`BruteForce` compares every hash with every query, a block of pairs at a time, so that the memory it
takes depends on neither's number. A faster index may stand in its place, see `multi_index`:
`RadiusIndex` is all that callers know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Met = npt.NDArray[np.bool_]
_Words = npt.NDArray[np.uint64]

WORD = 8
"""Bytes that are compared at once: the length of a hash is a multiple of it."""

_FIT_INTO_A_BYTE = 3
"""Words of which the differing bits, at most 64 each, can be added up in a byte."""

_ROWS = 8192
_QUERIES = 16
# A block of this many pairs stays in the processor's cache: larger and smaller ones are slower.


class Within(NamedTuple):
    """Pairs within a radius, as int64 columns of equal length, ordered by query, then row.

    Attributes:
        query: position among the queries.
        row: position among the registered hashes.
        distance: bits in which the two differ.
    """

    query: Numbers
    row: Numbers
    distance: Numbers


class RadiusIndex(Protocol):
    """Finds every registered hash within a radius, and no other."""

    def within(self, queries: Hashes, radius: int) -> Within:
        """Find all pairs that differ in at most `radius` bits.

        Args:
            queries: uint8[n, bytes], as long as the registered hashes.
            radius: bits; where it is negative nothing is found.
        """

    def pieces(self, queries: Hashes, radius: int) -> Iterator[Within]:
        """The same pairs, some at a time.

        Yields:
            Some pairs, in any order, each once. However many there are in all, what is held at
            once depends on the number of queries and of registered hashes only.
        """

    def meets(self, queries: Hashes, radius: int) -> Met:
        """Which queries differ from any registered hash in at most `radius` bits: bool[n].

        It says no more than `within`, and sooner: a query is done with where one was found.
        """


class BruteForce:
    """Compares everything with everything.

    Args:
        hashes: uint8[n, bytes], the length a multiple of 8. A column of a file that is mapped into
            memory will do: it is not copied whole.
    """

    def __init__(self, hashes: Hashes) -> None:
        check_hashes(hashes)
        self._hashes = hashes

    def within(self, queries: Hashes, radius: int) -> Within:
        """Find all pairs that differ in at most `radius` bits: see `RadiusIndex`."""
        return in_order(list(self.pieces(queries, radius)))

    def pieces(self, queries: Hashes, radius: int) -> Iterator[Within]:
        """The same pairs, some at a time: see `RadiusIndex`."""
        check_hashes(queries)
        if queries.shape[1] != self._hashes.shape[1]:
            raise ValueError(f"queries of {queries.shape[1]} bytes for {self._hashes.shape[1]}")
        return self._compared(queries, radius)

    def meets(self, queries: Hashes, radius: int) -> Met:
        """Which queries have something within the radius: see `RadiusIndex`."""
        met = np.zeros(len(queries), bool)
        for query, _, _ in self.pieces(queries, radius):
            met[query] = True
        return met

    def _compared(self, queries: Hashes, radius: int) -> Iterator[Within]:
        asked = _words(queries)
        for first in range(0, len(self._hashes), _ROWS):
            rows = _words(self._hashes[first : first + _ROWS])
            for start in range(0, len(queries), _QUERIES):
                query, row, distance = _compare(asked[:, start : start + _QUERIES], rows, radius)
                if len(query):
                    yield Within(query + start, row + first, distance)


def check_hashes(hashes: Hashes) -> None:
    """See that something is a table of hashes.

    Raises:
        ValueError: it is not.
    """
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] % WORD:
        raise ValueError(f"hashes of the type {hashes.dtype} and the shape {hashes.shape}")


def _words(hashes: Hashes) -> _Words:
    """The hashes word by word: uint64[words, n]. Which byte is which does not matter to bits."""
    return np.ascontiguousarray(np.ascontiguousarray(hashes).view(np.uint64).T)


def _compare(queries: _Words, rows: _Words, radius: int) -> Within:
    """All pairs of a block within the radius.

    Half of the words sorts nearly everything out already: two hashes do not differ in fewer bits
    than their halves do.
    """
    half = min((len(rows) + 1) // 2, _FIT_INTO_A_BYTE)
    partly = np.bitwise_count(queries[0][:, None] ^ rows[0])
    for word in range(1, half):
        partly += np.bitwise_count(queries[word][:, None] ^ rows[word])
    query, row = np.divmod(np.flatnonzero(partly <= radius), rows.shape[1])
    distance = partly[query, row].astype(np.int64)
    for word in range(half, len(rows)):
        distance += np.bitwise_count(queries[word][query] ^ rows[word][row])
    near = distance <= radius
    return Within(query[near], row[near], distance[near])


def in_order(found: list[Within]) -> Within:
    """Pairs that were found piece by piece, by query, then row."""
    if not found:
        return Within(*(np.empty(0, np.int64) for _ in range(3)))
    query, row, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((row, query))
    return Within(query[order], row[order], distance[order])
