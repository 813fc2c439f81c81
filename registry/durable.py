"""Files that are either whole or absent, whatever happens in between.

The system calls of one publication: create a temporary file in the *same* folder, write, fsync,
close, rename over the final name, fsync the folder. After a failed fsync the kernel may have
dropped the pages, so nothing is retried: the error goes up and the final name stays as it was.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

TEMPORARY_PREFIX = ".optout-"
"""Leftovers of a killed process begin so; whoever lists a folder passes them over."""


def is_possible(path: str | Path) -> bool:
    """Whether a file system can have such a name at all: what cannot be is never asked for."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def publishing(path: Path, *, mode: int = 0o644, lasting: bool = True) -> Iterator[IO[bytes]]:
    """Write a file that appears under `path` whole, or not at all.

    Args:
        path: the final name.
        mode: permissions.
        lasting: whether it outlives a power failure. Without, nothing is forced to the disk: for
            what can be made again, and is checked before it is used.

    Raises:
        OSError: the disk is full, read-only or failing; `path` is then as it was before.
    """
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            if lasting:
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if lasting:
        sync_folder(path.parent)


def publish(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` under `path`, whole or not at all."""
    with publishing(path, mode=mode) as stream:
        stream.write(data)


def publish_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` under a name that is free, whole or not at all.

    Raises:
        FileExistsError: there is something under `path`; it stays as it is.
        OSError: the disk is full, read-only or failing; there is no file then.
    """
    own = path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        publish(own, data, mode=mode)
        # A link, unlike a rename, never takes the place of another file.
        os.link(own, path)
    finally:
        own.unlink(missing_ok=True)
    sync_folder(path.parent)
