"""The file of a vault: which seeds stand in it, and how they come and go.

It has a head and records of 64 bytes each, so that none crosses a sector of a disk. The head: 16
bytes that say what it is, the vault's name (16), how often it was changed (8, big-endian), how many
records count (8), CRC-32 of all that (4), zeros. A record: label, depth, two bytes of zero, the
seed's place among those of its depth (8), the seed (32), CRC-32 of all that (4), zeros. A record of
zeros was a seed.

A change appends new seeds, then makes them count, then overwrites old ones where they stand: each
is on the disk before the next begins. A crash leaves the old seeds, or both; never neither.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from optout.registry.errors import RegistryError

DEPTH = 40
"""Levels below a root: there is a key for every number below 2**40."""

KEY_SIZE = 32
"""Bytes of a seed, and of a key."""

NAME_SIZE = 16
"""Bytes of a vault's name."""

LABELS = (1, 2)
"""The trees that a vault has."""

Place: TypeAlias = tuple[int, int, int]
"""A seed's label, its depth, and its place among those of its depth."""

_MAGIC = b"optout vault 1\n\0"
_HEAD = struct.Struct(">16s16sQQ")
_RECORD = struct.Struct(">BBxxQ32s")
_SIZE = 64
_GONE = bytes(_SIZE)


@dataclass(slots=True)
class Contents:
    """What a file holds.

    Attributes:
        name: of the vault: 16 random bytes; no secret.
        changes: how often it was changed.
        seeds: by place; secret.
        offsets: where each stands.
        records: how many count, those that are gone included.
    """

    name: bytes
    changes: int
    seeds: dict[Place, bytes] = field(repr=False)
    offsets: dict[Place, int] = field(repr=False)
    records: int


class VaultFile:
    """The file, opened for each use.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.absolute()  # the process may go elsewhere

    def changed_since(self, changes: int) -> bool:
        """Whether another process has changed it.

        Raises:
            RegistryError: it is missing, or must not be read.
        """
        with self._opened(os.O_RDONLY) as descriptor:
            head = _parse_head(os.pread(descriptor, _SIZE, 0))
        return head is None or head[1] != changes

    def read(self) -> Contents:
        """What it holds.

        Raises:
            RegistryError: it is missing, damaged, newer, or must not be read.
        """
        with self._opened(os.O_RDONLY) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return self._read(descriptor)

    @contextmanager
    def changing(self) -> Iterator[Contents]:
        """What it holds, to be changed by one process at a time: `seeds` alone may be changed.

        Seeds that were added are durable when the block has ended, and those that were removed are
        destroyed.

        Raises:
            RegistryError: as `read`, or it cannot be written. Nothing is lost then, and doing it
                again does the rest.
        """
        with self._opened(os.O_RDWR) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            contents = self._read(descriptor)
            before = set(contents.seeds)
            yield contents
            made = sorted(contents.seeds.keys() - before)
            gone = sorted(before - contents.seeds.keys())
            if made or gone:
                _write(descriptor, contents, made, gone)

    def _read(self, descriptor: int) -> Contents:
        data = _read_all(descriptor)
        head = _parse_head(data)
        if head is None:
            raise self._damaged("is not a vault, or is damaged, or is one of a newer optout")
        name, changes, records = head
        contents = Contents(name, changes, {}, {}, records)
        if len(data) < _SIZE * (records + 1):
            raise self._damaged("is cut short")
        for offset in range(_SIZE, _SIZE * (records + 1), _SIZE):
            raw = data[offset : offset + _SIZE]
            if raw == _GONE:
                continue
            label, depth, at, seed = _RECORD.unpack_from(raw)
            fits = label in LABELS and depth <= DEPTH and at < 1 << depth
            if raw != _record((label, depth, at), seed) or not fits:
                raise self._damaged("is damaged")
            contents.seeds[label, depth, at] = seed
            contents.offsets[label, depth, at] = offset
        return contents

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        try:
            descriptor = os.open(self._file, flags | os.O_CLOEXEC)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        except OSError as fault:
            raise RegistryError(
                f"the vault {self.path} cannot be used: {fault.strerror}",
                "Put it back beside the key, or correct its permissions: without it nobody can "
                "read what is registered.",
            ) from fault

    def _damaged(self, how: str) -> RegistryError:
        return RegistryError(
            f"{self.path} {how}", "Restore it from its newest backup: an older one undoes erasures."
        )


def file_of(name: bytes, seeds: Mapping[Place, bytes], changes: int = 0) -> bytes:
    """The bytes of a file that holds these seeds, and no trace of others."""
    records = [_record(place, seed) for place, seed in sorted(seeds.items())]
    return b"".join([_head(name, changes, len(records)), *records])


def _write(descriptor: int, contents: Contents, made: list[Place], gone: Collection[Place]) -> None:
    if made:
        # What a crash has left beyond the records that count is overwritten.
        end = _SIZE * (contents.records + 1)
        _write_at(descriptor, b"".join(_record(at, contents.seeds[at]) for at in made), end)
        os.fsync(descriptor)
        contents.offsets.update((at, end + _SIZE * number) for number, at in enumerate(made))
        contents.records += len(made)
    contents.changes += 1
    _write_at(descriptor, _head(contents.name, contents.changes, contents.records), 0)
    os.fsync(descriptor)
    for at in gone:
        _write_at(descriptor, _GONE, contents.offsets.pop(at))
    os.fsync(descriptor)


def _head(name: bytes, changes: int, records: int) -> bytes:
    return _checked(_HEAD.pack(_MAGIC, name, changes, records))


def _parse_head(data: bytes) -> tuple[bytes, int, int] | None:
    """Name, changes and records; None where this is no head."""
    if len(data) < _SIZE:
        return None
    magic, name, changes, records = _HEAD.unpack_from(data)
    if magic != _MAGIC or data[:_SIZE] != _head(name, changes, records):
        return None
    return name, changes, records


def _record(place: Place, seed: bytes) -> bytes:
    return _checked(_RECORD.pack(*place, seed))


def _checked(body: bytes) -> bytes:
    return (body + zlib.crc32(body).to_bytes(4, "big")).ljust(_SIZE, b"\0")


def _read_all(descriptor: int) -> bytes:
    data = bytearray()
    while piece := os.pread(descriptor, 1 << 24, len(data)):
        data += piece
    return bytes(data)


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
