"""The entries in force as columns: laid out from the log, written, and mapped back."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from optout.registry.identifiers import Identifier, usage_mask
from optout.registry.index import RadiusIndex, radius_index, table_of
from optout.registry.log import Entry

from .building import Entries, write_identifiers
from .formats import (
    BYTE,
    DIRECTORY_FILE,
    ENTRY,
    FILTER_FILE,
    HASH_SIZES,
    IDENTIFIER,
    IDENTIFIERS_FILE,
    NUMBER,
    PLACE,
    PREFIX_HOSTS_FILE,
    PROBE,
    PROBES_FILE,
    RECORDS,
    image_file,
    image_type,
    radius_file,
)
from .manifest import FileFacts
from .pictures import Pictures

Records = npt.NDArray[np.void]
Scalar = TypeVar("Scalar", bound=np.generic)

_ENTRY = struct.Struct("<Q32sQIHH")
_BATCH = 1 << 16


def write_segment(folder: Path, covered: Iterable[tuple[Entry, Identifier]]) -> int:
    """Lay out entries and what they cover; the order in which they come does not matter.

    Args:
        folder: empty.
        covered: which ones; what a snapshot's files are made of is in `formats`.

    Returns:
        How many there are.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    with Pictures(folder.parent) as pictures:
        count = write_identifiers(folder, _batches(covered, pictures))
        pictures.write(folder)
    return count


def segment_facts(folder: Path) -> dict[str, FileFacts]:
    """Digest and size of every file of a segment."""
    return {name: file_facts(folder / name) for name in RECORDS}


def segment_name(facts: Mapping[str, FileFacts]) -> str:
    """What the folder is called: a function of what it holds, so that it never changes."""
    digest = hashlib.sha256()
    for name in RECORDS:
        digest.update(bytes.fromhex(facts[name].sha256))
    return digest.hexdigest()[:16]


def file_facts(path: Path) -> FileFacts:
    """Digest and size of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return FileFacts(digest, path.stat().st_size)


def _batches(covered: Iterable[tuple[Entry, Identifier]], pictures: Pictures) -> Iterator[Entries]:
    packed, count = bytearray(), 0
    for entry, identifier in covered:
        usage = usage_mask(entry.usage)
        packed += _ENTRY.pack(
            identifier.probe,
            identifier.digest,
            entry.index,
            usage,
            entry.kind.code,
            entry.grade.rank,
        )
        if identifier.hashes:
            pictures.add(entry, identifier, usage)
        count += 1
        if count == _BATCH:
            yield np.frombuffer(packed, ENTRY)
            packed, count = bytearray(), 0
    if count:
        yield np.frombuffer(packed, ENTRY)


@dataclass(frozen=True)
class Segment:
    """The records of some entries, mapped; which ones they are made of is in `formats`.

    Attributes:
        probes: of every entry, ascending.
        identifiers: of the same entries, in the same order.
        filter: says quickly which probes are not there.
        directory: where probes begin, by their upper bits.
        prefix_hosts: on which hosts there is a prefix.
        images: by namespace, of every variant of a picture.
        postings: by namespace, of the same variants' hashes; None in older snapshots.
    """

    probes: npt.NDArray[np.uint64]
    identifiers: Records
    filter: npt.NDArray[np.uint8]
    directory: npt.NDArray[np.uint32]
    prefix_hosts: npt.NDArray[np.uint8]
    images: Mapping[str, Records]
    postings: Mapping[str, npt.NDArray[np.uint32] | None]

    @classmethod
    def mapped(cls, folder: Path) -> Segment:
        """Map the files of a folder; nothing is read until it is looked at.

        Raises:
            OSError: a file is missing or cannot be read.
            ValueError: a file does not hold whole records.
        """
        images = {n: _map(folder / image_file(n), image_type(n)) for n in HASH_SIZES}
        places = {n: folder / radius_file(n) for n in HASH_SIZES}
        postings = {n: _map(path, NUMBER) if path.exists() else None for n, path in places.items()}
        return cls(
            _map(folder / PROBES_FILE, PROBE),
            _map(folder / IDENTIFIERS_FILE, IDENTIFIER),
            _map(folder / FILTER_FILE, BYTE),
            _map(folder / DIRECTORY_FILE, PLACE),
            _map(folder / PREFIX_HOSTS_FILE, BYTE),
            images,
            postings,
        )

    def table(self) -> npt.NDArray[np.uint64]:
        """Where compiled functions find it: see `optout.registry.index.tables`.

        Raises:
            ValueError: its parts do not belong together.
        """
        return table_of(self.filter, self.probes, self.directory, self.prefix_hosts)

    def near(self, namespace: str) -> RadiusIndex:
        """Finds variants of pictures by their hashes.

        Raises:
            UnknownLayoutError: the postings are laid out otherwise than here.
            ValueError: hashes and postings do not belong together.
        """
        return radius_index(self.images[namespace]["hash"], self.postings[namespace])


def _map(path: Path, record: np.dtype[Scalar]) -> npt.NDArray[Scalar]:
    size = path.stat().st_size
    if size % record.itemsize:
        raise ValueError(f"{path} does not hold whole records")
    if not size:
        return np.empty(0, record)  # nothing cannot be mapped
    return np.memmap(path, record, "r").view(np.ndarray)
