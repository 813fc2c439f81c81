"""What a glance at values tells of their forms: one number each, made in one pass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from optout.registry.compiled import available, kernels

IS_URL, IS_TEXT, IS_JSON = 1, 2, 4
IS_HEX64, IS_HEX32, IS_HEX16, IS_BALANCED = 8, 16, 32, 64
MAY_BE_PICTURE, MAY_BE_WORK, MAY_BE_HOLDER = 128, 256, 512
"""Bits of a shape. What a value only may be, patterns decide."""

Shapes = npt.NDArray[np.uint16]

_KERNELS = "optout.filter.verify.form_kernels"


def shapes_of(values: pa.LargeBinaryArray) -> Shapes | None:
    """The shape of every value; None where nothing is compiled here, and patterns tell all.

    Args:
        values: none of them null.
    """
    if not available():
        return None
    found = np.zeros(len(values), np.uint16)
    _, offsets, data = values.buffers()
    if len(values) and data is not None:
        kernels(_KERNELS).shapes(
            np.uint64(offsets.address + 8 * values.offset),
            np.uint64(data.address),
            len(values),
            found,
        )
    return found


def count(shapes: Shapes, bits: int) -> int:
    """How many values have all of some bits."""
    return int(np.count_nonzero((shapes & bits) == bits))


def those(values: pa.LargeBinaryArray, shapes: Shapes, bit: int) -> pa.LargeBinaryArray:
    """The values that have a bit."""
    chosen = (shapes & bit).astype(bool)
    if chosen.all():
        return values
    return values.take(pa.array(np.flatnonzero(chosen)))


def present(values: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    """The values that are neither null nor empty."""
    lengths = pc.binary_length(values)
    if not values.null_count and len(values) and pc.min(lengths).as_py() > 0:
        return values
    return values.filter(pc.greater(lengths, 0).fill_null(False))
