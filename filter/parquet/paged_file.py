"""A shard as pyarrow is shown it: the same file, with small pages where it has huge ones.

pyarrow holds two neighbouring pages of a column whole, compressed and not, and its own writer puts
a thousand values into a page, however large they are: with pictures of 1 MB that is 1 GB. So a row
group with such pages is read through a file that is longer than the real one. Behind its end lies
each column chunk with huge pages once more, written anew as it is read, and the footer names that
place. All else, above all how nested columns are put together, stays pyarrow's.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow.parquet as pq

from .compact import I32, I64, LIST, STRUCT, Struct
from .compact import Sequence as ThriftList
from .footer import (
    ChunkField,
    FileField,
    GroupField,
    Leaf,
    MetaField,
    chunks_of,
    meta_of,
)
from .page_headers import PLAIN, RLE, CutOffError
from .physical import metadata_of
from .small_pages import PAGE_BYTES, Chunk, small_pages

HUGE_BYTES = 96 << 20
"""Bytes that the largest pages of a row group's columns may have together, decompressed."""

_LEAST_HUGE = 4 << 20
"""Bytes of a page below which nothing is won."""

_FIRST_PLACE, _ROOM = 1 << 56, 1 << 40
"""Where the first chunk lies that is written anew, and room for each of them, bytes."""

_MOST_PAGES = 1 << 18
"""Pages of a chunk that are looked at; a chunk with more is left as it is."""

_READERS = 4
"""Readings of one chunk that go on side by side."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How large the pages of a column chunk are.

    Attributes:
        page: bytes of the largest page, decompressed.
        value: bytes of a value in the page that has the largest on average.
        known: whether all its pages can be cut.
    """

    page: int
    value: int
    known: bool


def weigh(chunk: Chunk) -> Weight:
    """Look at the page headers of a chunk.

    What follows one that is not understood is not looked at: pyarrow may know better.

    Raises:
        CutOffError: the file ends before a page does.
        OSError: the file cannot be read.
    """
    page = value = 0
    known = True
    try:
        for count, found in enumerate(chunk.pages()):
            if count == _MOST_PAGES:
                return Weight(page, value, known=False)
            page = max(page, found.size)
            if found.values:
                value = max(value, found.size // found.values)
            known &= chunk.can_be_cut(found)
    except CutOffError:
        raise
    except ValueError:
        return Weight(page, value, known=False)
    return Weight(page, value, known)


def too_large(weights: Mapping[int, Weight], most: int = HUGE_BYTES) -> list[int]:
    """The chunks to be written anew, so that the largest pages of the others fit together.

    Args:
        weights: by number of the column.
        most: bytes for them.
    """
    least = min(most, _LEAST_HUGE)
    known = [n for n, weight in weights.items() if weight.known and weight.page > least]
    total = sum(weight.page for weight in weights.values())
    chosen = []
    for number in sorted(known, key=lambda n: weights[n].page, reverse=True):
        if total <= most:
            break
        chosen.append(number)
        total -= weights[number].page
    return sorted(chosen)


def paged_view(footer: Struct, number: int, anew: Sequence[int]) -> pq.FileMetaData:
    """Describe one row group of a shard, with some of its chunks written anew.

    Args:
        footer: of the shard; stays as it is.
        number: of the row group.
        anew: the numbers of the chunks, in the order in which `PagedFile` has them.
    """
    group = Struct(footer.value(FileField.ROW_GROUPS)[number])
    chunks = ThriftList(STRUCT, chunks_of(group))
    for place, column in enumerate(anew):
        chunks[column] = _placed(chunks[column], _FIRST_PLACE + place * _ROOM)
    group.set(GroupField.CHUNKS, LIST, chunks)
    view = Struct(footer)
    view.set(FileField.ROW_GROUPS, LIST, ThriftList(STRUCT, [group]))
    view.set(FileField.ROWS, I64, group.value(GroupField.ROWS))
    return metadata_of(view)


def _placed(chunk: Struct, position: int) -> Struct:
    meta = Struct(meta_of(chunk))
    meta.set(MetaField.CODEC, I32, 0)
    meta.set(MetaField.ENCODINGS, LIST, ThriftList(I32, [PLAIN, RLE]))
    meta.set(MetaField.DATA_PAGE, I64, position)
    # How long it will be is not known before it is read; it ends with its last value.
    meta.set(MetaField.COMPRESSED, I64, _ROOM)
    meta.drop(MetaField.DICTIONARY_PAGE, MetaField.INDEX_PAGE, MetaField.ENCODING_STATS)
    meta.drop(MetaField.STATISTICS, MetaField.BLOOM, MetaField.BLOOM_LENGTH, MetaField.SIZES)
    placed = Struct(chunk)
    placed.set(ChunkField.META, STRUCT, meta)
    placed.drop(ChunkField.OFFSET_INDEX, ChunkField.OFFSET_INDEX_LENGTH)
    placed.drop(ChunkField.COLUMN_INDEX, ChunkField.COLUMN_INDEX_LENGTH)
    return placed


class PagedFile(io.RawIOBase):
    """The file that such a view describes.

    Args:
        stream: the real file, open as long as this is used.
        chunks: those that are written anew.
    """

    def __init__(self, stream: IO[bytes], chunks: Sequence[Chunk]) -> None:
        super().__init__()
        self._stream = stream
        self._chunks = chunks
        self._position = 0
        self._readings: list[_Reading] = []

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to where the next byte is read."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence, self._size)
        self._position = base + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes: as many as asked for, but at an end.

        Raises:
            ValueError: a page is damaged.
            OSError: the file cannot be read.
        StorageError: there is no room to put a dictionary aside.
        """
        if self._position < _FIRST_PLACE:
            size = _FIRST_PLACE if size < 0 else size
            data = os.pread(self._stream.fileno(), size, self._position)
        else:
            data = self._read_anew(size)
        self._position += len(data)
        return data

    @property
    def _size(self) -> int:
        return _FIRST_PLACE + len(self._chunks) * _ROOM

    def _read_anew(self, size: int) -> bytes:
        number, position = divmod(self._position - _FIRST_PLACE, _ROOM)
        if number >= len(self._chunks) or size <= 0:
            return b""
        for reading in self._readings:
            if (reading.number, reading.position) == (number, position) and position:
                break
        else:
            reading = _Reading(number, small_pages(self._chunks[number]))
            self._readings.append(reading)
            # Those that ended or were left: as many as may go on stay.
            same = [other for other in self._readings if other.number == number]
            for other in same[:-_READERS]:
                self._readings.remove(other)
            while reading.position < position:
                if not reading.read(min(PAGE_BYTES, position - reading.position)):
                    return b""
        return reading.read(size)


class _Reading:
    """One reading of a chunk from its first page on."""

    def __init__(self, number: int, pages: Iterator[bytes]) -> None:
        self.number = number
        self.position = 0
        self._pages = pages
        self._left = memoryview(b"")

    def read(self, size: int) -> bytes:
        parts = []
        while size:
            if not self._left:
                self._left = memoryview(next(self._pages, b""))
                if not self._left:
                    break
            part, self._left = self._left[:size], self._left[size:]
            parts.append(part)
            size -= len(part)
            self.position += len(part)
        return b"".join(parts)


def chunks_in(
    stream: IO[bytes], footer: Struct, number: int, leaves: Sequence[Leaf]
) -> list[Chunk]:
    """The column chunks of a row group."""
    group = footer.value(FileField.ROW_GROUPS)[number]
    return [
        Chunk(stream, leaf, meta_of(chunk))
        for leaf, chunk in zip(leaves, chunks_of(group), strict=True)
    ]
