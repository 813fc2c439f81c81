"""Registered pictures near some queries: all pairs, or of each entry the nearest, piece by piece.

A million hashes may be equal. What lies near a thousand queries then comes to a thousand million
pairs, of which few are wanted: they are sorted out as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from optout.registry.index import Within

from .formats import image_type

AT_LEAST = 1 << 17
"""Pairs that are held before they are sorted out: 4 MB, and thrice as much while it is done."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Registered variants of pictures near some queries.

    Columns of equal length: a row for every pair of a query and a variant, ordered by query, then
    entry.

    Attributes:
        query: int64, position among the queries.
        entry: int64, the entry's number.
        distance: int64, bits in which the two differ.
        grade: uint8, the rank of its grade.
        usage: uint32, what it is opted out of; bit i stands for `USAGES[i]`.
        radius: uint16, the most bits in which a picture may differ that the entry covers.
    """

    query: npt.NDArray[np.int64]
    entry: npt.NDArray[np.int64]
    distance: npt.NDArray[np.int64]
    grade: npt.NDArray[np.uint8]
    usage: npt.NDArray[np.uint32]
    radius: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, found: Within, records: npt.NDArray[np.void]) -> Neighbours:
        """What is known of some pairs, in their order.

        Args:
            found: pairs of a query and a row.
            records: the variants, by row.
        """
        near = records[found.row]
        return cls(
            found.query,
            near["entry"].astype(np.int64),
            found.distance,
            near["grade"].astype(np.uint8),
            near["usage"].astype(np.uint32),
            near["radius"].astype(np.uint16),
        )

    def __len__(self) -> int:
        return len(self.query)

    def chosen(self, which: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Neighbours:
        """Some of the rows, by number or by whether they are wanted."""
        return Neighbours(*(column[which] for column in self._columns()))

    def _columns(self) -> Iterator[npt.NDArray[Any]]:
        return (getattr(self, column.name) for column in fields(self))

    @classmethod
    def joined(cls, parts: Iterable[Neighbours]) -> Neighbours:
        """The rows of some one after the other; of one at least."""
        return cls(*map(np.concatenate, zip(*(part._columns() for part in parts), strict=True)))


_NO_RECORDS = np.empty(0, image_type("phash256"))

Wanted = Callable[[Neighbours], npt.NDArray[np.bool_]]
"""Says which rows are wanted."""


def nearest(
    pieces: Iterable[Neighbours], wanted: Wanted, owners: npt.NDArray[np.int64]
) -> Neighbours:
    """Of every entry the nearest variant to each of some things.

    However many pairs there are, it takes the memory of a few pieces, and of a few times as many
    rows as there are in the end, or as `AT_LEAST`.

    Args:
        pieces: pairs, in any order.
        wanted: says which of a piece count; any entry is left out where the pair is further apart
            than its own radius.
        owners: int64[queries], the number of the thing that each query is of.

    Returns:
        What is wanted, its `query` the number of a thing; no thing and entry twice.
    """
    held = [Neighbours.of(Within(*np.empty((3, 0), np.int64)), _NO_RECORDS)]
    count, limit = 0, AT_LEAST
    for piece in pieces:
        near = piece.chosen(piece.distance <= piece.radius)
        near = near.chosen(wanted(near))
        held.append(replace(near, query=owners[near.query]))
        count += len(near)
        if count > limit:
            held = [_once(held)]
            count = len(held[0])
            limit = max(AT_LEAST, 2 * count)
    return _once(held)


def _once(parts: Iterable[Neighbours]) -> Neighbours:
    """Every query and entry once, where they are nearest; in order."""
    near = Neighbours.joined(parts)
    near = near.chosen(np.lexsort((near.distance, near.entry, near.query)))
    again = np.zeros(len(near), bool)
    again[1:] = (near.query[1:] == near.query[:-1]) & (near.entry[1:] == near.entry[:-1])
    return near.chosen(~again)
