"""Runs of small numbers: how levels, and places in a dictionary, are stored.

A run is one number and how often it comes, or numbers packed bit by bit.
https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .body import Body

Numbers = npt.NDArray[np.int64]

_PACKED_AT_ONCE = 1 << 13
"""Groups of eight that are unpacked at a time."""

_EMPTY_RUNS = 1 << 12
"""Runs of no numbers that are passed over one after another: no writer has a use for any."""


class Runs:
    """Numbers, read from the first to the last.

    Args:
        body: where they are stored.
        width: bits of each.
    """

    def __init__(self, body: Body, width: int) -> None:
        if width > 32:
            raise ValueError("there are no numbers so wide in a page")
        self._body = body
        self._width = width
        self._repeated = 0
        self._value = 0
        self._groups = 0
        self._ready: Numbers = np.zeros(0, np.int64)

    def read(self, count: int) -> Numbers:
        """The next numbers.

        Raises:
            ValueError: there are not so many.
        """
        parts = []
        while count:
            part = self._some(count)
            count -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int64), *parts])

    def _some(self, count: int) -> Numbers:
        if not len(self._ready) and self._groups:
            self._unpack()
        if len(self._ready):
            part, self._ready = self._ready[:count], self._ready[count:]
            return part
        for _ in range(_EMPTY_RUNS):
            if self._repeated or self._groups:
                break
            self._begin_run()
        else:
            raise ValueError("a page has too many runs of nothing")
        if self._groups:
            return np.zeros(0, np.int64)  # they come with the next call
        taken = min(count, self._repeated)
        self._repeated -= taken
        return np.full(taken, self._value, np.int64)

    def _begin_run(self) -> None:
        if not self._width:  # there is one number only, and it needs no bits
            self._repeated = 1 << 31
            return
        head = shift = 0
        while True:
            byte = self._body.take(1)[0]
            head |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift > 35:
                raise ValueError("a run in a page is too long")
        if head & 1:
            self._groups = head >> 1
        else:
            self._repeated = head >> 1
            self._value = int.from_bytes(self._body.take((self._width + 7) // 8), "little")

    def _unpack(self) -> None:
        groups = min(self._groups, _PACKED_AT_ONCE)
        # Some writers leave out what the last group has no numbers for.
        data = self._body.take_at_most(groups * self._width)
        if not data:
            raise ValueError("a page is shorter than what it holds")
        self._groups = self._groups - groups if len(data) == groups * self._width else 0
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        whole = bits[: len(bits) // self._width * self._width].reshape(-1, self._width)
        self._ready = whole @ (1 << np.arange(self._width, dtype=np.int64))


def encode_runs(numbers: npt.NDArray[np.integer[Any]], width: int) -> bytes:
    """Numbers as one run.

    Args:
        numbers: one at the least.
        width: bits of each, one at the least.
    """
    count = len(numbers)
    first = numbers[0]
    if (numbers == first).all():
        return _varint(count << 1) + int(first).to_bytes((width + 7) // 8, "little")
    groups = -(-count // 8)
    padded = np.zeros(groups * 8, np.int64)
    padded[:count] = numbers
    bits = padded[:, None] >> np.arange(width) & 1
    return _varint(groups << 1 | 1) + np.packbits(bits.astype(bool), bitorder="little").tobytes()


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
