"""Addresses, compiled: what each of many is, and whether something that covers it is registered.

A block of them is marked in one pass. An address that is its own canonical form is hashed where it
stands; others are mended first; what is rare is left to the reference. Then come the probes of what
may cover them, looked up many at a time. Of the few addresses of which one is registered it is said
afterwards what the keys are made of.
"""

from __future__ import annotations

import numpy as np
from optout.registry.compiled import compiled, shared
from optout.registry.compiled.memory import load8, load64
from optout.registry.compiled.xxh3 import xxh3_64
from optout.registry.index.membership_kernels import present_in

from .address_accounts import add_accounts, may_name
from .address_blocks import (
    BYTES,
    COLUMNS,
    DOTS,
    FORM,
    FORMS,
    HASH,
    HOST,
    LEFT,
    LENGTH,
    LONGEST,
    NUMERIC,
    ROWS,
    SLASH,
    read_block,
)
from .address_forms import MORE
from .address_hosts import LONGEST_NAME
from .address_keys import (
    ACCOUNT,
    DEEPEST,
    PREFIX,
    SITE,
    URL,
    add_prefixes,
    add_sites,
    fetch_prefix_host,
    holds_prefixes,
    part_of,
    part_read,
)
from .address_marks import SPARE, Array, Several, U, Whole, Word
from .address_platforms import MOST

COUNT, OWNER, BEGIN, END = range(4)
"""What the first line of `found` says: how many lines follow, -1 where there was no room; and whose
form was written last, from where to where."""

_KEYS = 512
_MOST_KEYS = 1 + LONGEST_NAME // 2 + DEEPEST + MOST + 2
"""Of one address at most."""


@shared
def _look_up(
    tables: Array, keys: Array, k: Whole, owners: Array, work: Several, hits: Array, told: Several
) -> None:
    present, scratch = work
    if present_in(tables, keys, k, present, scratch):
        for i in range(k):
            if present[i]:
                hits[owners[i]] = np.uint8(1)
        if len(told[3]) > 0:
            _tell(present, k, owners, told)


@shared
def _tell(present: Array, k: Whole, owners: Array, told: Several) -> None:
    """Write down what the registered ones of some keys are made of."""
    parts, block, first, found, forms = told
    head = found[0]
    for i in range(k):
        if not present[i] or head[COUNT] < 0:
            continue
        owner = owners[i]
        row = block[owner - first[0]]
        length: Whole = np.int64(row[LENGTH])
        if head[OWNER] != owner:
            head[OWNER], head[BEGIN] = owner, head[END]
            if head[END] + length > len(forms):
                head[COUNT] = -1
                continue
            for each in range(length):
                forms[head[END] + each] = load8(row[FORM] + U(each))
            head[END] += length
        if head[COUNT] + 1 >= len(found):
            head[COUNT] = -1
            continue
        head[COUNT] += 1
        kind, start, end = part_read(parts[i])
        line = found[head[COUNT]]
        line[0], line[1] = owner, kind
        line[2], line[3] = head[BEGIN] + start, head[BEGIN] + end


@compiled(
    "int64(uint64, int64, uint8[::1], int64, uint64[:, ::1], int64,"
    " uint64[::1], uint64[::1], int64[:, ::1], int64[:, ::1], uint8[::1], uint8[::1], uint8[::1],"
    " int64[:, ::1], uint8[::1])"
)
def look_at(
    offsets: Word,
    count: Whole,
    data: Array,
    wanted: Whole,
    tables: Array,
    punycode: Whole,
    names: Array,
    hosts: Array,
    ranges: Array,
    places: Array,
    letters: Array,
    states: Array,
    hits: Array,
    found: Array,
    forms: Array,
) -> Whole:
    """Look at addresses.

    Args:
        offsets: where int64[count + 1] begin: where each value begins in the data, and the end.
        count: of values.
        data: uint8, the values one after the other; nothing else is read.
        wanted: the kinds whose probes are looked up, URL, SITE, PREFIX and ACCOUNT added up.
        tables: of the index, as `present_in` takes them.
        punycode: 1 where the reference takes every name in punycode as it is, else 0.
        names: bits of the platforms' hosts, as `address_platforms` lays all of this out.
        hosts: of the platforms.
        ranges: of the platforms.
        places: of the platforms.
        letters: of the platforms.
        states: uint8[count], set to EMPTY, JUDGED or LEFT.
        hits: uint8[count], set to 1 where a probe is registered, to 0 elsewhere.
        found: int64[many, 4], its first line 0, -1, 0, 0: is filled with what the registered keys
            are made of: a position, a kind, and where in `forms` it begins and ends. An account is
            no part of its address. Empty where only the hits are asked for.
        forms: uint8, is filled with canonical forms.

    Returns:
        How many are LEFT; -1 where the offsets are none.
    """
    end = U(0)
    for row in range(count + 1):
        offset = load64(offsets + U(8 * row))
        if offset < end or offset > U(len(data)):
            return -1
        end = offset
    marks = np.empty(BYTES + SPARE, np.uint8)
    marks[:] = 0
    mending, room = np.empty(3 * LONGEST + MORE, np.uint8), np.empty(FORMS, np.uint8)
    name = np.empty(1024, np.uint8)
    block = np.empty((ROWS, COLUMNS), np.uint64)
    keys, parts = np.empty(_KEYS, np.uint64), np.empty(_KEYS, np.uint64)
    owners = np.empty(_KEYS, np.int64)
    work = (np.empty(_KEYS, np.uint8), np.empty((5, _KEYS), np.uint64))
    begins = np.zeros(1, np.int64)
    told = (parts, block, begins, found, forms)
    left, k, first = 0, 0, 0
    while first < count:
        low, rows = load64(offsets + U(8 * first)), 0
        while (
            rows < ROWS
            and first + rows < count
            and load64(offsets + U(8 * (first + rows + 1))) - low <= U(BYTES)
        ):
            rows += 1
        if rows == 0:
            states[first], hits[first] = np.uint8(LEFT), np.uint8(0)
            left += 1
            first += 1
            continue
        rows = read_block(offsets, first, rows, data, marks, punycode, mending, room, block, states)
        begins[0] = first
        for i in range(rows):
            hits[first + i] = np.uint8(0)
            form = block[i, FORM]
            if form == U(0):
                left += states[first + i] == LEFT
                continue
            host: Whole = np.int64(block[i, HOST])
            length: Whole = np.int64(block[i, LENGTH])
            before = k
            if wanted & URL:
                keys[k], parts[k] = xxh3_64(form, length), part_of(URL, 0, length)
                k += 1
            if wanted & (SITE | PREFIX | ACCOUNT):
                whole = xxh3_64(form, host)
                sites, parent = k, U(0)
                if wanted & (SITE | ACCOUNT):
                    if block[i, NUMERIC]:
                        keys[k], parts[k] = whole, part_of(SITE, 0, host)
                        k += 1
                    else:
                        k = add_sites(form, host, block[i, DOTS], whole, keys, parts, k)
                        parent = keys[sites + 1] if k - sites > 1 else U(0)
                    if not wanted & SITE:
                        k = sites
                if wanted & ACCOUNT:
                    target, end = form + block[i, SLASH], form + block[i, LENGTH]
                    if may_name(whole, parent, target, end, names):
                        more = add_accounts(
                            form, host, whole, parent, target, end,
                            hosts, ranges, places, letters, name, keys, k,
                        )  # fmt: skip
                        if more < 0:
                            states[first + i] = np.uint8(LEFT)
                            block[i, FORM] = U(0)
                            left += 1
                            k = before
                            continue
                        for each in range(k, more):
                            parts[each] = part_of(ACCOUNT, 0, 0)
                        k = more
                if wanted & PREFIX:
                    slash: Whole = np.int64(block[i, SLASH])
                    if slash != host:
                        whole = xxh3_64(form, slash)
                    block[i, HASH] = whole
                    fetch_prefix_host(tables, whole)
            for each in range(before, k):
                owners[each] = first + i
            if k + _MOST_KEYS > _KEYS:
                _look_up(tables, keys, k, owners, work, hits, told)
                k = 0
        if wanted & PREFIX:
            for i in range(rows):
                form, whole = block[i, FORM], block[i, HASH]
                if form == U(0) or not holds_prefixes(tables, whole):
                    continue
                slash, length = np.int64(block[i, SLASH]), np.int64(block[i, LENGTH])
                before = k
                k = add_prefixes(form, slash, length, whole, keys, parts, k)
                for each in range(before, k):
                    owners[each] = first + i
                if k + _MOST_KEYS > _KEYS:
                    _look_up(tables, keys, k, owners, work, hits, told)
                    k = 0
        if len(found) > 0:  # while the forms of this block are there
            _look_up(tables, keys, k, owners, work, hits, told)
            k = 0
        first += rows
    _look_up(tables, keys, k, owners, work, hits, told)
    return left
