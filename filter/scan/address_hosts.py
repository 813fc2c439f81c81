"""Hosts of addresses that are IPv4 addresses, compiled."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8

from .address_marks import U, Whole, Word

LONGEST_NAME = 253
"""Characters of a host that is read here."""


@shared
def is_digit(c: Word) -> Word:
    """Whether a byte is a decimal digit."""
    return 48 <= c <= 57


@shared
def is_quad(host: Word, length: Whole) -> bool:
    """Whether a host is an IPv4 address as its canonical form writes it."""
    digits, dots = 0, 0
    value: Whole = 0
    for i in range(length + 1):
        c = np.uint8(46) if i == length else load8(host + U(i))
        if c == 46:
            if digits == 0 or value > 255:
                return False
            dots += 1
            value, digits = 0, 0
        elif is_digit(c):
            if digits > 0 and value == 0:
                return False
            value = value * 10 + np.int64(c) - 48
            digits += 1
            if digits > 3:
                return False
        else:
            return False
    return dots == 4
