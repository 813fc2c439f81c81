"""Which of many probes are registered, by whichever way is the faster."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import available, kernels

KERNELS = "optout.registry.index.look_up_kernels"

MANY = 1 << 16
"""Fewer probes are looked up before a compiler would be loaded."""


def registered_among(
    tables: npt.NDArray[np.uint64], probes: npt.NDArray[np.uint64], *, many: int | None = None
) -> npt.NDArray[np.int64] | None:
    """The positions of the probes that a segment holds; None where searching is as fast.

    Args:
        tables: uint64[segments, 8], see `tables`; what it points to stays where it is meanwhile.
        probes: uint64[n], in any order.
        many: from how many on it is worth a compiler; `MANY` by default.
    """
    if len(probes) < (MANY if many is None else many) or not available():
        return None
    keys = np.ascontiguousarray(probes)
    present = np.empty(len(keys), np.uint8)
    look_up = kernels(KERNELS).look_up
    look_up(tables, np.uint64(keys.ctypes.data), np.int64(len(keys)), present)
    return np.flatnonzero(present)
