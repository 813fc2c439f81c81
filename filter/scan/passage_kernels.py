"""Passages folded and looked up in one pass, compiled.

To be imported through `optout.registry.compiled.kernels` only. What a text becomes is told in
`optout.registry.identifiers.passages`; how characters fold one by one in `folding`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, inlined, shared
from optout.registry.compiled.memory import load8, load32, load64, trailing_zeros
from optout.registry.compiled.xxh3 import xxh3_64
from optout.registry.identifiers import LEAST_CHARACTERS
from optout.registry.index.membership_kernels import present_in

from .ascii_words import HIGH, ONES, Word, is_blank, not_below
from .folding import (
    BLOCK,
    CLASS_AT,
    COMPOSES,
    COMPOSING,
    COUNT_AT,
    ENDING_AT,
    LENGTH_AT,
    MARK,
    REFERENCE,
    SPACE,
    WRITTEN,
)
from .states import State
from .stores import store64

U = np.uint64

Whole = Any
"""int64."""
Flag = Any
"""A truth."""
Array = Any

EMPTY, FOREIGN, UNJUDGEABLE, JUDGED = (
    int(State.EMPTY),
    int(State.FOREIGN),
    int(State.UNJUDGEABLE),
    int(State.JUDGED),
)
LEFT = 255
"""In place of a state: the reference has to look at the value."""

KEYS = 128
_LEAST = LEAST_CHARACTERS
_LOW = U(0x7F7F7F7F7F7F7F7F)
_BLANK = U(0x20)
_NUMBER = (1 << CLASS_AT) - 1
_FORM = U((1 << LENGTH_AT) - 1)
_FORM_LENGTH = U((1 << (COUNT_AT - LENGTH_AT)) - 1)


@inlined
def _continues(byte: Whole) -> Flag:
    return byte & 0xC0 == 0x80


@shared
def _decoded(at: Word, end: Word) -> tuple[Whole, Whole]:
    """The character that begins with a byte above ASCII: its number and its length, or 0."""
    first = np.int64(load8(at))
    left = np.int64(end - at)
    if first < 0xC2 or left < 2:
        return 0, 0
    second = np.int64(load8(at + U(1)))
    if not _continues(second):
        return 0, 0
    if first < 0xE0:
        return (first & 0x1F) << 6 | (second & 0x3F), 2
    if left < 3:
        return 0, 0
    third = np.int64(load8(at + U(2)))
    if not _continues(third):
        return 0, 0
    if first < 0xF0:
        point = (first & 0x0F) << 12 | (second & 0x3F) << 6 | (third & 0x3F)
        if point < 0x800 or 0xD800 <= point < 0xE000:
            return 0, 0
        return point, 3
    if left < 4 or first > 0xF4:
        return 0, 0
    fourth = np.int64(load8(at + U(3)))
    if not _continues(fourth):
        return 0, 0
    point = (first & 7) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | (fourth & 0x3F)
    if point < 0x10000 or point > 0x10FFFF:
        return 0, 0
    return point, 4


@inlined
def _word_at(at: Word, end: Word) -> Word:
    """Eight bytes, of which those behind the end are 0."""
    left = end - at
    if left >= U(8):
        return load64(at)
    word = U(0)
    shift = U(0)
    if left >= U(4):
        word = U(load32(at))
        at += U(4)
        shift = U(32)
    while at < end:
        word |= U(load8(at)) << shift
        at += U(1)
        shift += U(8)
    return word


@shared
def fold_passage(
    at: Word, end: Word, out: Word, blocks: Array, characters: Array, forms: Array
) -> tuple[Whole, Word]:
    """Write the form of a text.

    Args:
        at: where the text begins (uint64).
        end: where it ends.
        out: where its form goes: three times the text's length and 16 bytes more.
        blocks: see `folding.Folding`.
        characters: likewise.
        forms: likewise.

    Returns:
        A state, FOREIGN where the form is too short, and where the form ends.
    """
    start = out
    more = np.int64(0)  # bytes of the form that are no characters of their own
    blank = True  # whether a space would be one too many
    ending = np.int64(0)  # the combining class that the form ends in
    composes = True
    while at < end:
        word = _word_at(at, end)
        high = word & HIGH
        if high == U(0):
            length = min(end - at, U(8))
            at += length
            lower = word | (not_below(word, 0x41) & ~not_below(word, 0x5B)) >> U(2)
            # Blanks other than spaces are among the low ones.
            low = ~not_below(word, 0x20) & HIGH
            if length < U(8):
                low &= (U(1) << (length * U(8))) - U(1)
            spaces = ~not_below(lower ^ (ONES * _BLANK), 1) & HIGH
            double = spaces & (spaces << U(8) | (U(0x80) if blank else U(0)))
            if low | double == U(0):
                store64(out, lower)
                out += length
                blank = (spaces >> (length * U(8) - U(1))) & U(1) != U(0)
            else:
                for _ in range(np.int64(length)):
                    byte = lower & U(0xFF)
                    lower >>= U(8)
                    if is_blank(byte):
                        if not blank:
                            store64(out, _BLANK)
                            out += U(1)
                            blank = True
                    else:
                        store64(out, byte)
                        out += U(1)
                        blank = False
            ending = np.int64(0)
            composes = True
            continue
        # Some ASCII first, then what is none.
        for _ in range(np.int64(trailing_zeros(high)) >> 3):
            byte = word & U(0xFF)
            word >>= U(8)
            at += U(1)
            ending = np.int64(0)
            composes = True
            if is_blank(byte):
                if not blank:
                    store64(out, _BLANK)
                    out += U(1)
                    blank = True
                continue
            if U(0x41) <= byte <= U(0x5A):
                byte |= _BLANK
            store64(out, byte)
            out += U(1)
            blank = False
        while at < end and load8(at) & 0x80:
            point, size = _decoded(at, end)
            if size == 0:
                return UNJUDGEABLE, out
            number = np.int64(characters[blocks[point // BLOCK], point % BLOCK])
            kind = (number >> CLASS_AT) & 7
            if kind == WRITTEN:
                form = forms[number & _NUMBER]
                wide = np.int64((form >> U(LENGTH_AT)) & _FORM_LENGTH)
                if wide:
                    store64(out, form & _FORM)
                    out += U(wide)
                    more += wide - np.int64(form >> U(COUNT_AT))
                    blank = False
                    ending = number >> ENDING_AT
                    composes = True
            elif kind == SPACE:
                if not blank:
                    store64(out, _BLANK)
                    out += U(1)
                    blank = True
                ending = number >> ENDING_AT
                composes = True
            else:
                mark = number >> ENDING_AT
                if (
                    kind == REFERENCE
                    or (kind == MARK and ending > mark)
                    or (kind == COMPOSING and composes)
                ):
                    return LEFT, out
                store64(out, _word_at(at, end))
                out += U(size)
                more += size - 1
                blank = False
                ending = mark
                composes = number & COMPOSES != 0
            at += U(size)
    if blank and out > start:
        out -= U(1)
    return (JUDGED if np.int64(out - start) - more >= _LEAST else FOREIGN), out


@compiled(
    "void(uint64, uint64, uint16[::1], uint32[:, ::1], uint64[::1], uint64[:, ::1], "
    "uint8[::1], uint8[::1])"
)
def look_at_passages(
    offsets: Word,
    data: Word,
    blocks: Array,
    characters: Array,
    forms: Array,
    tables: Array,
    states: Array,
    present: Array,
) -> None:
    """Fold texts, and look their keys up.

    Args:
        offsets: where the texts lie, see `layout.Layout`.
        data: likewise.
        blocks: see `folding.Folding`.
        characters: likewise.
        forms: likewise.
        tables: uint64[segments, 8], as snapshots give them; of no segment: nothing is looked up.
        states: uint8[n], becomes the state of each text, or LEFT.
        present: uint8[n], becomes 1 where a text's key is registered.
    """
    room = np.empty(1 << 16, np.uint8)
    keys = np.empty(KEYS, U)
    rows = np.empty(KEYS, np.int64)
    found = np.empty(KEYS, np.uint8)
    scratch = np.empty((5, KEYS), U)
    count = 0
    for row in range(len(states)):
        present[row] = 0
        begin = load64(offsets + U(8 * row))
        length = np.int64(load64(offsets + U(8 * row + 8)) - begin)
        if length == 0:
            states[row] = EMPTY
            continue
        if 3 * length + 16 > len(room):
            room = np.empty(6 * length + 16, np.uint8)
        start = U(room.ctypes.data)
        at = data + begin
        state, end = fold_passage(at, at + U(length), start, blocks, characters, forms)
        states[row] = state
        if state != JUDGED or len(tables) == 0:
            continue
        size: Whole = np.int64(end - start)
        keys[count] = xxh3_64(start, size)
        rows[count] = row
        count += 1
        if count == KEYS:
            if present_in(tables, keys, count, found, scratch):
                for i in range(count):
                    present[rows[i]] = found[i]
            count = 0
    if count and present_in(tables, keys, count, found, scratch):
        for i in range(count):
            present[rows[i]] = found[i]
