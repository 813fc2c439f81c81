"""Which of many probes are registered: binary search in a sorted column of 64-bit numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Probes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]


class ProbeTable:
    """A sorted column of probes, which may hold the same one many times.

    The column is used as it is: it may be a file mapped into memory, of which a look-up touches a
    few pages. It must be contiguous and of the machine's own byte order to be searched without
    a copy.

    Args:
        probes: uint64, in ascending order.
    """

    def __init__(self, probes: Probes) -> None:
        self._probes = probes

    def __len__(self) -> int:
        return len(self._probes)

    def rows_of(self, probe: int) -> range:
        """The rows that hold one probe."""
        key = np.array([probe], np.uint64)
        first = int(self._probes.searchsorted(key, side="left")[0])
        return range(first, int(self._probes.searchsorted(key, side="right")[0]))

    def look_up(self, queries: Probes) -> tuple[Numbers, Numbers]:
        """Find every place of many probes at once.

        Args:
            queries: uint64[n], in any order.

        Returns:
            Two int64 columns of equal length: a position in `queries`, and a row that holds its
            probe; ordered by position, then row.
        """
        # Any other type would make numpy compare both sides as floating point numbers.
        queries = np.asarray(queries, np.uint64)
        if not len(self._probes) or not len(queries):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        # Searching in ascending order walks the column forwards, page by page.
        wanted, position = np.unique(queries, return_inverse=True)
        first = self._probes.searchsorted(wanted, side="left")
        found = self._probes[np.minimum(first, len(self._probes) - 1)] == wanted
        count = np.zeros(len(wanted), np.int64)
        ends = self._probes.searchsorted(wanted[found], side="right")
        # A forged column need not be in order.
        count[found] = np.maximum(ends - first[found], 0)
        times = count[position]
        hit = np.flatnonzero(times)
        times = times[hit]
        # Stretches `first … first + times`, one after the other.
        ends = np.cumsum(times)
        within = np.arange(int(times.sum())) - np.repeat(ends - times, times)
        return np.repeat(hit, times), np.repeat(first[position[hit]], times) + within
