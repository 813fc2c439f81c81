"""From numpy to Arrow, buffer by buffer.

`pa.array` would do; but to see whether it was given one of pandas' arrays it imports pandas where
that is installed, which takes longer than everything else that a small shard needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_TYPES = {
    np.dtype(np.uint8): pa.uint8(),
    np.dtype(np.int32): pa.int32(),
    np.dtype(np.int64): pa.int64(),
}


def arrow_numbers(
    values: npt.NDArray[np.integer], valid: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """The same numbers.

    Args:
        values: uint8, int32 or int64.
        valid: which of them there are; the others are null.
    """
    held = np.require(values, requirements=["C", "A"])  # a field of one record is neither
    there = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(_TYPES[held.dtype], len(held), [there, pa.py_buffer(held)])


def arrow_words(values: Sequence[str]) -> pa.StringArray:
    """Some words."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )
