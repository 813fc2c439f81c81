"""A file that is hashed while it is written, right behind where it is.

There it is still in memory; and what is hashed, the system is asked to begin to put on the disk, so
that at the end there is little to wait for.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import threading
from collections.abc import Callable

HASHED_BYTES = 1 << 20
"""Bytes read back at a time: few enough for a processor's cache."""

_BEGUN_BYTES = 16 << 20
"""Bytes whose way to the disk is begun together."""

_BEGIN = 2
"""`SYNC_FILE_RANGE_WRITE`: begin to write, wait for nothing, promise nothing.
https://man7.org/linux/man-pages/man2/sync_file_range.2.html"""


class ReadBack(threading.Thread):
    """Hashes a file while it grows.

    Args:
        descriptor: of the file, open for reading.
        digest: hears of every byte, once.
    """

    def __init__(self, descriptor: int, digest: hashlib._Hash) -> None:
        super().__init__(name="optout-digest", daemon=True)
        self._descriptor = descriptor
        self._digest = digest
        self._changed = threading.Condition()
        self._written = 0
        self._ended = False
        self._fault: BaseException | None = None

    def advance(self, written: int) -> None:
        """Say how many bytes there are by now."""
        with self._changed:
            self._written = written
            self._changed.notify()

    def finish(self) -> None:
        """Say that there are no more, and wait for the hash of all."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self.join()

    def check(self) -> None:
        """See that all was hashed.

        Raises:
            OSError: the output could not be read back.
        """
        if self._fault:
            raise self._fault

    def run(self) -> None:
        """Until there are no more."""
        position = begun = 0
        buffer = bytearray(HASHED_BYTES)
        view = memoryview(buffer)
        try:
            while position < (written := self._wait(position)):
                while position < written:
                    part = view[: min(len(view), written - position)]
                    done = os.preadv(self._descriptor, [part], position)
                    if not done:
                        raise OSError(errno.EIO, "the output is shorter than what was written")
                    self._digest.update(part[:done])
                    position += done
                    if position - begun >= _BEGUN_BYTES:
                        _begin_to_store(self._descriptor, begun, position - begun)
                        begun = position
        except BaseException as fault:  # told by `check`
            self._fault = fault

    def _wait(self, position: int) -> int:
        with self._changed:
            while self._written == position and not self._ended:
                self._changed.wait()
            return self._written


def _store_beginner() -> Callable[[int, int, int, int], int] | None:
    """What begins to put a part of a file on the disk; None where the system cannot do that."""
    beginner = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if beginner is not None:
        beginner.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return beginner


_STORE_BEGINNER = _store_beginner()


def _begin_to_store(descriptor: int, start: int, length: int) -> None:
    # It promises nothing, so a fault is nobody's: whoever needs it on the disk waits for that.
    if _STORE_BEGINNER is not None:
        _STORE_BEGINNER(descriptor, start, length, _BEGIN)
