"""What a snapshot holds for auditors, read without a registry: its log and its openings."""

from __future__ import annotations

from collections.abc import Iterator

from optout.registry.log import Opening

from .lines import parse_opening, read_lines
from .manifest import LEAVES, OPENINGS
from .snapshot import Snapshot


def read_leaves(snapshot: Snapshot) -> Iterator[bytes]:
    """The log that a snapshot is of, from its first record on.

    Raises:
        LogFault: the file is damaged.
        OSError: it cannot be read.
    """
    return read_lines(snapshot.path / LEAVES)


def read_openings(snapshot: Snapshot) -> Iterator[Opening]:
    """The openings of what is in force, by index.

    Raises:
        LogFault: the file is damaged.
        OSError: it cannot be read.
    """
    return map(parse_opening, read_lines(snapshot.path / OPENINGS))
