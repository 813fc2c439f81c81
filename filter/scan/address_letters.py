"""Characters and escapes in addresses, compiled."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8

from .address_marks import Array, U, Whole, Word

UPPER = np.frombuffer(b"0123456789ABCDEF", np.uint8)

IN_PATH, IN_QUERY = 1, 2
ESCAPED = np.zeros(256, np.uint8)
"""Where each byte is written as an escape."""
for _c in [*range(33), *range(127, 256), *b'"<>[]\\^`{|}']:
    ESCAPED[_c] = IN_PATH | IN_QUERY
ESCAPED[ord("'")] = IN_QUERY
ESCAPED[ord("\\")] = IN_QUERY  # in a path it is a slash


@shared
def write_escape(c: Word, work: Array, w: Whole) -> None:
    """Write a byte as an escape."""
    work[w], work[w + 1], work[w + 2] = 37, UPPER[c >> 4], UPPER[c & 15]


@shared
def is_text(at: Word, end: Word) -> bool:
    """Whether bytes are UTF-8."""
    while at < end:
        size = 1 if load8(at) < 128 else character_at(at, end)
        if size == 0:
            return False
        at += U(size)
    return True


@shared
def character_at(at: Word, end: Word) -> Whole:
    """Bytes of the character beyond ASCII at an address; 0 where it is none (RFC 3629, 4)."""
    first = load8(at)
    if 0xC2 <= first <= 0xDF:
        size = 2
    elif 0xE0 <= first <= 0xEF:
        size = 3
    elif 0xF0 <= first <= 0xF4:
        size = 4
    else:
        return 0
    if at + U(size) > end:
        return 0
    second = load8(at + U(1))
    if (
        (first == 0xE0 and second < 0xA0)
        or (first == 0xED and second > 0x9F)
        or (first == 0xF0 and second < 0x90)
        or (first == 0xF4 and second > 0x8F)
    ):
        return 0
    for k in range(1, size):
        if load8(at + U(k)) & 0xC0 != 0x80:
            return 0
    return size


@shared
def hex_digit(c: Word) -> Whole:
    """The value of a hexadecimal digit, -1 where it is none."""
    value: Whole = -1
    if 48 <= c <= 57:
        value = np.int64(c) - 48
    elif 97 <= (c | 32) <= 102:
        value = np.int64(c | 32) - 87
    return value


@shared
def is_unreserved(value: Whole) -> Whole:
    """Whether a character is one that never needs an escape (RFC 3986, 2.3)."""
    return (
        48 <= value <= 57
        or 65 <= value <= 90
        or 97 <= value <= 122
        or value == 45
        or value == 46
        or value == 95
        or value == 126
    )
