"""The entries in force as columns: laid out from the log, written, and mapped back."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from optout.registry.identifiers import Identifier, usage_mask
from optout.registry.log import Entry

from .formats import (
    HASH_SIZES,
    IDENTIFIER,
    IDENTIFIERS_FILE,
    PROBE,
    PROBES_FILE,
    VARIANT_CODES,
    image_file,
    image_type,
)

Records = npt.NDArray[np.void]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Segment:
    """The records of some entries; which ones they are made of is in `formats`.

    Attributes:
        probes: of every entry, ascending.
        identifiers: of the same entries, in the same order.
        images: by namespace, of every variant of a picture.
    """

    probes: npt.NDArray[np.uint64]
    identifiers: Records
    images: Mapping[str, Records]

    @classmethod
    def of(cls, covered: Iterable[tuple[Entry, Identifier]]) -> Segment:
        """Lay out entries and what they cover; the order in which they come does not matter."""
        probes, digests = array("Q"), bytearray()
        facts: list[tuple[int, int, int, int]] = []
        hashes = {namespace: bytearray() for namespace in HASH_SIZES}
        variants: dict[str, list[tuple[int, int, int, int, int]]] = {n: [] for n in HASH_SIZES}
        for entry, identifier in covered:
            usage, grade = usage_mask(entry.usage), entry.grade.rank
            probes.append(identifier.probe)
            digests += identifier.digest
            facts.append((entry.index, usage, entry.kind.code, grade))
            for namespace, of in identifier.hashes.items():
                for variant, packed in of.items():
                    hashes[namespace] += packed
                    variants[namespace].append(
                        (entry.index, usage, identifier.radius or 0, VARIANT_CODES[variant], grade)
                    )
        identifiers = np.zeros(len(probes), IDENTIFIER)
        identifiers["digest"] = _rows(digests, 32)
        _fill(identifiers, ("entry", "usage", "kind", "grade"), facts)
        column = np.frombuffer(probes, np.uint64).astype(PROBE)
        order = _order(column, identifiers)
        images = {}
        for namespace, size in HASH_SIZES.items():
            records = np.zeros(len(variants[namespace]), image_type(namespace))
            records["hash"] = _rows(hashes[namespace], size)
            _fill(records, ("entry", "usage", "radius", "variant", "grade"), variants[namespace])
            images[namespace] = records[np.lexsort((records["variant"], records["entry"]))]
        return cls(column[order], identifiers[order], images)

    @classmethod
    def mapped(cls, folder: Path) -> Segment:
        """Map the files of a folder; nothing is read until it is looked at.

        Raises:
            OSError: a file is missing or cannot be read.
            ValueError: a file does not hold whole records.
        """
        images = {n: _map(folder / image_file(n), image_type(n)) for n in HASH_SIZES}
        probes, identifiers = folder / PROBES_FILE, folder / IDENTIFIERS_FILE
        return cls(_map(probes, PROBE), _map(identifiers, IDENTIFIER), images)

    def files(self) -> dict[str, memoryview[int]]:
        """The bytes of every file, by name."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            PROBES_FILE: self.probes,
            IDENTIFIERS_FILE: self.identifiers,
            **{image_file(namespace): records for namespace, records in self.images.items()},
        }
        return {
            name: np.ascontiguousarray(records).view(np.uint8).reshape(-1).data
            for name, records in arrays.items()
        }

    def name(self) -> str:
        """What the folder is called: a function of what it holds, so that it never changes."""
        digest = hashlib.sha256()
        for data in self.files().values():
            digest.update(hashlib.sha256(data).digest())
        return digest.hexdigest()[:16]


def _rows(packed: bytearray, size: int) -> npt.NDArray[np.uint8]:
    return np.frombuffer(packed, np.uint8).reshape(-1, size)


def _fill(records: Records, fields: tuple[str, ...], facts: Sequence[tuple[int, ...]]) -> None:
    if facts:
        for field, values in zip(fields, zip(*facts, strict=True), strict=True):
            records[field] = values


def _order(probes: npt.NDArray[np.uint64], identifiers: Records) -> npt.NDArray[np.int64]:
    # Big-endian words compare as their bytes do.
    words = np.ascontiguousarray(identifiers["digest"]).view(">u8")
    return np.lexsort((identifiers["entry"], *reversed(words.T), probes))


def _map(path: Path, record: np.dtype[Scalar]) -> npt.NDArray[Scalar]:
    size = path.stat().st_size
    if size % record.itemsize:
        raise ValueError(f"{path} does not hold whole records")
    if not size:
        return np.empty(0, record)  # nothing cannot be mapped
    return np.memmap(path, record, "r").view(np.ndarray)
