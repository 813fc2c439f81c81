"""The bytes of a page, decompressed piece by piece and taken from the front."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterable, Iterator

import pyarrow as pa

from .fragments import lz4_pieces, snappy_pieces

PIECE_BYTES = 1 << 20
"""Bytes that are read or decompressed at a time."""

_NONE, _SNAPPY, _LZ4_RAW = 0, 1, 7
_STREAMED = {2: "gzip", 4: "brotli", 6: "zstd"}

CODECS = frozenset({_NONE, _SNAPPY, _LZ4_RAW, *_STREAMED})
"""Codecs by number whose pages can be decompressed piece by piece."""

_LENGTH = struct.Struct("<I")


class Extent(io.RawIOBase):
    """Some bytes of a file, read from first to last, wherever others read the same file.

    Args:
        descriptor: of the open file.
        start: position of the first byte.
        length: how many.
    """

    def __init__(self, descriptor: int, start: int, length: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._position = start
        self._end = start + length

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes: as many as asked for, but where the file is cut off."""
        left = self._end - self._position
        data = os.pread(self._descriptor, left if size < 0 else min(size, left), self._position)
        self._position += len(data)
        return data


def decompressed(codec: int, extent: Extent, size: int) -> Iterator[bytes]:
    """Decompress what is stored.

    Args:
        codec: its number, one of `CODECS`.
        extent: what is stored.
        size: bytes that it becomes.

    Yields:
        Pieces of bounded size.

    Raises:
        ValueError: it is damaged.
        pyarrow.ArrowException: it is damaged.
    """
    if codec == _SNAPPY:
        return snappy_pieces(extent, size)
    if codec == _LZ4_RAW:
        return lz4_pieces(extent)
    if codec in _STREAMED:
        stream = pa.CompressedInputStream(pa.PythonFile(extent, "r"), _STREAMED[codec])
        return iter(lambda: stream.read(PIECE_BYTES), b"")
    return iter(lambda: extent.read(PIECE_BYTES), b"")


class Body:
    """What comes out of a page, taken from the front.

    Args:
        pieces: the bytes.
        size: how many there must be; no more are taken.
    """

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self._pieces = iter(pieces)
        self._ahead = size
        self._data = b""
        self._at = 0

    @classmethod
    def of(cls, data: bytes) -> Body:
        """Of bytes that are at hand."""
        return cls([data], len(data))

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            ValueError: there are not so many.
        """
        self._ensure(size)
        self._at += size
        return self._data[self._at - size : self._at]

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next bytes, in pieces.

        Raises:
            ValueError: there are not so many.
        """
        while size:
            data = self.take(min(size, PIECE_BYTES))
            size -= len(data)
            yield data

    def take_at_most(self, size: int) -> bytes:
        """The next bytes, or all where there are not so many."""
        return self.take(min(size, self._left))

    def take_length(self) -> int:
        """The length that stands before a value or before levels."""
        length: int = _LENGTH.unpack(self.take(4))[0]
        if length > self._left:
            raise ValueError("a page is shorter than what it holds")
        return length

    def take_values(self, count: int, width: int, limit: int) -> tuple[bytes, int]:
        """The next values as they lie there.

        Args:
            count: how many at most.
            width: bytes of each; 0 where each begins with its length.
            limit: bytes after which no other is begun.

        Returns:
            Their bytes, lengths included, and how many they are: one at the least.

        Raises:
            ValueError: a value ends after the page.
        """
        if width:
            taken = min(count, max(1, limit // width))
            return self.take(taken * width), taken
        taken = 0
        end = 0  # counted from the first value, wherever the buffer has it
        data, at = self._data, self._at
        while taken < count and end < limit:
            if len(data) < at + end + 4:
                self._ensure(end + 4)
                data, at = self._data, self._at
            end += 4 + _LENGTH.unpack_from(data, at + end)[0]
            if len(data) < at + end:
                self._ensure(end)
                data, at = self._data, self._at
            taken += 1
        return self.take(end), taken

    def finish(self) -> None:
        """See that the bytes were as many as they had to be, those included that nobody took.

        Raises:
            ValueError: there are more or fewer.
        """
        while self._ahead:
            self._at = len(self._data)
            self._ensure(min(self._ahead, PIECE_BYTES))
        if next(self._pieces, b""):
            raise ValueError("a page is longer than its header says")

    @property
    def _left(self) -> int:
        return len(self._data) - self._at + self._ahead

    def _ensure(self, size: int) -> None:
        have = len(self._data) - self._at
        if have >= size:
            return
        if size > self._left:
            raise ValueError("a page is shorter than what it holds")
        parts = [self._data[self._at :]]
        while have < size:
            piece = next(self._pieces, b"")
            if not piece:
                raise ValueError("a page is shorter than its header says")
            if len(piece) > self._ahead:
                raise ValueError("a page is longer than its header says")
            parts.append(piece)
            have += len(piece)
            self._ahead -= len(piece)
        self._data, self._at = b"".join(parts), 0
