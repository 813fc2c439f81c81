"""Paths and queries that are almost their own canonical form, compiled: most that need a change.

The marks say where something stands that has to be looked at; what is between is taken as it is.
"""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8, load64, store64, trailing_zeros

from .address_letters import (
    ESCAPED,
    IN_PATH,
    character_at,
    hex_digit,
    is_text,
    is_unreserved,
    write_escape,
)
from .address_marks import ODD, Array, U, Whole, Word, of_32

_ESCAPES = np.ones(256, np.uint8)
"""0 for the digits of an escape in canonical form."""
_ESCAPES[list(b"0123456789ABCDEF")] = 0


@shared
def plain_length(mark: Word, address: Word, host: Whole, length: Whole) -> Whole:
    """The length of an address without its fragment where the rest is its own canonical form.

    Args:
        mark: where the marks of the address begin.
        address: where it begins.
        host: length of its host, a plain one.
        length: of the address.

    Returns:
        0 where it is written otherwise, or that is not so easy to see.
    """
    at = host & ~31
    fine = host
    while at < length:
        odd = of_32(mark + U(at), ODD)
        while odd != U(0):
            i = at + np.int64(trailing_zeros(odd))
            odd &= odd - U(1)
            if i >= length:
                break
            c = load8(address + U(i))
            if c == 35:
                return i if is_text(address + U(i), address + U(length)) else 0
            if c != 37 or i < fine or i + 2 >= length:
                return 0
            value = _ESCAPES[load8(address + U(i + 1))] | _ESCAPES[load8(address + U(i + 2))]
            if value != 0:
                return 0
            value = 16 * hex_digit(load8(address + U(i + 1))) + hex_digit(load8(address + U(i + 2)))
            if is_unreserved(value):
                return 0
            fine = i + 3
        at += 32
    return length


@shared
def respell(
    mark: Word, address: Word, host: Whole, length: Whole, data_end: Word, out: Array
) -> Whole:
    """Write the canonical form of an address whose host is a plain one.

    Args:
        mark: where the marks of the address begin.
        address: where it begins.
        host: length of its host, behind which is a slash.
        length: of the address.
        data_end: where what may be read ends.
        out: uint8[3 * length + 8 or more], set.

    Returns:
        Length of the form; 0 where there is more to it than letters: parts of dots, stray percent
        signs, an empty query.
    """
    base = U(out.ctypes.data)
    done, n, at = 0, 0, host & ~31
    while at < length:
        odd = of_32(mark + U(at), ODD)
        while odd != U(0):
            i = at + np.int64(trailing_zeros(odd))
            odd &= odd - U(1)
            if i >= length:
                break
            if i < done:
                continue
            n = _copied(address + U(done), address + U(i), data_end, base, n)
            c = load8(address + U(i))
            done = i + 1
            if c == 35:
                if not is_text(address + U(i), address + U(length)):
                    return 0
                done = length
                break
            if c == 37:
                if i + 2 >= length:
                    return 0
                high = hex_digit(load8(address + U(i + 1)))
                low = hex_digit(load8(address + U(i + 2)))
                value = 16 * high + low
                if high < 0 or low < 0 or value == 46:
                    return 0
                if is_unreserved(value):
                    out[n] = value
                    n += 1
                else:
                    write_escape(np.uint8(value), out, n)
                    n += 3
                done = i + 3
            elif c >= 128:
                size = character_at(address + U(i), address + U(length))
                if size == 0:
                    return 0
                for each in range(size):
                    write_escape(load8(address + U(i + each)), out, n)
                    n += 3
                done = i + size
            elif c == 9 or c == 10 or c == 13 or not ESCAPED[c] & IN_PATH:
                return 0
            else:
                write_escape(c, out, n)
                n += 3
        at += 32
    n = _copied(address + U(done), address + U(length), data_end, base, n)
    return 0 if out[n - 1] == 63 else n


@shared
def _copied(at: Word, end: Word, data_end: Word, base: Word, n: Whole) -> Whole:
    """Write bytes behind n others; how many there are then. Up to seven more may be touched."""
    to, size = base + U(n), np.int64(end - at)
    while at < end:
        if at + U(8) <= data_end:
            store64(to, load64(at))
        else:
            word = U(0)
            for i in range(np.int64(end - at)):
                word |= U(load8(at + U(i))) << U(8 * i)
            store64(to, word)
        at += U(8)
        to += U(8)
    return n + size
