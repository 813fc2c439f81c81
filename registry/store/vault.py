"""Keys that can be destroyed one by one, although nobody keeps one for every entry.

Whatever tells what an entry covers stands in the database sealed under the entry's own key. To
erase an entry is to destroy that key: then the database, its log, its dead rows and every backup of
it hold bytes that nobody can open. PostgreSQL forgets nothing else for certain, and a backup on a
shelf forgets nothing at all. A copy of the vault from before an erasure would undo it: keep none
but the newest.

The keys are the leaves of a binary tree of seeds (Goldreich, Goldwasser and Micali, How to
construct random functions, 1986): a seed's children follow from it, never it from them. At first
the root is all there is, and a new entry costs no write. Destroying a leaf replaces the seed above
it by the seeds beside the path to it, from which every other leaf still follows: the tree is
*punctured* (Boneh and Waters, Constrained pseudorandom functions, 2013).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Collection
from enum import IntEnum
from pathlib import Path

from optout.registry.durable import publish, publish_new
from optout.registry.errors import RegistryError

from .vault_file import DEPTH, KEY_SIZE, LABELS, NAME_SIZE, Contents, Place, VaultFile, file_of

PART_BITS = 32
"""A part of a vault has keys for 2**32 numbers: more than a log will ever have entries."""

PARTS = 1 << (DEPTH - PART_BITS)
"""How many parts there are."""

_PERSON = b"optout/v1/vault"


class Label(IntEnum):
    """What numbers belong to: each has a tree of its own."""

    ENTRY = 1
    """An entry, by its number in the log."""

    CASE = 2
    """A case, by the lowest number of the entries that were registered with it."""


class Shredded(Exception):  # noqa: N818  # says what happened
    """The key was destroyed."""


class Vault:
    """The keys of one registry. Threads may share it, and processes the file.

    Args:
        path: of the file.

    Raises:
        RegistryError: it is missing, damaged, newer, or must not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = VaultFile(path)
        self._turn = threading.Lock()
        self._trail: list[tuple[Place, bytes]] = []
        self._contents = self._file.read()

    @classmethod
    def create(cls, path: Path) -> Vault:
        """Make a vault, whole or not at all, for its owner's eyes only.

        Raises:
            RegistryError: there is something under `path` already; it stays as it is.
            OSError: the folder is missing or must not be written to.
        """
        roots = {(label, 0, 0): secrets.token_bytes(KEY_SIZE) for label in LABELS}
        try:
            publish_new(path, file_of(secrets.token_bytes(NAME_SIZE), roots), mode=0o600)
        except FileExistsError as fault:
            raise RegistryError(
                f"{path} exists, and a vault is never overwritten",
                "Move it away first, or choose another path.",
            ) from fault
        return cls(path)

    @property
    def name(self) -> bytes:
        """16 bytes that tell this vault from others; no secret."""
        return self._contents.name

    def key(self, label: Label, number: int) -> bytes:
        """The key of a number, 32 bytes. Numbers one after another cost less.

        Raises:
            Shredded: it was destroyed.
        """
        with self._turn:
            trail = self._trail
            while trail and not _is_above(trail[-1][0], label, number):
                trail.pop()
            if not trail:
                place = _covering(self._contents, label, number)
                trail.append((place, self._contents.seeds[place]))
            (_, depth, _), seed = trail[-1]
            for below in range(depth + 1, DEPTH + 1):
                at = number >> (DEPTH - below)
                seed = _child(seed, at & 1)
                trail.append(((label, below, at), seed))
        return hashlib.blake2b(key=seed, digest_size=KEY_SIZE, person=_PERSON).digest()

    def shred(self, label: Label, numbers: Collection[int]) -> None:
        """Destroy keys; those that are destroyed already, stay so. Durable when it returns.

        Raises:
            RegistryError: the file cannot be read or written. Nothing is lost then, and doing it
                again does the rest.
        """
        with self._turn:
            self._trail = []
            with self._file.changing() as contents:
                for number in numbers:
                    _puncture(contents, label, number)
            self._contents = contents

    def refresh(self) -> None:
        """Forget what other processes have destroyed.

        Raises:
            RegistryError: the file is missing, damaged, or must not be read.
        """
        with self._turn:
            if self._file.changed_since(self._contents.changes):
                self._trail = []
                self._contents = self._file.read()

    def whole_part(self) -> int:
        """The first part of which no key was destroyed, under any label.

        Raises:
            RegistryError: there is none.
        """
        seeds, levels = self._contents.seeds, DEPTH - PART_BITS
        for part in range(PARTS):
            above = [(depth, part >> (levels - depth)) for depth in range(levels + 1)]
            if all(any((label, *place) in seeds for place in above) for label in LABELS):
                return part
        raise RegistryError(
            f"the vault {self.path} has no part left that is whole",
            "Make a new registry with: optout init",
        )

    def live(self) -> bytes:
        """The vault as a file that holds nothing of what was destroyed: for a backup."""
        contents = self._file.read()
        return file_of(contents.name, contents.seeds, contents.changes)

    def backup(self, path: Path) -> None:
        """Write the vault as it is now, in place of an older copy of it.

        A copy that is made byte by byte while a key is destroyed may lack others.

        Raises:
            RegistryError: there is something else under `path`, or a newer copy; it stays as it is.
            OSError: it cannot be written.
        """
        # What is kept is the file itself: behind a link the older copy would stay.
        path = path.resolve()
        if path.exists():
            if path.samefile(self.path):
                raise RegistryError(f"{path} is the vault itself", "Choose another path.")
            try:
                is_older = Vault(path)._is_older_than(self)
            except RegistryError:
                is_older = False
            if not is_older:
                raise RegistryError(
                    f"{path} exists, and is no older copy of the vault",
                    "Move it away first, or choose another path.",
                )
        publish(path, self.live(), mode=0o600)

    def _is_older_than(self, other: Vault) -> bool:
        mine, theirs = self._contents, other._file.read()
        return mine.name == theirs.name and mine.changes <= theirs.changes


def _covering(contents: Contents, label: Label, number: int) -> Place:
    """The seed that a number's key follows from.

    Raises:
        Shredded: there is none.
    """
    for depth in range(DEPTH + 1):
        place = (int(label), depth, number >> (DEPTH - depth))
        if place in contents.seeds:
            return place
    raise Shredded


def _puncture(contents: Contents, label: Label, number: int) -> None:
    while True:
        try:
            place = _covering(contents, label, number)
        except Shredded:
            return
        # After a crash a seed and those below it may stand side by side: all of them go.
        seed = contents.seeds.pop(place)
        for below in range(place[1] + 1, DEPTH + 1):
            at = number >> (DEPTH - below)
            contents.seeds[int(label), below, at ^ 1] = _child(seed, (at & 1) ^ 1)
            seed = _child(seed, at & 1)


def _is_above(place: Place, label: Label, number: int) -> bool:
    return place[0] == label and number >> (DEPTH - place[1]) == place[2]


def _child(seed: bytes, side: int) -> bytes:
    return hashlib.blake2b(bytes((side,)), key=seed, digest_size=KEY_SIZE, person=_PERSON).digest()
