"""Which bytes of addresses stand in the way of reading them as they are, in one pass, compiled.

Each byte gets a mark of a few bits, by itself and the byte before it; what has to be known of an
address is then a question about words of marks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8, load64

Word = Any
"""uint64: an address, or eight bytes."""
Whole = Any
"""int64."""
Array = Any
Several = Any
"""A tuple."""

U = np.uint64

ODD, STOP, DOT, NO_HOST = range(4)
"""Bits of a mark: written otherwise in the canonical form or not to be read without more, the end
of a host, a dot, nothing that a plain host holds."""

_EACH = U(0x0101010101010101)
_GATHER = U(0x0102040810204080)

SPARE = 64
"""Marks behind the last one that may be read: they say nothing."""


@shared
def mark_bytes(data: Array, low: Whole, count: Whole, marks: Array) -> None:
    """Mark bytes.

    Args:
        data: uint8, where they are.
        low: the first of them.
        count: how many.
        marks: uint8[count or more], set.
    """
    first = 0
    if low == 0 and count > 0:
        marks[0] = _mark(data[0], np.uint8(0))
        first = 1
    # Through an array, not an address: so the compiler does many at once.
    base = U(low)
    for i in range(first, count):
        marks[U(i)] = _mark(data[base + U(i)], data[base + U(i) - U(1)])


@shared
def _mark(c: Word, p: Word) -> Word:
    dot = c == 46
    odd = (
        (c <= 32)
        | (c >= 127)
        | (c == 34)
        | (c == 35)
        | (c == 37)
        | (c == 39)
        | (c == 60)
        | (c == 62)
        | ((c >= 91) & (c <= 94))
        | (c == 96)
        | ((c >= 123) & (c <= 125))
        | (dot & (p == 47))
    )
    stop = (c == 47) | (c == 63)
    plain = ((c >= 97) & (c <= 122)) | ((c >= 48) & (c <= 57)) | (c == 45) | dot | (c == 95) | stop
    # Two hyphens may be those of `xn--`, between two dots is an empty label.
    twice = (c == p) & ((c == 45) | dot)
    return (
        np.uint8(odd)
        | (np.uint8(stop) << np.uint8(STOP))
        | (np.uint8(dot) << np.uint8(DOT))
        | (np.uint8((not plain) | twice) << np.uint8(NO_HOST))
    )


@shared
def _of_eight(word: Word, bit: Whole) -> Word:
    return (((word >> U(bit)) & _EACH) * _GATHER) >> U(56)


@shared
def of_32(mark: Word, bit: Whole) -> Word:
    """One bit of each of 32 marks, the first one's lowest."""
    return (
        _of_eight(load64(mark), bit)
        | (_of_eight(load64(mark + U(8)), bit) << U(8))
        | (_of_eight(load64(mark + U(16)), bit) << U(16))
        | (_of_eight(load64(mark + U(24)), bit) << U(24))
    )


@shared
def _any_of_32(mark: Word) -> Word:
    return load64(mark) | load64(mark + U(8)) | load64(mark + U(16)) | load64(mark + U(24))


@shared
def any_odd(mark: Word, length: Whole) -> Word:
    """Whether one of some marks is odd: 0 where none is."""
    found = U(0)
    if 32 <= length <= 128:
        # Without a branch, which lengths drawn at random would have guessed wrongly.
        last = length - 32
        found = _any_of_32(mark) | _any_of_32(mark + U(last))
        found |= _any_of_32(mark + U(min(32, last))) | _any_of_32(mark + U(min(64, last)))
    elif length > 128:
        i = 0
        while i + 32 <= length:
            found |= _any_of_32(mark + U(i))
            i += 32
        found |= _any_of_32(mark + U(length - 32))
    else:
        for i in range(length):
            found |= U(load8(mark + U(i)))
    return found & _EACH
