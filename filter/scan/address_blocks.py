"""Blocks of addresses on their way into canonical form, compiled."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import leading_zeros, load8, load64, trailing_zeros

from .address_forms import MORE, mend
from .address_hosts import is_digit, is_quad
from .address_marks import (
    DOT,
    NO_HOST,
    STOP,
    Array,
    Several,
    U,
    Whole,
    Word,
    any_odd,
    mark_bytes,
    of_32,
)
from .address_targets import plain_length, respell

EMPTY, LEFT, JUDGED = 1, 0, 4
"""What a value is; of one that is left, the reference has to say."""

ROWS = 64
BYTES = 1 << 15
"""Of a block at most; a longer address is the reference's."""

LONGEST = 1 << 13
"""Of an address that has to be mended."""

FORMS = 1 << 16
"""Bytes of the mended ones of a block."""

FORM, LENGTH, HOST, SLASH, NUMERIC, DOTS, HASH, COLUMNS = range(8)
"""What is known of each address of a block; FORM 0: nothing."""

_HTTP = U(int.from_bytes(b"http://\0", "little"))
_HTTPS = U(int.from_bytes(b"https://", "little"))
_CASE = U(int.from_bytes(b"    \0\0\0\0", "little"))
_CASE_OF_S = U(int.from_bytes(b"     \0\0\0", "little"))
_SEVEN = U(0x00FFFFFFFFFFFFFF)


@shared
def _skipped(address: Word) -> Whole:
    """Bytes of the scheme and the slashes behind it, 0 where they are none that are known here."""
    word = load64(address)
    plain, safe = ((word | _CASE) & _SEVEN) == _HTTP, (word | _CASE_OF_S) == _HTTPS
    return 7 * np.int64(plain) + 8 * np.int64(safe)


@shared
def _plain_host(mark: Word, address: Word, length: Whole) -> Several:
    """Length of the host of an address where it is a plain name and a path follows.

    Args:
        mark: where the marks of the address begin, without its scheme.
        address: where it begins.
        length: of it.

    Returns:
        0 as the length where it is not; where dots are in it, a bit each; whether it is numeric.
    """
    none = (0, U(0), False)
    stops = of_32(mark, STOP)
    if stops == U(0):
        return none
    size = trailing_zeros(stops)
    host = np.int64(size)
    inside = (U(1) << size) - U(1)
    if (
        host == 0
        or host >= length
        or (of_32(mark, NO_HOST) & inside) != U(0)
        or load8(address + U(host)) != 47
        or load8(address + U(host - 1)) == 46
    ):
        return none
    dots = of_32(mark, DOT) & inside
    numeric = is_digit(load8(address + U(64) - leading_zeros(dots)))
    if numeric and not is_quad(address, host):
        return none
    return host, dots, numeric


@shared
def read_block(
    offsets: Word,
    first: Whole,
    rows: Whole,
    values: Array,
    marks: Array,
    punycode: Whole,
    work: Array,
    forms: Array,
    block: Array,
    states: Array,
) -> Whole:
    """Bring the addresses of a block into canonical form; how many of its rows were read."""
    low = load64(offsets + U(8 * first))
    high = load64(offsets + U(8 * (first + rows)))
    if high > low:
        mark_bytes(values, np.int64(low), np.int64(high - low), marks)
    data, base, out = U(values.ctypes.data), U(marks.ctypes.data), 0
    for i in range(rows):
        row = first + i
        block[i, FORM] = U(0)
        start, end = load64(offsets + U(8 * row)), load64(offsets + U(8 * (row + 1)))
        if start == end:
            states[row] = np.uint8(EMPTY)
            continue
        states[row] = np.uint8(LEFT)
        while end > start and load8(data + end - U(1)) <= 32:
            end -= U(1)
        while start < end and load8(data + start) <= 32:
            start += U(1)
        if end - start < U(10):
            continue
        skip = _skipped(data + start)
        if skip == 0:
            continue
        start += U(skip)
        address = data + start
        length: Whole = np.int64(end - start)
        mark = base + (start - low)
        host, dots, numeric = _plain_host(mark, address, length)
        slash, size = host, 0
        if host:
            size = length
            if any_odd(mark, length) != U(0):
                size = plain_length(mark, address, host, length)
            if load8(address + U(size - 1)) == 63:
                size = 0
        if size == 0:
            if length > LONGEST or load8(address) == 47 or load8(address) == 92:
                continue
            if out + 3 * length + MORE > len(forms):
                return i
            form = forms[out:]
            if host:
                size = respell(mark, address, host, length, data + U(len(values)), form)
            if size == 0:
                size, host, numeric = mend(address, length, punycode, work, form)
                dots = U(0)
            if size == 0:
                continue
            address = U(form.ctypes.data)
            out += size
            slash = host
            while load8(address + U(slash)) != 47:
                slash += 1
        states[row] = np.uint8(JUDGED)
        block[i, FORM], block[i, LENGTH] = address, U(size)
        block[i, HOST], block[i, SLASH] = U(host), U(slash)
        block[i, NUMERIC], block[i, DOTS] = U(numeric), dots
    return rows
