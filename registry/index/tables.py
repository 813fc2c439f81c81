"""What lies beside a sorted column of probes, so that few places of it need to be looked at.

A directory says where the probes with certain upper bits begin. The hosts of prefixes say on which
hosts it is worth looking for paths at all: the upper half of a prefix's probe is its host's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .fuse import check_filter

Probes = npt.NDArray[np.uint64]

FILTER, PROBES, COUNT, DIRECTORY, BITS, PREFIX_HOSTS, PREFIX_HOST_BITS = range(7)
"""The columns of a table of segments, uint64[segments, 8].

Addresses of the filter, the probes, the directory and the hosts of prefixes; how many probes there
are; and how many upper bits the directory and the hosts of prefixes go by. The last column is not
used. Without prefixes PREFIX_HOST_BITS is 0.
"""

COLUMNS = 8

_A_BUCKET = 4
"""Bits: a value in the directory stands for 8 to 16 probes."""

_PIECE = 1 << 20

_A_HOST = 16
"""Bits in the map of hosts for each host, at least; twice as many at most."""

_FEWEST, _MOST = 6, 32
"""Upper bits that a map of hosts goes by."""


def directory_bits(count: int) -> int:
    """By how many upper bits the directory of so many probes goes."""
    return max(0, count.bit_length() - _A_BUCKET)


def directory_of(probes: Probes) -> npt.NDArray[np.uint32]:
    """Where the probes begin whose upper bits have each value, and the end: uint32[2**bits + 1].

    Args:
        probes: ascending; fewer than 2**32.
    """
    return np.concatenate(list(directory_pieces(probes)))


def directory_pieces(probes: Probes) -> Iterator[npt.NDArray[np.uint32]]:
    """The directory from its beginning to its end, in pieces that fit into memory."""
    bits = directory_bits(len(probes))
    column = np.asarray(probes, np.uint64)
    for start in range(1, 1 << bits, _PIECE):
        values = np.arange(start, min(start + _PIECE, 1 << bits), dtype=np.uint64)
        found = column.searchsorted(values << np.uint64(64 - bits))
        yield found.astype(np.uint32) if start > 1 else np.append(0, found).astype(np.uint32)
    ends = [len(probes)] if bits else [0, len(probes)]
    yield np.array(ends, np.uint32)


def prefix_hosts_of(halves: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """The map of the hosts of prefixes: a bit for every value of the upper bits.

    Bit `i` is bit `i % 8` of byte `i // 8`. A single zero byte where there is no prefix.

    Args:
        halves: the upper halves of their probes, ascending.
    """
    if not len(halves):
        return np.zeros(1, np.uint8)
    hosts = halves[np.append(True, halves[1:] != halves[:-1])]
    bits = min(max(_FEWEST, (_A_HOST * len(hosts) - 1).bit_length()), _MOST)
    found = hosts >> np.uint32(32 - bits)
    room = np.zeros(1 << (bits - 3), np.uint8)
    masks = np.uint8(1) << (found & np.uint32(7)).astype(np.uint8)
    np.bitwise_or.at(room, found >> np.uint32(3), masks)
    return room


def prefix_host_bits(size: int) -> int:
    """By how many upper bits a map of so many bytes goes; 0 where there is no prefix.

    Raises:
        ValueError: no map is so long.
    """
    if size == 1:
        return 0
    bits = max(0, (8 * size).bit_length() - 1)
    if 8 * size != 1 << bits or not _FEWEST <= bits <= _MOST:
        raise ValueError(f"a map of the hosts of prefixes is not {size} bytes long")
    return bits


def table_of(
    filter_: npt.NDArray[np.uint8],
    probes: Probes,
    directory: npt.NDArray[np.uint32],
    prefix_hosts: npt.NDArray[np.uint8],
) -> npt.NDArray[np.uint64]:
    """One row of the table of segments: uint64[8].

    Compiled functions read what it points to without looking at sizes: they are seen to here.

    Raises:
        ValueError: the parts are not of the lengths that belong together.
    """
    bits = directory_bits(len(probes))
    if len(directory) != (1 << bits) + 1:
        raise ValueError(f"a directory of {len(directory)} numbers for {len(probes)} probes")
    check_filter(filter_)
    row = np.zeros(COLUMNS, np.uint64)
    row[FILTER], row[PROBES], row[COUNT] = filter_.ctypes.data, probes.ctypes.data, len(probes)
    row[DIRECTORY], row[BITS] = directory.ctypes.data, bits
    row[PREFIX_HOSTS] = prefix_hosts.ctypes.data
    row[PREFIX_HOST_BITS] = prefix_host_bits(len(prefix_hosts))
    return row
