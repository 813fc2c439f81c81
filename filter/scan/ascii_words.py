"""Eight bytes of ASCII looked at together: parts of compiled functions.

To be imported by modules of kernels only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import inlined

U = np.uint64

Word = Any
"""uint64: an address, or eight bytes."""

ONES, HIGH = U(0x0101010101010101), U(0x8080808080808080)
"""A word whose bytes are all 1, and one with the high bit of every byte."""


@inlined
def not_below(word: Word, least: int) -> Word:
    """The high bit of every byte, of a word of ASCII, that is not below `least`."""
    return (word + ONES * U(0x80 - least)) & HIGH


@inlined
def is_blank(byte: Word) -> Any:  # noqa: ANN401  # a truth, as numba has it
    """Whether a byte of ASCII is what Python's `str.split` takes for white space."""
    return byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F
