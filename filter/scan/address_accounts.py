"""The probes of accounts that an address may belong to, compiled."""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import shared
from optout.registry.compiled.memory import load8
from optout.registry.compiled.xxh3 import xxh3_64

from .address_marks import Array, Several, U, Whole, Word
from .address_platforms import (
    BEFORE,
    BEFORE_SIZE,
    BELOW_SEED,
    DROPPED,
    DROPPED_SIZE,
    IN_QUERY,
    KEEPS_CASE,
    LITERALS,
    LITERALS_SIZE,
    SLOTS,
    START,
    START_SIZE,
    WHOLE_HOST,
)

LONGEST = 512
"""Characters of a name: what is longer is left to the reference."""

_FEDIVERSE = np.frombuffer(b"mastodon:", np.uint8)
_BELOW = U(BELOW_SEED)
_USERS = np.frombuffer(b"/users/", np.uint8)


@shared
def _slot_of(key: Word, hosts: Array) -> Whole:
    """The slot of a host's hash, -1 where it is in no table."""
    key = max(key, U(1))
    slot = key & U(SLOTS - 1)
    while hosts[slot] != U(0):
        if hosts[slot] == key:
            return np.int64(slot)
        slot = (slot + U(1)) & U(SLOTS - 1)
    return -1


@shared
def _lower(c: Word) -> Word:
    return c | np.uint8(32) if 65 <= c <= 90 else c


@shared
def _segment(at: Word, end: Word) -> Several:
    """Where the first part of a path that is not empty begins, and where it ends."""
    while at < end and load8(at) == 47:
        at += U(1)
    stop = at
    while stop < end and load8(stop) != 47:
        stop += U(1)
    return at, stop


@shared
def _behind(at: Word, end: Word, row: Array, letters: Array) -> Several:
    """Where the path goes on behind the literals of a place, and whether they stand there."""
    i, literals_end = row[LITERALS], row[LITERALS] + row[LITERALS_SIZE]
    while i < literals_end:
        at, stop = _segment(at, end)
        while at < stop and i < literals_end and letters[i] == _lower(load8(at)):
            i += 1
            at += U(1)
        if at < stop or i >= literals_end or letters[i] != 47:
            return at, False
        i += 1
    return at, True


@shared
def _hash_of(row: Array, letters: Array, at: Word, stop: Word, name: Array) -> Word:
    """The probe of the account that is named from one address to another."""
    n = 0
    for i in range(row[START_SIZE]):
        name[n] = letters[row[START] + i]
        n += 1
    while at < stop:
        c = load8(at) if row[KEEPS_CASE] else _lower(load8(at))
        kept = True
        for i in range(row[DROPPED_SIZE]):
            kept &= letters[row[DROPPED] + i] != c
        if kept:
            name[n] = c
            n += 1
        at += U(1)
    return xxh3_64(U(name.ctypes.data), n)


@shared
def _below(
    slot: Whole, form: Word, host: Whole, ranges: Array, places: Array, letters: Array, name: Array
) -> Word:
    """The probe of the account whose name is the first label of a host."""
    row = places[ranges[slot, 0]]
    stop = form
    if row[WHOLE_HOST]:
        stop = form + U(host)
    else:
        while load8(stop) != 46:
            stop += U(1)
    return _hash_of(row, letters, form, stop, name)


@shared
def _of_path(
    slot: Whole,
    target: Word,
    end: Word,
    ranges: Array,
    places: Array,
    letters: Array,
    name: Array,
    keys: Array,
    k: Whole,
) -> Whole:
    """Add the probes of the accounts that a path names.

    Args:
        slot: of the host.
        target: where the path begins.
        end: of the target.
        ranges: of the platforms.
        places: of the platforms.
        letters: of the platforms.
        name: uint8[1024 or more], to work in.
        keys: uint64, added to.
        k: how many there are.

    Returns:
        How many there are now; -1 where the reference has to say.
    """
    path_end = target
    while path_end < end and load8(path_end) != 63:
        path_end += U(1)
    for place in range(ranges[slot, 0], ranges[slot, 1]):
        row = places[place]
        at, found = _behind(target, path_end, row, letters)
        if not found:
            continue
        at, stop = _segment(at, path_end)
        if row[IN_QUERY]:
            if at == stop and path_end < end:
                return -1
            continue
        if at == stop:
            continue
        if stop - at > U(LONGEST):
            return -1
        for i in range(row[BEFORE_SIZE]):
            found &= at + U(i) < stop and load8(at + U(i)) == letters[row[BEFORE] + i]
        each = at
        while each < stop:
            if load8(each) == 37:
                return -1
            each += U(1)
        if found and at + U(row[BEFORE_SIZE]) < stop:
            keys[k] = _hash_of(row, letters, at + U(row[BEFORE_SIZE]), stop, name)
            k += 1
    return k


@shared
def _of_fediverse(form: Word, host: Whole, target: Word, end: Word, name: Array) -> Several:
    """The probe of the account at `/@user` or `/users/user` of whatever host.

    Returns:
        The probe, and 1: there is one, 0: there is none, -1: the reference has to say.
    """
    none = U(0)
    if target + U(2) >= end:
        return none, 0
    at = target + U(2)
    if load8(target + U(1)) != 64:
        if target + U(7) >= end:
            return none, 0
        for i in range(7):
            if load8(target + U(i)) != _USERS[i]:
                return none, 0
        at = target + U(7)
    n = 0
    for i in range(len(_FEDIVERSE)):
        name[n] = _FEDIVERSE[i]
        n += 1
    first = n
    while at < end:
        c = load8(at)
        if c == 47 or c == 63:
            break
        if c == 64:
            return none, -1
        if n > LONGEST or c == 37:
            return none, 0
        name[n] = _lower(c)
        n += 1
        at += U(1)
    if n == first:
        return none, 0
    name[n] = 64
    n += 1
    for i in range(host):
        name[n] = load8(form + U(i))
        n += 1
    return xxh3_64(U(name.ctypes.data), n), 1


@shared
def may_name(whole: Word, parent: Word, target: Word, end: Word, names: Array) -> Whole:
    """Whether an address may name an account; it mostly does not.

    Args:
        whole: the hash of the host.
        parent: the hash of the host without its first label; 0 where it has none.
        target: where path and query begin.
        end: of them.
        names: of the platforms.
    """
    below = parent ^ _BELOW
    if (names[whole >> U(54)] >> ((whole >> U(48)) & U(63))) & U(1):
        return True
    if (names[below >> U(54)] >> ((below >> U(48)) & U(63))) & U(1):
        return True
    if target + U(2) >= end:
        return False
    c = load8(target + U(1))
    return c == 64 or (c == 117 and load8(target + U(2)) == 115)


@shared
def add_accounts(
    form: Word,
    host: Whole,
    whole: Word,
    parent: Word,
    target: Word,
    end: Word,
    hosts: Array,
    ranges: Array,
    places: Array,
    letters: Array,
    name: Array,
    keys: Array,
    k: Whole,
) -> Whole:
    """Add the probes of the accounts that an address may belong to.

    Args:
        form: where its canonical form begins.
        host: how many bytes its host is.
        whole: the hash of the host.
        parent: the hash of the host without its first label; 0 where it has none.
        target: where path and query begin.
        end: of them.
        hosts: of the platforms, as `address_platforms` lays them out.
        ranges: of the platforms.
        places: of the platforms.
        letters: of the platforms.
        name: uint8[1024], to work in.
        keys: uint64, added to.
        k: how many there are.

    Returns:
        How many there are now; -1 where the reference has to say.
    """
    slot = _slot_of(whole, hosts)
    if slot >= 0:
        k = _of_path(slot, target, end, ranges, places, letters, name, keys, k)
        if k < 0:
            return -1
    slot = -1 if parent == U(0) else _slot_of(parent ^ _BELOW, hosts)
    if slot >= 0:
        keys[k] = _below(slot, form, host, ranges, places, letters, name)
        k += 1
    key, found = _of_fediverse(form, host, target, end, name)
    if found < 0:
        return -1
    if found:
        keys[k] = key
        k += 1
    return k
