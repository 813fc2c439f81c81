"""Ranges of digests: how one item is looked up without saying which.

Who asks names the first five hexadecimal digits of a digest, and gets every entry that begins with
them, among made-up ones. Built with a snapshot, in files of their own beside it that are never
served, and gone with it.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import struct
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from optout.registry.durable import publishing
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import State, Status
from optout.registry.snapshot import Snapshot, read_openings

ITEMS = "items"
"""The space of digests; a digest holds its kind, so that kinds never meet."""

IMAGES = "image"
"""The space of pictures' phash256, each variant for itself."""

STEP = 64
"""An answer has a multiple of this many lines."""

DIGITS = 5
"""Hexadecimal digits that say which range is asked for."""

_FOLDER = "ranges"
_RECORD = struct.Struct(">32sHBB")
_TAIL = struct.Struct(">HBB")
_PREFIX = re.compile(rf"[0-9A-Fa-f]{{{DIGITS}}}")
_KINDS = {kind.code: kind for kind in Kind}
_STATUSES = tuple(Status)


def write_ranges(snapshot: Snapshot, state: State) -> None:
    """Lay out the ranges of a snapshot beside its files; takes memory in proportion to them.

    Args:
        snapshot: as it was built.
        state: what its log folds to.
    """
    items: list[bytes] = []
    images: list[bytes] = []
    for opening in read_openings(snapshot):
        identifier = opening.identifier()
        packed = _tail(state, opening.index)
        items.append(identifier.digest + packed)
        images += [
            hashed + packed for hashed in set(identifier.hashes.get("phash256", {}).values())
        ]
    (snapshot.path / _FOLDER).mkdir(exist_ok=True)
    for space, records in ((ITEMS, items), (IMAGES, images)):
        with publishing(_file(snapshot.path, space)) as stream:
            # The same thing claimed by many is one line: who repeats a claim makes no range longer.
            stream.writelines(sorted(set(records)))


def _tail(state: State, index: int) -> bytes:
    entry = state.entries[index]
    return _TAIL.pack(entry.kind.code, entry.grade.rank, _STATUSES.index(entry.status))


class Ranges:
    """The ranges of one snapshot, mapped: they can be read for as long as this object lives.

    Args:
        folder: of the snapshot, with what `write_ranges` has written.
        digest: of the snapshot, in hex. What is made up depends on it and on the range alone, so
            that asking again, here or of another process, teaches nothing.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self._key = bytes.fromhex(digest)
        self._spaces = {space: _mapped(_file(folder, space)) for space in (ITEMS, IMAGES)}

    def look_up(self, space: str, prefix: str) -> list[str]:
        """Every entry of a range, and as many made-up ones as fill a multiple of `STEP` lines.

        A line is `rest:kind:grade:state:count`: the other 59 digits; the kind in 7 characters,
        grade and state in 8, filled up with spaces; 1 for an entry and 0 for what is made up. All
        lines are of one length, so that who sees only how long an answer is learns next to nothing.

        Args:
            space: `ITEMS` or `IMAGES`.
            prefix: the first five hexadecimal digits.

        Raises:
            UsageError: they are none.
        """
        if not _PREFIX.fullmatch(prefix):
            raise UsageError(
                "a range is named by the first five hexadecimal digits of a digest",
                "Take the SHA-256 of the item, and send its first five digits.",
            )
        lower = prefix.lower()
        lines = [
            f"{record[:32].hex()[DIGITS:]}{_words(*_TAIL.unpack_from(record, 32), 1)}"
            for record in self._records(space, lower)
        ]
        lacking = -len(lines) % STEP or (0 if lines else STEP)
        lines += self._made_up(space, lower, lacking)
        return sorted(lines)

    def _records(self, space: str, prefix: str) -> Iterator[bytes]:
        data = self._spaces[space]
        size = _RECORD.size
        wanted = int(prefix, 16)

        def number(place: int) -> int:
            return int.from_bytes(data[place * size : place * size + 3]) >> 4

        place = bisect_left(range(len(data) // size), wanted, key=number)
        while place * size < len(data) and number(place) == wanted:
            yield data[place * size : (place + 1) * size]
            place += 1

    def _made_up(self, space: str, prefix: str, count: int) -> Iterator[str]:
        # Of each 34 bytes the first 32 stand for a digest, and two for its kind and grade.
        stream = hashlib.shake_128(self._key + f"{space}:{prefix}".encode()).digest(count * 34)
        digits, tails = stream.hex(), _made_up_words(space)
        for place in range(count):
            kind, grade = stream[place * 34 + 32], stream[place * 34 + 33]
            yield f"{digits[place * 68 + DIGITS : place * 68 + 64]}{tails[kind][grade]}"


@cache
def _words(kind: int, grade: int, status: int, count: int) -> str:
    """What a line says after the digits."""
    named = str(_KINDS[kind]), str(Grade.from_rank(grade)), str(_STATUSES[status])
    return f":{named[0]:<7}:{named[1]:<8}:{named[2]:<8}:{count}"


@cache
def _made_up_words(space: str) -> list[list[str]]:
    """The same of made-up lines, by the two bytes that choose kind and grade."""
    kinds = [Kind.IMAGE] if space == IMAGES else list(Kind)
    chosen = [[_words(kind.code, rank, 0, 0) for rank in range(len(Grade))] for kind in kinds]
    return [[chosen[k % len(kinds)][g % len(Grade)] for g in range(256)] for k in range(256)]


def _file(folder: Path, space: str) -> Path:
    return folder / _FOLDER / f"{space}.bin"


def _mapped(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as stream:
        if not path.stat().st_size:
            return b""  # nothing cannot be mapped
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
