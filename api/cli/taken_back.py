"""What a list of hashes takes back, when all that it says has been read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optout.registry import Identifier
    from optout.registry.registry import RecordName


@dataclass(frozen=True)
class Said:
    """What a record comes to.

    Attributes:
        name: what the list calls it by.
        identifier: what it registers; None where it is a tombstone.
    """

    name: RecordName
    identifier: Identifier | None


class TakenBack:
    """Which records of a list are tombstones by the last that it says of them.

    A list may be a history: pages that were appended to each other. What it says last counts, so
    that following it again changes nothing.
    """

    def __init__(self) -> None:
        self._names: set[bytes] = set()

    def read(self, said: Said) -> None:
        """Take the next word of the list."""
        if said.identifier is None:
            self._names.add(_digest(_exact(said.name)))
        else:
            self._names.difference_update(map(_digest, _told_of(said.name)))

    def counts(self, said: Said) -> bool:
        """Whether a record is still what the list says when it has been read to its end."""
        if said.identifier is None:
            return _digest(_exact(said.name)) in self._names
        return self._names.isdisjoint(map(_digest, _told_of(said.name)))

    def __bool__(self) -> bool:
        return bool(self._names)


def _exact(name: RecordName) -> tuple[str, ...]:
    if name.value:
        return (name.signal, name.value, name.id)
    return ("id", name.id) if name.id else ("case", "", "", name.case)


def _told_of(name: RecordName) -> Iterator[tuple[str, ...]]:
    """How a tombstone of a record may name it."""
    yield (name.signal, name.value, name.id)
    if name.id:
        yield (name.signal, name.value, "")
        yield ("id", name.id)
    if name.case:
        yield ("case", "", "", name.case)


def _digest(parts: tuple[str, ...]) -> bytes:
    # Millions of them are held in memory.
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()
