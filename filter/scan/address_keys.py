"""The probes of everything that may cover an address in canonical form, compiled."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8, prefetch, trailing_zeros
from optout.registry.compiled.xxh3 import xxh3_64
from optout.registry.index.membership_kernels import PREFIX_HOST_BITS, PREFIX_HOSTS

from .address_marks import Array, Several, U, Whole, Word

DEEPEST = 16
"""Slashes in the path of a prefix at most: the registry's `MAX_DEPTH`."""

URL, SITE, PREFIX, ACCOUNT = 1, 2, 4, 8
"""The kinds of key, which are wanted added up."""

_START, _END = U(8), U(32)
_MIX = U(0x9E3779B97F4A7C15)
_UPPER_HALF = U(0xFFFFFFFF00000000)


@shared
def part_of(kind: Whole, start: Whole, end: Whole) -> Word:
    """Which part of an address a key is made of, in one number: `part_read` reads it.

    Args:
        kind: of the key.
        start: where the part begins in the canonical form.
        end: where it ends; less than 2**24, as is the start.
    """
    return U(kind) | (U(start) << _START) | (U(end) << _END)


@shared
def part_read(part: Word) -> Several:
    """The kind of a key, and where the part of the address that it is made of begins and ends."""
    return (
        np.int64(part & U(0xFF)),
        np.int64((part >> _START) & U(0xFFFFFF)),
        np.int64(part >> _END),
    )


@shared
def add_sites(
    form: Word, host: Whole, dots: Word, whole: Word, keys: Array, parts: Array, k: Whole
) -> Whole:
    """Add the probes of the sites above a host that is a name, the narrowest first.

    Args:
        form: where the host begins.
        host: length of it.
        dots: where dots are in it, a bit each; 0: they have to be looked for.
        whole: its hash.
        keys: uint64, added to.
        parts: uint64, of what the keys are made, added to.
        k: how many there are.
    """
    if dots != U(0):
        keys[k], parts[k] = whole, part_of(SITE, 0, host)
        k += 1
        while True:
            behind = trailing_zeros(dots) + U(1)
            dots &= dots - U(1)
            if dots == U(0):
                return k
            keys[k] = xxh3_64(form + behind, host - np.int64(behind))
            parts[k] = part_of(SITE, np.int64(behind), host)
            k += 1
    last = host - 1
    while last >= 0 and load8(form + U(last)) != 46:
        last -= 1
    start = 0
    while start <= last:
        keys[k] = whole if start == 0 else xxh3_64(form + U(start), host - start)
        parts[k] = part_of(SITE, start, host)
        k += 1
        while load8(form + U(start)) != 46:
            start += 1
        start += 1
    return k


@shared
def _bit_of(table: Array, whole: Word) -> Several:
    bit = whole >> (U(64) - table[PREFIX_HOST_BITS])
    return table[PREFIX_HOSTS] + (bit >> U(3)), bit & U(7)


@shared
def fetch_prefix_host(tables: Array, whole: Word) -> None:
    """Have fetched what says whether a host, by its hash, holds registered prefixes."""
    for segment in range(len(tables)):
        if tables[segment, PREFIX_HOST_BITS] != U(0):
            prefetch(_bit_of(tables[segment], whole)[0])


@shared
def holds_prefixes(tables: Array, whole: Word) -> bool:
    """Whether prefixes may be registered on a host with its port, by its hash."""
    for segment in range(len(tables)):
        if tables[segment, PREFIX_HOST_BITS] != U(0):
            address, bit = _bit_of(tables[segment], whole)
            if (U(load8(address)) >> bit) & U(1):
                return True
    return False


@shared
def add_prefixes(
    form: Word, slash: Whole, length: Whole, whole: Word, keys: Array, parts: Array, k: Whole
) -> Whole:
    """Add the probes of the prefixes above an address.

    Args:
        form: where it begins.
        slash: how many bytes host and port are.
        length: of it.
        whole: the hash of host and port.
        keys: uint64, added to.
        parts: uint64, of what the keys are made, added to.
        k: how many there are.
    """
    host, mixed = whole & _UPPER_HALF, whole * _MIX
    depth, i = 0, slash + 1
    while depth < DEEPEST:
        while i < length:
            c = load8(form + U(i))
            if c == 47 or c == 63:
                break
            i += 1
        if load8(form + U(i - 1)) != 47:
            path = xxh3_64(form + U(slash), i - slash)
            keys[k] = host | ((mixed + path) >> U(32))
            parts[k] = part_of(PREFIX, 0, i)
            k += 1
        if i >= length or load8(form + U(i)) == 63:
            break
        depth += 1
        i += 1
    return k
