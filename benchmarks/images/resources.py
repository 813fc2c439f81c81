"""Reading Qt's resource files, in which one package keeps its photographs."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"qres"
_FOLDER, _PACKED = 2, 1 | 4
_NODE = {1: 14, 2: 22, 3: 22}
"""Bytes of a node of the tree, by version of the format."""


def files(path: Path) -> Iterator[tuple[str, bytes]]:
    """What a resource file holds as it is.

    Yields:
        name and content of each file; those that are compressed are left out, for no picture is.
    """
    data = path.read_bytes()
    if data[:4] != _MAGIC:
        return
    version, tree, contents, names = struct.unpack_from(">4I", data, 4)

    def walk(node: int, folder: str) -> Iterator[tuple[str, bytes]]:
        at = tree + node * _NODE[version]
        name, flags = struct.unpack_from(">IH", data, at)
        if flags & _FOLDER:
            count, first = struct.unpack_from(">II", data, at + 6)
            inside = f"{folder}{_name(data, names + name)}/" if node else ""
            for child in range(first, first + count):
                yield from walk(child, inside)
        elif not flags & _PACKED:
            start = contents + struct.unpack_from(">I", data, at + 10)[0]
            (size,) = struct.unpack_from(">I", data, start)
            yield folder + _name(data, names + name), data[start + 4 : start + 4 + size]

    yield from walk(0, "")


def _name(data: bytes, at: int) -> str:
    (length,) = struct.unpack_from(">H", data, at)
    return data[at + 6 : at + 6 + 2 * length].decode("utf-16-be")
