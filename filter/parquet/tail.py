"""The last bytes of a Parquet file: where the footer is, and whether there is one at all."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from optout.filter.errors import ShardError

MAGIC = b"PAR1"
_ENCRYPTED_MAGIC = b"PARE"
_SMALLEST = 12
"""Magic, an empty footer's length, magic: no Parquet file is shorter."""

AGAIN = "Fetch it again, or leave it out of the input."
DECRYPT = "Write it without encryption first, or leave it out of the input."


@dataclass(frozen=True, slots=True)
class InputIdentity:
    """What tells an input file apart without reading it whole.

    Attributes:
        size: bytes.
        footer_sha256: hex SHA-256 of the footer, which names the place of every byte before it.
        mtime_ns: when it was last written, nanoseconds since 1970.
    """

    size: int
    footer_sha256: str
    mtime_ns: int

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tail:
    """A footer as it lies in the file.

    Attributes:
        identity: of the file it was read from.
        footer: the serialised `FileMetaData`.
        start: its position in the file, bytes.
    """

    identity: InputIdentity
    footer: bytes
    start: int


@contextmanager
def shard_faults(name: str) -> Iterator[None]:
    """Turn what pyarrow and the system raise while a shard is read into a `ShardError`."""
    try:
        yield
    except MemoryError as fault:
        raise ShardError(
            name,
            f"{name} holds a value that does not fit into memory",
            "Run it on a machine with more memory.",
        ) from fault
    except (pa.ArrowException, OSError, ValueError, OverflowError) as fault:
        reason = str(fault).strip().splitlines()[0] if str(fault).strip() else "no reason given"
        raise ShardError(name, f"{name} cannot be read: {reason}", AGAIN) from fault


def read_tail(stream: IO[bytes], name: str) -> Tail:
    """Find the footer of an open Parquet file.

    Args:
        stream: the file, seekable.
        name: what to call it in a message.

    Raises:
        ShardError: empty, cut off, encrypted, or no Parquet file.
    """
    with shard_faults(name):
        state = os.fstat(stream.fileno())
        size = state.st_size
        stream.seek(0)
        head = stream.read(4)
        stream.seek(max(size - 8, 0))
        end = stream.read(8)
    if size == 0:
        raise ShardError(name, f"{name} is empty: zero bytes", AGAIN)
    if _ENCRYPTED_MAGIC in (head, end[4:]):
        raise ShardError(name, f"{name} is encrypted", DECRYPT)
    if head != MAGIC:
        raise ShardError(name, f"{name} is not a Parquet file", "Leave it out of the input.")
    if size < _SMALLEST or end[4:] != MAGIC:
        raise ShardError(name, f"{name} is cut off: its end is missing", AGAIN)
    (length,) = struct.unpack("<I", end[:4])
    start = size - 8 - length
    if start < len(MAGIC):
        raise ShardError(name, f"{name} is damaged: its footer is longer than the file", AGAIN)
    with shard_faults(name):
        stream.seek(start)
        footer = stream.read(length)
    if len(footer) != length:
        raise ShardError(name, f"{name} became shorter while it was read", AGAIN)
    identity = InputIdentity(size, hashlib.sha256(footer).hexdigest(), state.st_mtime_ns)
    return Tail(identity, footer, start)


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a shard for reading.

    Raises:
        ShardError: it is absent, a folder, a device, or must not be read.
    """
    with shard_faults(name):
        if not stat.S_ISREG(path.stat().st_mode):
            raise ShardError(name, f"{name} is not a file", "Give the files below it instead.")
        stream = path.open("rb")
    with stream:
        yield stream


def identity(path: Path, name: str | None = None) -> InputIdentity:
    """What tells this input file apart: size, digest of its footer, time of its last write.

    Args:
        path: the file.
        name: what to call it in a message; its path by default.

    Raises:
        ShardError: it cannot be read, or is no Parquet file.
    """
    name = name or str(path)
    with opened(path, name) as stream:
        return read_tail(stream, name).identity
