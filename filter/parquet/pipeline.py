"""Row groups encoded on several threads, and handed out in their order.

A row group is decoded piece by piece, by one thread at a time; the pieces of it, and those of
other row groups, are encoded side by side. What is ahead of its turn waits in memory, so there is
a bound to it; and a row group of many pieces is not begun before those before it are decoded.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from types import TracebackType
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Encoded = TypeVar("Encoded")


class _Slot(Generic[Encoded]):
    """Where a piece that is being encoded will be."""

    __slots__ = ("encoded", "fault", "ready")

    def __init__(self) -> None:
        self.ready = False
        self.encoded: Encoded | None = None
        self.fault: BaseException | None = None


class _Line(Generic[Piece, Encoded]):
    """The pieces of one row group."""

    def __init__(self, number: int, pieces: Generator[Piece, None, None], *, large: bool) -> None:
        self.number = number
        self.pieces = pieces
        self.large = large
        self.busy = False
        self.ended = False
        self.slots: deque[_Slot[Encoded]] = deque()


class Pipeline(Generic[Piece, Encoded]):
    """Encodes pieces ahead of their turn; a context manager.

    Args:
        numbers: of the row groups, in the order in which they are taken.
        decode: makes the pieces of a row group, one after another; begun only when it is its turn
            to be decoded, and never run by two threads at once.
        encode: encodes a piece; run by several threads.
        is_large: whether a row group may have several pieces.
        threads: how many decode and encode; with 1, the thread that takes.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        decode: Callable[[int], Generator[Piece, None, None]],
        encode: Callable[[Piece], Encoded],
        is_large: Callable[[int], bool],
        threads: int,
    ) -> None:
        self._decode = decode
        self._encode = encode
        self._ahead = threads + 1
        self._changed = threading.Condition()
        self._closed = False
        self._held = 0
        self._lines: deque[_Line[Piece, Encoded]] = deque()
        self._workers: list[threading.Thread] = []
        if threads > 1 and numbers:
            self._lines.extend(_Line(n, decode(n), large=is_large(n)) for n in numbers)
            self._workers = [
                threading.Thread(target=self._work, name="optout-encode", daemon=True)
                for _ in range(threads)
            ]

    def take(self, number: int) -> Iterator[Encoded]:
        """The pieces of the next row group, encoded.

        Args:
            number: of the row group: that whose turn it is.

        Raises:
            BaseException: what its decoding or encoding raised.
        """
        if not self._workers:
            for piece in self._decode(number):
                yield self._encode(piece)
                del piece  # before the next one is decoded
            return
        line = self._lines[0]
        if line.number != number:
            raise ValueError(f"row group {number} is not the next")
        while (slot := self._next_slot(line)) is not None:
            if slot.fault:
                raise slot.fault
            encoded, slot.encoded = slot.encoded, None
            yield encoded  # type: ignore[misc]  # ready and without fault: it is there
            del encoded
            with self._changed:
                self._held -= 1
                self._changed.notify_all()
        with self._changed:
            self._lines.popleft()
            self._changed.notify_all()

    def __enter__(self) -> Pipeline[Piece, Encoded]:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        for line in self._lines:
            line.pieces.close()

    def _next_slot(self, line: _Line[Piece, Encoded]) -> _Slot[Encoded] | None:
        with self._changed:
            while not (line.slots and line.slots[0].ready) and not (line.ended and not line.slots):
                self._changed.wait()
            return line.slots.popleft() if line.slots else None

    def _work(self) -> None:
        while (line := self._next_line()) is not None:
            slot: _Slot[Encoded] = _Slot()
            try:
                piece = next(line.pieces, None)
            except BaseException as fault:  # raised where the piece is taken
                piece, slot.fault = None, fault
            with self._changed:
                line.busy = False
                line.ended = piece is None
                if piece is None and not slot.fault:
                    self._held -= 1
                else:
                    line.slots.append(slot)
                    slot.ready = slot.fault is not None
                self._changed.notify_all()
            if piece is None:
                continue
            try:
                slot.encoded = self._encode(piece)
            except BaseException as fault:  # raised where the piece is taken
                slot.fault = fault
            del piece
            with self._changed:
                slot.ready = True
                self._changed.notify_all()

    def _next_line(self) -> _Line[Piece, Encoded] | None:
        """The row group whose next piece is to be decoded; it is counted as held."""
        with self._changed:
            while not self._closed:
                line = self._candidate()
                if line is not None:
                    line.busy = True
                    self._held += 1
                    return line
                if all(line.ended for line in self._lines):
                    return None
                self._changed.wait()
            return None

    def _candidate(self) -> _Line[Piece, Encoded] | None:
        first = True
        for place, line in enumerate(self._lines):
            if line.ended:
                continue
            # Whoever takes waits for the first row group: for it there is always room.
            waited_for = place == 0 and not line.slots and not line.busy
            if not waited_for and self._held >= self._ahead:
                return None
            if not line.busy and (first or not line.large):
                return line
            if line.large and not first:
                return None
            first = False
        return None
