"""The headers of pages, read one after another without the pages between them.

https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (`PageHeader`)
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .compact import CompactError, Struct, decode

DATA, INDEX, DICTIONARY, DATA_V2 = range(4)
"""Kinds of pages by number."""

PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8
"""Encodings by number: of values, of levels, of places in a dictionary."""

_HEADER_BYTES = (512, 1 << 16, 1 << 24)
"""Tried one after another: statistics make some headers long."""

_DETAILS = {DATA: 5, DICTIONARY: 7, DATA_V2: 8}
_READ_BYTES = 1 << 20


class CutOffError(ValueError):
    """The file ends before a page does."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and where it lies.

    Attributes:
        kind: `DATA`, `INDEX`, `DICTIONARY` or `DATA_V2`.
        start: position of its first byte after the header, in the file.
        stored: bytes there.
        size: bytes when decompressed, levels included.
        checksum: CRC-32 of the stored bytes; None where there is none.
        values: how many, nulls included.
        encoding: of the values.
        levels: encoding of both kinds of levels; None where they differ.
        definition: bytes of the definition levels, of `DATA_V2` only.
        repetition: bytes of the repetition levels, of `DATA_V2` only.
        compressed: whether the codec of the column was used.
    """

    kind: int
    start: int
    stored: int
    size: int
    checksum: int | None
    values: int = 0
    encoding: int = PLAIN
    levels: int | None = RLE
    definition: int = 0
    repetition: int = 0
    compressed: bool = True

    @property
    def end(self) -> int:
        """Position of the first byte after the page."""
        return self.start + self.stored


def pages_of(descriptor: int, start: int, length: int) -> Iterator[Page]:
    """Read the page headers of a column chunk.

    Args:
        descriptor: of the open file.
        start: position of the chunk's first page.
        length: bytes of the chunk.

    Raises:
        CutOffError: the file ends before a page does.
        ValueError: a header is damaged, or a page ends after its chunk.
        OSError: the file cannot be read.
    """
    position, end, size = start, start + length, os.fstat(descriptor).st_size
    while position < end:
        header, position = _header_at(descriptor, position, end)
        page = _page(header, position)
        if page.end > size:
            raise CutOffError("a page is longer than the file")
        if page.end > end:
            raise ValueError("a page ends after its column chunk")
        yield page
        position = page.end


def check_page(descriptor: int, page: Page) -> None:
    """Hold a page against its checksum, where it has one.

    Raises:
        ValueError: it has changed, or is cut off.
        OSError: the file cannot be read.
    """
    if page.checksum is None:
        return
    found, position = 0, page.start
    while position < page.end:
        data = os.pread(descriptor, min(_READ_BYTES, page.end - position), position)
        if not data:
            raise ValueError("a page is cut off")
        found = zlib.crc32(data, found)
        position += len(data)
    if found != page.checksum:
        raise ValueError("a page does not match its checksum")


def _header_at(descriptor: int, position: int, end: int) -> tuple[Struct, int]:
    for size in _HEADER_BYTES:
        data = os.pread(descriptor, min(size, end - position), position)
        try:
            header, length = decode(data)
        except CompactError:
            if len(data) < size:
                raise
            continue
        return header, position + length
    raise ValueError("the header of a page has no end")


def _page(header: Struct, start: int) -> Page:
    kind = _number(header, 1)
    size, stored = _number(header, 2), _number(header, 3)
    checksum = _number(header, 4, 0, signed=True) & 0xFFFFFFFF if 4 in header else None
    if kind not in _DETAILS:
        return Page(kind, start, stored, size, checksum)
    details = header.value(_DETAILS[kind])
    if not isinstance(details, Struct):
        raise CompactError("a page does not say what it holds")
    values = _number(details, 1)
    if kind == DICTIONARY:
        return Page(kind, start, stored, size, checksum, values, _number(details, 2))
    if kind == DATA:
        encoding, definition, repetition = (_number(details, field) for field in (2, 3, 4))
        levels = definition if definition == repetition else None
        return Page(kind, start, stored, size, checksum, values, encoding, levels)
    encoding, definition, repetition = (_number(details, field) for field in (4, 5, 6))
    if definition + repetition > min(size, stored):
        raise ValueError("the levels of a page are longer than the page")
    compressed = bool(details.value(7, True))
    return Page(
        *(kind, start, stored, size, checksum, values, encoding, RLE),
        *(definition, repetition, compressed),
    )


def _number(struct: Struct, field: int, default: int | None = None, *, signed: bool = False) -> int:
    value = struct.value(field, default)
    if not isinstance(value, int) or (value < 0 and not signed):
        raise CompactError(f"field {field} of a page header is no number")
    return value
