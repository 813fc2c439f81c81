"""The values of a dictionary page, each at hand without all of them in memory.

A dictionary of pictures may hold a thousand of them. A small one is kept in memory. A large one
stays where it is where it is not compressed, and else is decompressed into a temporary file, which
has no name and is gone with the process (`TMPDIR` says where).
"""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from optout.filter.errors import StorageError

from .body import Body
from .levels import Numbers

SMALL_BYTES = 16 << 20
"""Bytes of a dictionary that is kept in memory."""

_MOST_VALUES = 1 << 24
"""Values of a dictionary at most: each needs its place in memory."""


class Dictionary:
    """The values of a dictionary page.

    Args:
        body: the page, decompressed.
        size: bytes of it.
        count: values in it.
        width: bytes of each; 0 where each begins with its length.
        stored: where the page lies uncompressed, file and position; None where it does not.
        small: bytes of a dictionary that is kept in memory.

    Raises:
        ValueError: it is damaged.
        OSError: it cannot be read.
        StorageError: there is no room to put it aside.
    """

    def __init__(
        self,
        body: Body,
        size: int,
        count: int,
        width: int,
        *,
        stored: tuple[int, int] | None = None,
        small: int = SMALL_BYTES,
    ) -> None:
        if count > _MOST_VALUES:
            raise ValueError("a dictionary has too many values")
        self._count = count
        self._width = width
        self._memory: bytes | None = None
        self._aside: IO[bytes] | None = None
        self._descriptor, self._first = stored or (-1, 0)
        if size <= small:
            self._memory = body.take(size)
            body = Body.of(self._memory)
        elif stored is None:
            with _room():
                self._aside = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as this is
            weakref.finalize(self, self._aside.close)
            self._descriptor = self._aside.fileno()
        # Places of the values, and the end of the last.
        self._places = array("q", [0])
        if width:
            for piece in body.pieces(count * width):
                self._keep(piece)
        else:
            self._find(body, count)
        if self._aside:
            with _room():
                self._aside.flush()

    def values(self, numbers: Numbers, limit: int) -> tuple[bytes, int]:
        """Some values, as a page has them.

        Args:
            numbers: which ones.
            limit: bytes after which no other is begun.

        Returns:
            Their bytes, lengths included, and how many they are: one at the least, if any.

        Raises:
            ValueError: there is no such value.
        """
        if len(numbers) and numbers.max() >= self._count:
            raise ValueError("a page names a value that its dictionary has not")
        parts: list[bytes] = []
        size = 0
        for number in numbers.tolist():
            if size >= limit:
                break
            parts.append(self._value(number))
            size += len(parts[-1])
        return b"".join(parts), len(parts)

    def _value(self, number: int) -> bytes:
        if self._width:
            start, end = number * self._width, (number + 1) * self._width
        else:
            start, end = self._places[number], self._places[number + 1]
        if self._memory is not None:
            return self._memory[start:end]
        data = os.pread(self._descriptor, end - start, self._first + start)
        if len(data) != end - start:
            raise ValueError("a dictionary is cut off")
        return data

    def _find(self, body: Body, count: int) -> None:
        position = 0
        for _ in range(count):
            length = body.take_length()
            self._keep(length.to_bytes(4, "little"))
            for piece in body.pieces(length):
                self._keep(piece)
            position += 4 + length
            self._places.append(position)

    def _keep(self, piece: bytes) -> None:
        if self._aside:
            with _room():
                self._aside.write(piece)


@contextmanager
def _room() -> Iterator[None]:
    """A full disk is no fault of the shard."""
    try:
        yield
    except OSError as fault:
        reason = os.strerror(fault.errno) if fault.errno else str(fault)
        raise StorageError(
            f"a large dictionary cannot be put aside for a while: {reason}",
            "Free some space in the folder for temporary files, or set TMPDIR to another one.",
        ) from fault
