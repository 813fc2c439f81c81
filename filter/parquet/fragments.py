"""Snappy and LZ4 blocks of any size, decompressed in pieces.

Both formats are one block without a frame, and their libraries want it whole. But what a block is
made of looks back 64 KiB at the most (Snappy could look further; no compressor does), so it can be
cut anywhere between two elements: each piece is decompressed as a small block of its own, which
begins with the 64 KiB before it as a literal.

https://github.com/google/snappy/blob/main/format_description.txt
https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

WINDOW = 1 << 16
"""Bytes that an element can look back."""

PIECE_BYTES = 1 << 20
"""Bytes decompressed at a time."""

_READ_BYTES = 1 << 20
_LONGEST_PART = 1 << 31
_LAST_LITERAL = 16
_SNAPPY, _LZ4 = pa.Codec("snappy"), pa.Codec("lz4_raw")


class Readable(Protocol):
    """What compressed bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes; none at the end."""


class _Input:
    """Compressed bytes, of which some more are always at hand."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.data = b""
        self.at = 0

    def has(self, size: int) -> bool:
        """See that so many bytes are at hand, if there are so many."""
        while len(self.data) - self.at < size:
            more = self._stream.read(_READ_BYTES)
            if not more:
                return False
            self.data = self.data[self.at :] + more
            self.at = 0
        return True

    def number(self, size: int) -> int:
        """A little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if not self.has(size):
            raise ValueError("a compressed page is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next bytes, in pieces."""
        while size:
            piece = self.take(min(size, PIECE_BYTES))
            size -= len(piece)
            yield piece


# Bytes that an element takes and gives, by its first byte; 0: a literal with a length of its own.
_TAKES = [2 + (t >> 2) if t & 3 == 0 else (0, 2, 3, 5)[t & 3] for t in range(256)]
_GIVES = [
    4 + (t >> 2 & 7) if t & 3 == 1 else 1 + (t >> 2)  # a short copy keeps its length in 3 bits
    for t in range(256)
]
for _tag in range(60 << 2, 256, 4):
    _TAKES[_tag] = 0
_LONGEST = 64
_KEPT_LITERAL = 1 << 16
"""A literal up to this size stays in its piece; a longer one needs no decompression."""


def snappy_pieces(stream: Readable, size: int) -> Iterator[bytes]:
    """Decompress a raw Snappy block.

    Args:
        stream: the block, from its first byte.
        size: bytes that it becomes.

    Raises:
        ValueError: it is damaged, or becomes something of another size.
        pyarrow.ArrowException: it is damaged.
    """
    source = _Input(stream)
    if _varint_of(source) != size:
        raise ValueError("a compressed page is of another size than its header says")
    window = b""
    while source.has(1):
        given, kept, long = _snappy_walk(source)
        if given:
            piece = _snappy(window, kept, given)
            window = (window + piece)[-WINDOW:]
            yield piece
        for piece in source.pieces(long):
            window = (window + piece)[-WINDOW:]
            yield piece


def _snappy_walk(source: _Input) -> tuple[int, bytes, int]:
    """Elements up to a piece: bytes they give, the elements, the long literal that follows."""
    parts = []
    given = 0
    while given < PIECE_BYTES and source.has(1):
        # An element that begins before this ends within the bytes at hand.
        whole = source.has(_LONGEST + 1)
        data, first = source.data, source.at
        end = len(data) - _LONGEST if whole else len(data)
        at = first
        takes = _TAKES[data[at]]
        while given < PIECE_BYTES and at < end:
            tag = data[at]
            takes = _TAKES[tag]
            if not takes:
                break
            at += takes
            given += _GIVES[tag]
        if at > len(data):
            raise ValueError("a compressed page is cut off")
        source.at = at
        parts.append(data[first:at])
        if not takes and at < end:
            head = source.take(1)
            more = (head[0] >> 2) - 59
            length_bytes = source.take(more)
            length = int.from_bytes(length_bytes, "little") + 1
            if length > _KEPT_LITERAL:
                return given, b"".join(parts), length
            parts += (head, length_bytes, source.take(length))
            given += length
    return given, b"".join(parts), 0


def _snappy(window: bytes, elements: bytes, given: int) -> bytes:
    total = len(window) + given
    head = _varint(total)
    if window:
        head += bytes([61 << 2]) + (len(window) - 1).to_bytes(2, "little")
    block = b"".join((head, window, elements))
    whole = _SNAPPY.decompress(block, decompressed_size=total, asbytes=True)
    return whole[len(window) :]  # type: ignore[no-any-return]  # pyarrow has no types


def lz4_pieces(stream: Readable) -> Iterator[bytes]:
    """Decompress a raw LZ4 block.

    Args:
        stream: the block, from its first byte.

    Raises:
        ValueError: it is damaged.
        pyarrow.ArrowException: it is damaged.
    """
    source = _Input(stream)
    window = b""
    block: list[bytes] = []
    given = 0
    for literal, offset, match in _lz4_sequences(source):
        if match:
            block.append(_lz4_sequence(literal if block else window + literal, offset, match))
            given += len(literal) + match
        if given >= PIECE_BYTES or (given and not match):
            piece = _lz4(window, block, given)
            window = (window + piece)[-WINDOW:]
            yield piece
            block, given = [], 0
        if literal and not match:
            window = (window + literal)[-WINDOW:]
            yield literal
    if given:
        yield _lz4(window, block, given)


def _lz4(window: bytes, block: list[bytes], given: int) -> bytes:
    # A block must not end with a match: some more bytes, and they are cut off again.
    block.append(_lz4_sequence(bytes(_LAST_LITERAL), 0, 0))
    total = len(window) + given + _LAST_LITERAL
    whole = _LZ4.decompress(b"".join(block), decompressed_size=total, asbytes=True)
    return whole[len(window) : -_LAST_LITERAL]  # type: ignore[no-any-return]  # untyped pyarrow


def _lz4_sequences(source: _Input) -> Iterator[tuple[bytes, int, int]]:
    """Literal, offset and length of a match (0: none), each of bounded size."""
    while source.has(1):
        token = source.number(1)
        literal = _lz4_length(source, token >> 4)
        *before, last = list(_cuts(literal, PIECE_BYTES)) or [0]
        for size in before:
            yield source.take(size), 0, 0
        data = source.take(last)
        if not source.has(1):  # a block ends with a literal
            yield data, 0, 0
            return
        offset = source.number(2)
        if not offset:
            raise ValueError("a compressed page looks back at nothing")
        match = _lz4_length(source, token & 15) + 4
        # Cut, a long match looks back from each part as far as from its beginning.
        for size in _cuts(match, PIECE_BYTES):
            yield data, offset, size
            data = b""


def _cuts(size: int, most: int) -> Iterator[int]:
    """Parts of at most `most`, none of them shorter than the shortest match."""
    while size > most:
        part = most if size - most >= 4 else most - 4
        yield part
        size -= part
    if size:
        yield size


def _lz4_length(source: _Input, length: int) -> int:
    more = 255 if length == 15 else 0
    while more == 255:
        more = source.number(1)
        length += more
        if length > _LONGEST_PART:
            raise ValueError("a compressed page holds more than a page can")
    return length


def _lz4_sequence(literal: bytes, offset: int, match: int) -> bytes:
    size = len(literal)
    head = bytes([min(size, 15) << 4 | min(max(match - 4, 0), 15)]) + _lz4_more(size)
    if not match:
        return head + literal
    return b"".join((head, literal, offset.to_bytes(2, "little"), _lz4_more(match - 4)))


def _lz4_more(length: int) -> bytes:
    if length < 15:
        return b""
    full, rest = divmod(length - 15, 255)
    return b"\xff" * full + bytes([rest])


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varint_of(source: _Input) -> int:
    result = 0
    for shift in range(0, 35, 7):
        byte = source.number(1)
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result
    raise ValueError("a compressed page does not say its size")
