"""Bytes on their way from one file into another, counted and hashed.

Where input and output are files, the kernel copies between them, so that a file system that shares
blocks does; and the output is hashed by a thread of its own, which reads it right behind where it
is written, while it is still in memory.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from types import TracebackType
from typing import IO, Protocol

from .read_back import HASHED_BYTES, ReadBack

STEP_BYTES = 8 << 20
"""Bytes copied at a time: the hash runs behind by a step."""

_ENDS = "it ends before what it is to hold"


class SourceError(ValueError):
    """What is to be copied ends after its file, or cannot be read."""


class Source(Protocol):
    """Where bytes come from."""

    def read(self, start: int, length: int) -> bytes:
        """Some bytes; fewer where the source ends."""

    def send(self, output: Output, start: int, length: int) -> None:
        """Write some bytes to an output.

        Raises:
            SourceError: the source ends before.
        """


class FileSource:
    """An open file, read by position: from several threads, and without moving anything.

    Args:
        stream: the file, open as long as this is used.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.descriptor = stream.fileno()
        self.size = os.fstat(self.descriptor).st_size

    def read(self, start: int, length: int) -> bytes:
        """Some bytes; fewer where the file ends."""
        if not 0 <= start <= self.size or length < 0:
            return b""
        # Never what a damaged file asks for, but what it has.
        return os.pread(self.descriptor, min(length, self.size - start), start)

    def send(self, output: Output, start: int, length: int) -> None:
        """Write some bytes to an output.

        Raises:
            SourceError: the file ends before.
        """
        if start < 0 or length < 0 or start + length > self.size:
            raise SourceError(_ENDS)
        output.copy(self.descriptor, start, length)


class MemorySource:
    """A file that lies in memory."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def read(self, start: int, length: int) -> bytes:
        """Some bytes; fewer where there are no more."""
        return bytes(self._data[start : start + length])

    def send(self, output: Output, start: int, length: int) -> None:
        """Write some bytes to an output.

        Raises:
            SourceError: there are not so many.
        """
        part = self._data[start : start + length]
        if len(part) != length:
            raise SourceError(_ENDS)
        output.write(part)


class Output:
    """A stream that counts and hashes what passes; a context manager.

    Args:
        stream: at its beginning; afterwards at the end of what was written.

    Attributes:
        position: bytes written.
        sha256: hex, of all that was written; known after the block.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._descriptor = _descriptor_of(stream)
        self._digest = hashlib.sha256()
        self._reader = ReadBack(self._descriptor, self._digest) if self._descriptor >= 0 else None
        self._kernel = hasattr(os, "copy_file_range")
        self._waiting: tuple[int, int, int] | None = None
        self.position = 0
        self.sha256 = ""

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data`.

        Raises:
            OSError: the output cannot be written.
        """
        self._flush()
        self._write(data)

    def copy(self, descriptor: int, start: int, length: int) -> None:
        """Write some bytes of a file, which must not end before.

        Raises:
            SourceError: it has become shorter, or cannot be read.
            OSError: the output cannot be written.
        """
        # Neighbours are copied together, however many parts they are asked for in.
        if self._waiting and (descriptor, start) == (self._waiting[0], sum(self._waiting[1:])):
            self._waiting = (descriptor, self._waiting[1], self._waiting[2] + length)
        else:
            self._flush()
            self._waiting = (descriptor, start, length)
        self.position += length

    def __enter__(self) -> Output:
        if self._reader:
            self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            if self._reader:
                self._reader.finish()
        if kind is None:
            if self._reader:
                self._reader.check()
                self._stream.seek(self.position)
            self.sha256 = self._digest.hexdigest()

    def _flush(self) -> None:
        if self._waiting is None:
            return
        descriptor, start, left = self._waiting
        self._waiting = None
        self.position -= left
        while left:
            done = self._copied_by_kernel(descriptor, start, min(left, STEP_BYTES))
            if not done:
                data = os.pread(descriptor, min(left, HASHED_BYTES), start)
                if not data:
                    raise SourceError(_ENDS)
                self._write(data)
                done = len(data)
            start += done
            left -= done

    def _copied_by_kernel(self, descriptor: int, start: int, length: int) -> int:
        """Copy without the bytes passing here."""
        if not (self._kernel and self._reader):
            return 0
        done = 0
        with suppress(OSError):  # written plainly instead, which tells whose fault it was
            done = os.copy_file_range(descriptor, self._descriptor, length, start, self.position)
        if not done:  # some file systems copy nothing, and say nothing
            self._kernel = False
            return 0
        self.position += done
        self._reader.advance(self.position)
        return done

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        if self._reader is None:
            self._digest.update(view)
            self.position += len(view)
            while view:
                view = view[self._stream.write(view) :]
            return
        while view:
            done = os.pwrite(self._descriptor, view[:STEP_BYTES], self.position)
            view = view[done:]
            self.position += done
            self._reader.advance(self.position)


def _read(descriptor: int, start: int, length: int) -> bytes:
    try:
        data = os.pread(descriptor, length, start)
    except OSError as fault:
        raise SourceError(str(fault)) from fault
    if not data:
        raise SourceError(_ENDS)
    return data


def _descriptor_of(stream: IO[bytes]) -> int:
    """Of a file that can be read back; -1 where there is none."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return -1
    if not (stream.readable() and stream.seekable()):
        return -1
    stream.flush()
    return descriptor
