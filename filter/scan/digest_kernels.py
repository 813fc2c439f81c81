"""Digests in hexadecimal digits or packed, read and looked up, compiled.

To be imported through `optout.registry.compiled.kernels` only. What counts as a digest is told in
`written`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, inlined, shared
from optout.registry.compiled.memory import load8, load64
from optout.registry.compiled.xxh3 import xxh3_64
from optout.registry.index.membership_kernels import present_in

from .ascii_words import HIGH, ONES, Word, is_blank, not_below
from .states import State
from .stores import store8, store64

U = np.uint64

Whole = Any
"""int64."""
Array = Any

EMPTY, FOREIGN, JUDGED = int(State.EMPTY), int(State.FOREIGN), int(State.JUDGED)
LEFT = 255
"""In place of a state: the reference has to look at the value."""

KEYS = 128


@inlined
def _digit(half: Word) -> Word:
    return half + U(0x30) + (U(0x27) if half > U(9) else U(0))


@shared
def _read(at: Word, end: Word, size: Whole, digits: Word) -> int:
    """Read a digest of some bytes, write its digits in lower case, and say what it is."""
    start, length = at, np.int64(end - at)
    while at < end and is_blank(load8(at)):
        at += U(1)
    last = end
    while last > at and is_blank(load8(last - U(1))):
        last -= U(1)
    if last - at == U(2 * size + 2) and load8(at) == 0x30 and load8(at + U(1)) | 0x20 == 0x78:
        at += U(2)
    if last - at == U(2 * size):
        wrong = U(0)
        for place in range(0, 2 * size, 8):
            word = load64(at + U(place))
            lower = word | ONES * U(0x20)
            store64(digits + U(place), lower)
            decimal = not_below(word, 0x30) & ~not_below(word, 0x3A)
            other = not_below(lower, 0x61) & ~not_below(lower, 0x67)
            wrong |= (word & HIGH) | (~(decimal | other) & HIGH)
        if wrong == U(0):
            return JUDGED
    if length == size:
        for place in range(size):
            byte = U(load8(start + U(place)))
            pair = _digit(byte >> U(4)) | _digit(byte & U(0x0F)) << U(8)
            store8(digits + U(2 * place), pair)
            store8(digits + U(2 * place + 1), pair >> U(8))
        return JUDGED
    while start < end:
        if load8(start) >= 0x80:
            return LEFT
        start += U(1)
    return FOREIGN


@shared
def _pack(digits: Word, packed: Array) -> None:
    for place in range(0, len(packed), 4):
        word = load64(digits + U(2 * place))
        # A letter has a bit that a decimal digit has not, and stands for nine more.
        word = (word & (ONES * U(0x0F))) + ((word >> U(6)) & ONES) * U(9)
        for i in range(4):
            packed[place + i] = np.uint8((word << U(4) | word >> U(8)) & U(0xFF))
            word >>= U(16)


@compiled("void(uint64, uint64, uint8[::1], uint8[:, ::1])")
def read_hashes(offsets: Word, data: Word, states: Array, packed: Array) -> None:
    """Read hashes of pictures.

    Args:
        offsets: where the values lie, see `layout.Layout`.
        data: likewise.
        states: uint8[n], becomes the state of each value, or LEFT.
        packed: uint8[n, bytes of a hash], becomes each hash where its state is JUDGED.
    """
    size = packed.shape[1]
    room = np.empty(2 * size, np.uint8)
    digits = U(room.ctypes.data)
    for row in range(len(states)):
        begin, end = load64(offsets + U(8 * row)), load64(offsets + U(8 * row + 8))
        states[row] = EMPTY
        if begin != end:
            states[row] = _read(data + begin, data + end, size, digits)
            if states[row] == JUDGED:
                _pack(digits, packed[row])
    room[0] = 0  # it lives as long as its address is used


@compiled("void(uint64, uint64, uint8[::1], int64, uint64[:, ::1], uint8[::1], uint8[::1])")
def look_at_digests(
    offsets: Word,
    data: Word,
    before: Array,
    size: Whole,
    tables: Array,
    states: Array,
    present: Array,
) -> None:
    """Read digests of files, and look them up.

    Args:
        offsets: where the values lie, see `layout.Layout`.
        data: likewise.
        before: uint8, what stands before the digits in the canonical form.
        size: bytes of a digest.
        tables: uint64[segments, 8], as snapshots give them; of no segment: nothing is looked up.
        states: uint8[n], becomes the state of each value, or LEFT.
        present: uint8[n], becomes 1 where a digest's key is registered.
    """
    room = np.empty(len(before) + 2 * size, np.uint8)
    for place in range(len(before)):
        room[place] = before[place]
    form = U(room.ctypes.data)
    digits = form + U(len(before))
    keys = np.empty(KEYS, U)
    rows = np.empty(KEYS, np.int64)
    found = np.empty(KEYS, np.uint8)
    scratch = np.empty((5, KEYS), U)
    count = 0
    for row in range(len(states)):
        present[row] = 0
        begin, end = load64(offsets + U(8 * row)), load64(offsets + U(8 * row + 8))
        state = EMPTY if begin == end else _read(data + begin, data + end, size, digits)
        states[row] = state
        if state == JUDGED and len(tables):
            keys[count] = xxh3_64(form, len(room))
            rows[count] = row
            count += 1
        if count == KEYS or (count and row == len(states) - 1):
            if present_in(tables, keys, count, found, scratch):
                for i in range(count):
                    present[rows[i]] = found[i]
            count = 0
    room[0] = 0  # it lives as long as its address is used
