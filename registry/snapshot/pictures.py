"""Laying out the variants of pictures of a segment, however many there are, in bounded memory."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from optout.registry.durable import publishing
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Identifier
from optout.registry.index import replay, write_postings
from optout.registry.log import Entry

from .formats import HASH_SIZES, VARIANT_CODES, image_file, image_type, radius_file

Records = npt.NDArray[np.void]

_RECORD = {name: struct.Struct(f"<{size}sQIHBB") for name, size in HASH_SIZES.items()}

_COPIED = 1 << 22
"""Bytes that are read at once."""

PART_VARIANTS = 1 << 22
"""Variants that are sorted at once, where they do not come in order: some 500 MB."""


class Pictures:
    """Variants of pictures, put aside as they come, then written: a context.

    Args:
        aside: a folder to put them meanwhile.
    """

    def __init__(self, aside: Path) -> None:
        self._aside = aside
        self._stack = ExitStack()
        self._streams: dict[str, IO[bytes]] = {}
        self._last = dict.fromkeys(HASH_SIZES, (-1, -1))
        self._in_order = dict.fromkeys(HASH_SIZES, True)

    def __enter__(self) -> Pictures:
        for name in HASH_SIZES:
            made = tempfile.TemporaryFile(dir=self._aside)
            self._streams[name] = self._stack.enter_context(made)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, entry: Entry, identifier: Identifier, usage: int) -> None:
        """Put aside the hashes of one entry."""
        radius, grade = identifier.radius or 0, entry.grade.rank
        for namespace, of in identifier.hashes.items():
            pack = _RECORD[namespace].pack
            for variant, packed in of.items():
                code = VARIANT_CODES[variant]
                self._streams[namespace].write(
                    pack(packed, entry.index, usage, radius, code, grade)
                )
                place = entry.index, code
                self._in_order[namespace] &= self._last[namespace] <= place
                self._last[namespace] = place

    def write(self, folder: Path) -> None:
        """Write every file of a segment that has to do with pictures.

        Raises:
            OSError: the disk is full, or cannot be written.
            SnapshotError: what was written does not find what it holds.
        """
        for namespace in HASH_SIZES:
            with publishing(folder / image_file(namespace)) as stream:
                for data in self._ordered(namespace):
                    stream.write(data)
            hashes = _mapped(folder / image_file(namespace), namespace)["hash"]
            with publishing(folder / radius_file(namespace)) as stream:
                write_postings(hashes, stream, self._aside)
            _check(folder, namespace, hashes)

    def _ordered(self, namespace: str) -> Iterator[bytes | memoryview]:
        """The records by entry, then variant."""
        stream = self._streams[namespace]
        stream.flush()
        stream.seek(0)
        if self._in_order[namespace]:
            while data := stream.read(_COPIED):
                yield data
            return
        records = np.memmap(stream, image_type(namespace), "r").view(np.ndarray)
        entries = np.sort(records["entry"])
        # An entry has few variants, so that a part has few more than it shall.
        bounds = entries[PART_VARIANTS::PART_VARIANTS].tolist()
        del entries
        for low, high in zip([0, *bounds], [*bounds, 1 << 63], strict=True):
            some = records[(records["entry"] >= low) & (records["entry"] < high)]
            order = np.lexsort((some["variant"], some["entry"]))
            yield some[order].view(np.uint8).data


def _check(folder: Path, namespace: str, hashes: npt.NDArray[np.uint8]) -> None:
    path = folder / radius_file(namespace)
    postings = np.memmap(path, "<u4", "r") if path.stat().st_size else np.empty(0, "<u4")
    missed = replay(hashes, postings.view(np.ndarray))
    if missed:
        raise SnapshotError(
            f"{path.name} does not find what it should: {missed}",
            "It cannot be used. Build the snapshot again, and on another machine if that fails.",
        )


def _mapped(path: Path, namespace: str) -> Records:
    record = image_type(namespace)
    if not path.stat().st_size:
        return np.empty(0, record)  # nothing cannot be mapped
    return np.memmap(path, record, "r").view(np.ndarray)
