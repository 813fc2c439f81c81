"""Where the values of an array lie, for functions that read them by address."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import arrow_numbers


class Layout(NamedTuple):
    """Where values lie; as long as the array they come from lives.

    Attributes:
        offsets: the address of n + 1 numbers of 64 bits, ascending: where each value begins and
            ends in `data`.
        data: the address of their bytes.
    """

    offsets: np.uint64
    data: np.uint64


def layout(values: pa.LargeBinaryArray) -> Layout:
    """Where the values of an array lie. Nothing of it leads out of the array's own memory.

    Raises:
        pa.ArrowInvalid: the array's offsets are none.
    """
    if not len(values):
        return Layout(np.uint64(0), np.uint64(0))
    values.validate(full=True)
    _, offsets, data = values.buffers()
    return Layout(
        np.uint64(offsets.address + 8 * values.offset), np.uint64(data.address if data else 0)
    )


def chosen(values: pa.LargeBinaryArray, places: npt.NDArray[np.int64]) -> pa.LargeBinaryArray:
    """Some values, by their positions."""
    return values.take(arrow_numbers(places))
