"""The forms of values told in one pass over their bytes, compiled.

To be imported through `optout.registry.compiled.kernels` only. What a form is stands in `forms`, as
a pattern; where more than a glance is needed, a value here only *may* have it, and the pattern
decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, inlined, shared
from optout.registry.compiled.memory import load8, load32, load64

from .shapes import (
    IS_BALANCED,
    IS_HEX16,
    IS_HEX32,
    IS_HEX64,
    IS_JSON,
    IS_TEXT,
    IS_URL,
    MAY_BE_HOLDER,
    MAY_BE_PICTURE,
    MAY_BE_WORK,
)

Word = Any
"""uint64: an address, or eight bytes."""
Byte = Any
Flag = Any
Array = Any

U = np.uint64
_TEXT_BYTES, _TEXT_SHOWN = U(24), U(4096)
_ONES, _HIGH = U(0x0101010101010101), U(0x8080808080808080)
_SPACES = _ONES * U(0x21)
_MOST_DIGITS = U(12)


@inlined
def _is_space(byte: Byte) -> Flag:
    """Tab, line feed, form feed, carriage return, space: as the patterns have it."""
    return byte == 0x20 or byte == 0x09 or byte == 0x0A or byte == 0x0C or byte == 0x0D


@inlined
def _nothing_blank(word: Word) -> Flag:
    """Whether all of eight bytes are above a space."""
    return (word - _SPACES) & ~word & _HIGH == U(0)


@shared
def _behind_scheme(at: Word, end: Word) -> int:
    """How many bytes `http:` or `https:` take, in letters of any size; 0 where it is neither."""
    if end - at < U(5) or load32(at) | U(0x20202020) != U(0x70747468):
        return 0
    letter = U(load8(at + U(4)))
    if letter == U(0x3A):
        return 5
    if letter | U(0x20) == U(0x73) and end - at >= U(6) and load8(at + U(5)) == 0x3A:
        return 6
    return 0


@shared
def _is_url(at: Word, end: Word) -> Flag:
    at += U(_behind_scheme(at, end))
    if end - at < U(3) or load8(at) != 0x2F or load8(at + U(1)) != 0x2F:
        return False
    at += U(2)
    if load8(at) == 0x2F or _is_space(load8(at)):
        return False
    # Up to the first white space, whatever it is; behind it nothing that shows.
    spaced = False
    while at < end:
        if end - at >= U(8) and not spaced and _nothing_blank(load64(at)):
            at += U(8)
            continue
        byte = load8(at)
        if spaced and byte > 0x20:
            return False
        spaced |= _is_space(byte)
        at += U(1)
    return True


@shared
def _is_text(at: Word, end: Word) -> Flag:
    """Two marks that show, and nothing between them but white space, at least one."""
    last = min(end, at + _TEXT_SHOWN)
    state = 0
    while at < last:
        if state < 2 and last - at >= U(8) and _nothing_blank(load64(at)):
            state = 1
            at += U(8)
            continue
        byte = load8(at)
        if byte > 0x20:
            if state == 2:
                return True
            state = 1
        elif _is_space(byte):
            state = 2 if state else 0
        else:
            state = 0
        at += U(1)
    return False


@shared
def _bits_of_digits(at: Word, end: Word) -> np.int64:
    """How many bits are set in a number of hexadecimal digits; -1 where it is none."""
    found = np.int64(0)
    while at < end:
        byte = U(load8(at))
        if U(0x30) <= byte <= U(0x39):
            value = byte - U(0x30)
        elif U(0x61) <= byte | U(0x20) <= U(0x66):
            value = (byte | U(0x20)) - U(0x57)
        else:
            return np.int64(-1)
        found += np.int64(
            (value & U(1)) + (value >> U(1) & U(1)) + (value >> U(2) & U(1)) + (value >> U(3))
        )
        at += U(1)
    return found


@shared
def _may_be_picture(at: Word, end: Word) -> Flag:
    if end - at < U(2):
        return False
    if load8(at) == 0xFF and (load8(at + U(1)) == 0xD8 or load8(at + U(1)) == 0x0A):
        return True
    if end - at < U(4):
        return False
    head = U(load32(at))
    if (
        head == U(0x474E5089)  # PNG
        or head == U(0x38464947)  # GIF8
        or head == U(0x46464952)  # RIFF
        or head == U(0x002A4949)  # II*
        or head == U(0x2A004D4D)  # MM
        or head == U(0x0C000000)  # JPEG 2000, JPEG XL
    ):
        return True
    if end - at < U(10):
        return False
    if head & U(0xFFFF) == U(0x4D42):  # BM
        return U(load32(at + U(6))) == U(0)
    return U(load32(at + U(4))) == U(0x70797466)  # ftyp


@shared
def _may_be_work(at: Word, end: Word) -> Flag:
    if end - at < U(3):
        return False
    first, second, third = load8(at) | 0x20, load8(at + U(1)) | 0x20, load8(at + U(2)) | 0x20
    if first == 0x69:  # iscc, isbn
        return second == 0x73
    if first == 0x64:  # doi
        return second == 0x6F and third == 0x69
    if first == 0x61:  # arxiv
        return second == 0x72 and third == 0x78
    return load8(at) == 0x31 and load8(at + U(1)) == 0x30 and load8(at + U(2)) == 0x2E  # 10.


@shared
def _may_be_holder(at: Word, end: Word) -> Flag:
    if end - at < U(2):
        return False
    byte = load8(at)
    if byte == 0x40:  # @anna@
        return True
    if byte == 0x55:  # UC
        return load8(at + U(1)) == 0x43
    last = min(end, at + _MOST_DIGITS + U(1))
    while at < last and 0x30 <= load8(at) <= 0x39:
        at += U(1)
    return byte <= 0x39 and at < last and load8(at) == 0x40


@shared
def _shape(at: Word, end: Word) -> np.uint16:
    found = 0
    size = end - at
    if size == U(64) or size == U(32) or size == U(16):
        bits = _bits_of_digits(at, end)
        if bits >= 0:
            found |= IS_HEX64 if size == U(64) else IS_HEX32 if size == U(32) else IS_HEX16
            if U(bits) == size * U(2):
                found |= IS_BALANCED
    if _may_be_picture(at, end):
        found |= MAY_BE_PICTURE
    shown = at
    while shown < end and load8(shown) <= 0x20:
        shown += U(1)
    is_url = _is_url(shown, end)
    if is_url:
        found |= IS_URL
    elif size >= _TEXT_BYTES and _is_text(at, end):
        found |= IS_TEXT
    while at < end and _is_space(load8(at)):
        at += U(1)
    if at < end:
        if load8(at) == 0x5B or load8(at) == 0x7B:
            found |= IS_JSON
        if _may_be_work(at, end):
            found |= MAY_BE_WORK
        if _may_be_holder(at, end):
            found |= MAY_BE_HOLDER
    return np.uint16(found)


@compiled("void(uint64, uint64, int64, uint16[::1])")
def shapes(offsets: Word, data: Word, count: int, found: Array) -> None:
    """Tell the shapes of values.

    Args:
        offsets: where count + 1 offsets of 64 bits lie.
        data: where the bytes lie that they count.
        count: how many values there are.
        found: gets their shapes.
    """
    start = load64(offsets)
    for n in range(count):
        end = load64(offsets + U(8) * U(n + 1))
        found[n] = _shape(data + start, data + end)
        start = end
