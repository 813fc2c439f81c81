"""Where addresses hold the names of accounts, as the compiled functions read it.

It is the registry's own table, laid out as arrays. What is found by it is a little more than what
the registry finds: that a name is one is not looked at, as no other can have been registered.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from optout.registry.identifiers import AccountPlace, account_places
from xxhash import xxh3_64_intdigest

SLOTS = 1 << 11
"""Of the table of hosts: of a host that is there, the place or one of those behind it."""

MOST = 64
"""Places of one host."""

NAMES = 1 << 16
"""Bits that tell most other hosts from those that are there."""

(
    START, START_SIZE, LITERALS, LITERALS_SIZE, BEFORE, BEFORE_SIZE, DROPPED, DROPPED_SIZE,
    IN_QUERY, KEEPS_CASE, BELOW, WHOLE_HOST, FIELDS,
) = range(13)  # fmt: skip
"""What stands in a row of `places`: where in `letters` what is, how long, and what holds."""


BELOW_SEED = 0xD6E8FEB86659FD93


class Platforms(NamedTuple):
    """The table.

    Attributes:
        names: uint64[NAMES // 64], a bit for the upper 16 bits of each of the hashes.
        hosts: uint64[SLOTS], hashes: XXH3-64 of a host, or for those with names below them that
            of the parent, mixed.
        ranges: int64[SLOTS, 2], of each the first of its places and the end.
        places: int64[n, FIELDS].
        letters: uint8, all words.
    """

    names: npt.NDArray[np.uint64]
    hosts: npt.NDArray[np.uint64]
    ranges: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    letters: npt.NDArray[np.uint8]


def key_of_host(host: str, below: bool) -> int:
    """The hash by which a host is found; never 0, which says that a slot is free."""
    return (xxh3_64_intdigest(host.encode()) ^ (BELOW_SEED if below else 0)) or 1


@cache
def platforms() -> Platforms:
    """The table of the registry's platforms."""
    return lay_out(account_places())


def lay_out(known: Iterable[AccountPlace]) -> Platforms:
    """A table of places; those of one host come one after the other."""
    names = np.zeros(NAMES // 64, np.uint64)
    hosts = np.zeros(SLOTS, np.uint64)
    ranges = np.zeros((SLOTS, 2), np.int64)
    places: list[list[int]] = []
    letters = bytearray()
    for place in known:
        row = len(places)
        places.append(_row(place, letters))
        key = key_of_host(place.host, place.below)
        names[key >> 54] |= np.uint64(1 << ((key >> 48) & 63))
        slot = key % SLOTS
        while hosts[slot] not in (0, key):
            slot = (slot + 1) % SLOTS
        if hosts[slot] == 0:
            hosts[slot] = key
            ranges[slot] = row, row
        if ranges[slot, 1] != row:
            raise ValueError(f"the places of {place.host} are apart")
        ranges[slot, 1] = row + 1
    if (ranges[:, 1] - ranges[:, 0]).max() > MOST:
        raise ValueError(f"more than {MOST} places of accounts on one host")
    if np.count_nonzero(hosts) > SLOTS // 2:
        raise ValueError(f"more than {SLOTS // 2} hosts of platforms")
    table = np.array(places, np.int64).reshape(-1, FIELDS)
    return Platforms(names, hosts, ranges, table, np.frombuffer(bytes(letters), np.uint8).copy())


def _row(place: AccountPlace, letters: bytearray) -> list[int]:
    row: list[int] = []
    # Every part of the path with a slash behind it.
    literals = "".join(f"{each}/" for each in place.literals)
    for word in (place.start, literals, place.before, place.dropped):
        row += (len(letters), len(word.encode()))
        letters += word.encode()
    row += map(int, (place.in_query, place.keeps_case, place.below, place.whole_host))
    return row
