"""Laying out the identifiers of a segment, however many there are, in bounded memory.

What does not fit into memory is parted by the upper bits of its probes, a file for every value, and
parted again where a part is still too large. Every part is sorted by itself, and follows the one
before it into the files of the segment. The bytes do not depend on how it was parted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
import numpy.typing as npt
from optout.registry.durable import TEMPORARY_PREFIX, publishing
from optout.registry.identifiers import Kind
from optout.registry.index import directory_pieces, prefix_hosts_of, write_filter

from .formats import (
    DIRECTORY_FILE,
    ENTRY,
    FILTER_FILE,
    IDENTIFIERS_FILE,
    PLACE,
    PREFIX_HOSTS_FILE,
    PROBE,
    PROBES_FILE,
)

Scalar = TypeVar("Scalar", bound=np.generic)
Entries = npt.NDArray[np.void]
"""Records of the type `ENTRY`."""

PART_ENTRIES = 1 << 22
"""Entries that are sorted at once: some 700 MB while it lasts."""

_DIGIT = 8
"""Upper bits by which entries are parted: 256 files."""

_HALF = np.dtype("<u4")


def write_identifiers(
    folder: Path, batches: Iterable[Entries], *, part_entries: int = PART_ENTRIES
) -> int:
    """Write every file of a segment that has to do with identifiers.

    Args:
        folder: of the segment; what has to be put aside meanwhile lies beside it.
        batches: records of the type `ENTRY`, in any order, some thousands or more at once.
        part_entries: how many are sorted in memory at once. The bytes do not depend on it.

    Returns:
        How many entries there are.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    with ExitStack() as stack:
        aside = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder.parent))
        stack.callback(shutil.rmtree, aside, ignore_errors=True)
        hosts = stack.enter_context((aside / "hosts").open("w+b"))
        with publishing(folder / PROBES_FILE) as probes:
            with publishing(folder / IDENTIFIERS_FILE) as identifiers:
                for part in _sorted_parts(batches, aside, 64 - _DIGIT, part_entries):
                    probes.write(np.ascontiguousarray(_words(part)[:, 0]).data)
                    identifiers.write(_identifiers(part))
                    hosts.write(_hosts(part))
            column = _mapped(probes, PROBE)
            with publishing(folder / FILTER_FILE) as stream:
                write_filter(column, stream)
            with publishing(folder / DIRECTORY_FILE) as stream:
                for piece in directory_pieces(column):
                    stream.write(piece.astype(PLACE, copy=False).data)
        with publishing(folder / PREFIX_HOSTS_FILE) as stream:
            stream.write(prefix_hosts_of(_mapped(hosts, _HALF)).data)
        return len(column)


def _sorted_parts(
    batches: Iterable[Entries], aside: Path, shift: int, part_entries: int
) -> Iterator[Entries]:
    """The same entries, in order: parts of them, each sorted and behind the one before it.

    Args:
        batches: entries whose probes are equal above the lowest `shift` + `_DIGIT` bits.
        aside: where files can be made.
        shift: of the bits by which they can be parted; below 0 they can no more.
        part_entries: how many are sorted at once.
    """
    held: list[Entries] = []
    count = 0
    source = iter(batches)
    for batch in source:
        held.append(batch)
        count += len(batch)
        if count > part_entries and shift >= 0:
            break
    else:
        if count:
            yield _sorted(np.concatenate(held) if len(held) > 1 else held[0])
        return
    parts = Path(tempfile.mkdtemp(dir=aside))
    _part(held, parts, shift)
    held.clear()
    for batch in source:
        _part([batch], parts, shift)
    for path in sorted(parts.iterdir()):
        pieces = _pieces(path, part_entries)
        yield from _sorted_parts(pieces, aside, shift - _DIGIT, part_entries)
        path.unlink()
    parts.rmdir()


def _part(batches: Iterable[Entries], parts: Path, shift: int) -> None:
    """Append entries to the files of their parts."""
    for batch in batches:
        digit = (batch["probe"] >> np.uint64(shift)).astype(np.uint8)
        order = np.argsort(digit, kind="stable")
        ends = np.cumsum(np.bincount(digit, minlength=1 << _DIGIT))
        ordered, start = _taken(batch, order), 0
        for value, end in enumerate(ends.tolist()):
            if end > start:
                with (parts / f"{value:02x}").open("ab") as stream:
                    stream.write(ordered[start:end].view(np.uint8).data)
            start = end


def _pieces(path: Path, part_entries: int) -> Iterator[Entries]:
    """The entries of a part, so many at once that one piece alone fills no memory."""
    with path.open("rb") as stream:
        while data := stream.read((part_entries + 1) * ENTRY.itemsize):
            yield np.frombuffer(data, ENTRY)


def _sorted(entries: Entries) -> Entries:
    """Entries by probe, then digest, then number."""
    probes = np.ascontiguousarray(entries["probe"])
    order = np.argsort(probes)
    found = _taken(entries, order)
    probes = probes[order]
    same = probes[1:] == probes[:-1]
    if same.any():
        # Few share a probe: only those are compared by what follows it.
        where = np.flatnonzero(np.append(same, False) | np.append(False, same))
        found[where] = _compared(found[where])
    return found


def _compared(entries: Entries) -> Entries:
    # Big-endian words compare as their bytes do.
    words = np.ascontiguousarray(entries["digest"]).view(">u8")
    return entries[np.lexsort((entries["entry"], *reversed(words.T), entries["probe"]))]


def _taken(entries: Entries, order: npt.NDArray[np.int64]) -> Entries:
    # Rows of words are gathered many times faster than records are.
    return np.take(_words(entries), order, axis=0).reshape(-1).view(ENTRY)


def _words(entries: Entries) -> npt.NDArray[np.uint64]:
    """Entries as rows of words, the probe being the first."""
    return entries.view(np.uint64).reshape(len(entries), ENTRY.itemsize // PROBE.itemsize)


def _identifiers(entries: Entries) -> memoryview:
    return np.ascontiguousarray(_words(entries)[:, 1:]).data


def _hosts(entries: Entries) -> memoryview:
    """The upper halves of the probes of prefixes, hardly any of them twice."""
    prefixes = entries["probe"][entries["kind"] == Kind.PREFIX.code]
    return np.unique(prefixes >> np.uint64(32)).astype(_HALF).data


def _mapped(stream: IO[bytes], record: np.dtype[Scalar]) -> npt.NDArray[Scalar]:
    stream.flush()
    if not stream.tell():
        return np.empty(0, record)  # nothing cannot be mapped
    return np.memmap(stream, record, "r").view(np.ndarray)
