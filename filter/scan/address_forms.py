"""The canonical form of an address that is written otherwise, compiled.

What is rare is left to the reference, `optout.registry.identifiers.address`, which says why things
are as they are: hosts with anything but letters, digits, hyphens and dots, line ends inside.
"""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8

from .address_hosts import LONGEST_NAME, is_digit, is_quad
from .address_letters import (
    ESCAPED,
    IN_PATH,
    IN_QUERY,
    UPPER,
    character_at,
    hex_digit,
    is_text,
    is_unreserved,
    write_escape,
)
from .address_marks import Array, Several, U, Whole, Word

LEFT = (0, 0, False)
"""What `mend` says of an address that the reference has to read."""

MORE = 512
"""Bytes that a form may need beyond three for each of the address."""


@shared
def mend(address: Word, length: Whole, punycode: Whole, work: Array, out: Array) -> Several:
    """Write the canonical form of an address.

    Args:
        address: where it begins, behind `http://`, without white space around it.
        length: of it.
        punycode: 1 where the reference takes every name in punycode as it is, else 0.
        work: uint8[3 * length + MORE or more], to work in.
        out: uint8[3 * length + MORE or more], set.

    Returns:
        Length of the form, of the host in it, whether the host is an IPv4 address; LEFT where
        the reference has to read it.
    """
    end = address + U(length)
    host, stop = _authority(address, end)
    if stop == U(0):
        return LEFT
    host_length, port, numeric = _host(host, stop, punycode, out)
    if host_length == 0:
        return LEFT
    n = _port(port, stop, out, host_length)
    if n == 0:
        return LEFT
    w = _target(stop, end, work)
    if w == 0:
        return LEFT
    return _unescape(work, w, out, n), host_length, numeric


@shared
def _authority(address: Word, end: Word) -> Several:
    """Where the host begins, and where host and port end; (0, 0): left to the reference."""
    host, stop = address, address
    wide: Whole = False
    while stop < end:
        c = load8(stop)
        if c == 47 or c == 63 or c == 35 or c == 92:
            break
        if c == 64:
            host = stop + U(1)
        if c == 9 or c == 10 or c == 13:
            return U(0), U(0)
        wide |= c >= 128
        stop += U(1)
    return (U(0), U(0)) if wide else (host, stop)


@shared
def _host(at: Word, stop: Word, punycode: Whole, out: Array) -> Several:
    """Length of the host, which is written, where a port may begin, whether it is numeric."""
    n, label, coded, numeric = 0, 0, False, False
    while at < stop:
        c = load8(at)
        if c == 58:
            break
        if 65 <= c <= 90:
            c |= np.uint8(32)
        if c == 46:
            if label == 0:
                return 0, at, False
            label = 0
        else:
            if not (97 <= c <= 122 or 48 <= c <= 57 or c == 45 or c == 95):
                return 0, at, False
            if label == 0:
                numeric = is_digit(c)
            if label == 3 and c == 45 and out[n - 1] == 45:
                coded = True  # `xn--`, or whatever else stands so
            label += 1
        if n >= LONGEST_NAME:
            return 0, at, False
        out[n] = c
        n += 1
        at += U(1)
    if label == 0:
        return 0, at, False
    if numeric and not is_quad(U(out.ctypes.data), n):
        return 0, at, False
    if coded and not punycode:
        return 0, at, False
    return n, at, numeric


@shared
def _port(at: Word, stop: Word, out: Array, n: Whole) -> Whole:
    """Write the port behind a host of length n; the length of both, or 0."""
    if at == stop:
        return n
    at += U(1)
    port: Whole = 0
    digits = 0
    while at < stop:
        c = load8(at)
        if not is_digit(c) or digits == 5 or (digits > 0 and port == 0):
            return 0
        port = port * 10 + np.int64(c) - 48
        digits += 1
        at += U(1)
    if port > 65535:
        return 0
    if digits == 0 or port == 80 or port == 443:
        return n
    out[n] = 58
    n += 1
    divisor = 10000
    while divisor > port and divisor > 1:
        divisor //= 10
    while divisor:
        out[n] = 48 + (port // divisor) % 10
        n += 1
        divisor //= 10
    return n


@shared
def _target(at: Word, end: Word, work: Array) -> Whole:
    """Write path and query as the standard does; how long they are, or 0."""
    work[0] = 47
    w, segment, query = 1, 1, -1
    if at < end and load8(at) != 63 and load8(at) != 35:
        at += U(1)
    while True:
        at_end = at >= end
        c = np.uint8(35) if at_end else load8(at)
        if query < 0 and (c == 47 or c == 92 or c == 63 or c == 35):
            dots = _dots(work, segment, w)
            if dots == 2:
                w = segment
                if w > 1:
                    w -= 1
                    while work[w - 1] != 47:
                        w -= 1
                segment = w
            elif dots == 1:
                w = segment
            elif c == 47 or c == 92:
                work[w] = 47
                w += 1
                segment = w
            if c == 63:
                query = w
                work[w] = 63
                w += 1
            if c != 35:
                at += U(1)
                continue
        if c == 35:
            break
        if c >= 128:
            size = character_at(at, end)
            if size == 0:
                return 0
            for _ in range(size):
                write_escape(load8(at), work, w)
                w += 3
                at += U(1)
            continue
        if c == 9 or c == 10 or c == 13:
            return 0
        if ESCAPED[c] & (IN_PATH if query < 0 else IN_QUERY):
            write_escape(c, work, w)
            w += 3
        else:
            work[w] = c
            w += 1
        at += U(1)
    if not is_text(at, end):
        return 0
    return w - 1 if query == w - 1 else w


@shared
def _dots(work: Array, low: Whole, high: Whole) -> Whole:
    """1 where a segment is a dot, 2 where it is two, escaped or not, else 0."""
    if high - low > 6 or high == low:
        return 0
    dots, i = 0, low
    while i < high:
        if work[i] == 46:
            i += 1
        elif work[i] == 37 and i + 2 < high and work[i + 1] == 50 and (work[i + 2] | 32) == 101:
            i += 3
        else:
            return 0
        dots += 1
    return dots if dots <= 2 else 0


@shared
def _unescape(work: Array, w: Whole, out: Array, n: Whole) -> Whole:
    """Write a target behind a host of length n with its escapes as they should be; the length."""
    i = 0
    while i < w:
        c = work[i]
        if c == 37 and i + 2 < w:
            high, low = hex_digit(work[i + 1]), hex_digit(work[i + 2])
            if high >= 0 and low >= 0:
                value = high * 16 + low
                # Behind a stray percent sign nothing is decoded.
                stray = i > 0 and (
                    work[i - 1] == 37
                    or (i > 1 and work[i - 2] == 37 and hex_digit(work[i - 1]) >= 0)
                )
                if not stray and is_unreserved(value):
                    out[n] = value
                    n += 1
                    i += 3
                    continue
                if work[i + 1] > 96 or work[i + 2] > 96:
                    out[n], out[n + 1], out[n + 2] = 37, UPPER[high], UPPER[low]
                    n += 3
                    i += 3
                    continue
        out[n] = c
        n += 1
        i += 1
    return n
