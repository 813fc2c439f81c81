"""A column chunk written anew as it is read, in small pages that are not compressed.

What a page holds does not depend on how large it is: levels say where values are missing and where
lists begin, and the values follow one after another. So a page can be cut after any value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from .body import CODECS, Body, Extent, decompressed
from .compact import I32, STRUCT, Struct, encode
from .dictionary_pages import SMALL_BYTES, Dictionary
from .footer import Leaf, MetaField, Physical, span_of
from .levels import Numbers, Runs, encode_runs
from .page_headers import (
    DATA,
    DATA_V2,
    DICTIONARY,
    INDEX,
    PLAIN,
    PLAIN_DICTIONARY,
    RLE,
    RLE_DICTIONARY,
    Page,
    check_page,
    pages_of,
)

PAGE_BYTES = 1 << 20
"""Bytes of values after which a page ends."""

PAGE_LEVELS = 1 << 14
"""Values of a page at most, nulls included."""

_LEVELS_BYTES = 64 << 20
"""Bytes of levels of one page at most: half a billion values."""

_WIDTHS = {
    Physical.INT32: 4,
    Physical.INT64: 8,
    Physical.INT96: 12,
    Physical.FLOAT: 4,
    Physical.DOUBLE: 8,
    Physical.BYTE_ARRAY: 0,
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column chunk whose pages are to be small.

    Attributes:
        stream: the file, open.
        leaf: its column.
        meta: its metadata.
    """

    stream: IO[bytes]
    leaf: Leaf
    meta: Struct

    @property
    def descriptor(self) -> int:
        """Of the open file.

        Raises:
            ValueError: it is closed.
        """
        return self.stream.fileno()

    @property
    def codec(self) -> int:
        """What its pages are compressed with."""
        return int(self.meta.value(MetaField.CODEC))

    @property
    def width(self) -> int | None:
        """Bytes of a value; 0 where each has its own length, None where it has no bytes."""
        if self.leaf.type == Physical.FIXED:
            return self.leaf.length or None
        return _WIDTHS.get(self.leaf.type)

    def pages(self) -> Iterator[Page]:
        """Its pages as they are.

        Raises:
            ValueError: one is damaged.
        """
        return pages_of(self.descriptor, *span_of(self.meta))

    def can_be_cut(self, page: Page) -> bool:
        """Whether a page is of a form that is known here."""
        return self.codec in CODECS and self.width is not None and _is_known(page)


def _is_known(page: Page) -> bool:
    if page.kind in (DATA, DATA_V2):
        known = (PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY)
        return page.encoding in known and page.levels == RLE
    if page.kind == DICTIONARY:
        return page.encoding in (PLAIN, PLAIN_DICTIONARY)
    return page.kind == INDEX


def small_pages(chunk: Chunk) -> Iterator[bytes]:
    """Write the pages of a chunk anew.

    Yields:
        Bytes of pages, headers included, in version 1 without compression, values as `PLAIN`.

    Raises:
        ValueError: a page is damaged, or does not match its checksum.
        pyarrow.ArrowException: a page cannot be decompressed.
        OSError: the file cannot be read.
        StorageError: there is no room to put a dictionary aside.
    """
    dictionary: Dictionary | None = None
    for page in chunk.pages():
        # Before anything of it is read: a page that has changed is not judged.
        check_page(chunk.descriptor, page)
        if not chunk.can_be_cut(page):
            raise ValueError("a page has another form than those before it")
        if page.kind == DICTIONARY:
            if dictionary is not None:
                raise ValueError("a column chunk has two dictionaries")
            dictionary = _dictionary(chunk, page)
        elif page.kind != INDEX:
            yield from _cut(chunk, page, dictionary)


def _dictionary(chunk: Chunk, page: Page) -> Dictionary:
    plain = chunk.codec == 0
    return Dictionary(
        _body(chunk, page),
        page.size,
        page.values,
        chunk.width or 0,
        stored=(chunk.descriptor, page.start) if plain else None,
        small=SMALL_BYTES,
    )


def _body(chunk: Chunk, page: Page) -> Body:
    """What is compressed in a page: all of it, or all but the levels."""
    levels = page.definition + page.repetition
    extent = Extent(chunk.descriptor, page.start + levels, page.stored - levels)
    size = page.size - levels
    return Body(decompressed(chunk.codec if page.compressed else 0, extent, size), size)


def _cut(chunk: Chunk, page: Page, dictionary: Dictionary | None) -> Iterator[bytes]:
    leaf = chunk.leaf
    body = _body(chunk, page)
    if page.kind == DATA:
        repetition = _levels(leaf.repetition, body)
        definition = _levels(leaf.definition, body)
    else:
        after = page.start + page.repetition
        repetition = _stored_levels(leaf.repetition, chunk, page.start, page.repetition)
        definition = _stored_levels(leaf.definition, chunk, after, page.definition)
    values = _Values(chunk, page, body, dictionary)
    left = page.values
    while left:
        count = min(left, PAGE_LEVELS)
        left -= count
        repeats = repetition.read(count)
        defines = definition.read(count)
        if repeats.max() > leaf.repetition or defines.max() > leaf.definition:
            raise ValueError("a page has a level that its column has not")
        there = np.flatnonzero(defines == leaf.definition)
        start = taken = 0
        while start < count:
            data, more = values.take(len(there) - taken, PAGE_BYTES)
            taken += more
            end = count if taken == len(there) else int(there[taken])
            if not left and end == count:  # before the last values: nobody may ask for more
                body.finish()
            yield _page(leaf, repeats[start:end], defines[start:end], data)
            start = end


def _levels(highest: int, body: Body) -> Runs:
    if not highest:
        return Runs(Body.of(b""), 0)
    return _runs(highest, body.take_length(), body.take)


def _stored_levels(highest: int, chunk: Chunk, start: int, size: int) -> Runs:
    if not highest:
        return Runs(Body.of(b""), 0)
    return _runs(highest, size, lambda size: os.pread(chunk.descriptor, size, start))


def _runs(highest: int, size: int, take: Callable[[int], bytes]) -> Runs:
    if size > _LEVELS_BYTES:
        raise ValueError("a page has more levels than fit into memory")
    return Runs(Body.of(take(size)), highest.bit_length())


class _Values:
    """The values of a page that are there, one after another."""

    def __init__(self, chunk: Chunk, page: Page, body: Body, dictionary: Dictionary | None) -> None:
        self._body = body
        self._width = chunk.width or 0
        self._dictionary: Dictionary | None = None
        self._numbers: Numbers = np.zeros(0, np.int64)
        self._runs: Runs | None = None
        if page.encoding != PLAIN:
            if dictionary is None:
                raise ValueError("a page needs a dictionary, and there is none")
            self._dictionary = dictionary

    def take(self, count: int, limit: int) -> tuple[bytes, int]:
        if not count:
            return b"", 0
        if self._dictionary is None:
            return self._body.take_values(count, self._width, limit)
        if self._runs is None:
            self._runs = Runs(self._body, self._body.take(1)[0])
        if len(self._numbers) < count:
            more = self._runs.read(count - len(self._numbers))
            self._numbers = np.concatenate([self._numbers, more])
        data, taken = self._dictionary.values(self._numbers[:count], limit)
        self._numbers = self._numbers[taken:]
        return data, taken


def _page(leaf: Leaf, repeats: Numbers, defines: Numbers, data: bytes) -> bytes:
    body = b"".join((_encoded(repeats, leaf.repetition), _encoded(defines, leaf.definition), data))
    details = Struct({1: (I32, len(defines)), 2: (I32, PLAIN), 3: (I32, RLE), 4: (I32, RLE)})
    size = len(body)
    header = Struct({1: (I32, DATA), 2: (I32, size), 3: (I32, size), 5: (STRUCT, details)})
    return encode(header) + body


def _encoded(levels: Numbers, highest: int) -> bytes:
    if not highest:
        return b""
    data = encode_runs(levels, highest.bit_length())
    return len(data).to_bytes(4, "little") + data
