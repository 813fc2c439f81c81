"""The plain kernels: value by value, through the registry's own reference implementation."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from optout.filter.columns import Role
from optout.filter.pictures import NAMESPACE, Features, features, is_picture_address, picture_of
from optout.registry.identifiers import Kind, file_key, url_keys

from .states import Kernel, Scanned, State, Trace

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

REACH: Mapping[Role, frozenset[Kind]] = {
    "url": frozenset({Kind.URL, Kind.SITE}),
    "sha256": frozenset({Kind.FILE}),
    "image": frozenset({Kind.FILE, Kind.IMAGE}),
}
"""By role, the kinds of entry that can be found through it."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def _items(values: pa.LargeBinaryArray) -> Iterator[bytes]:
    """The values one at a time: a batch of pictures is not copied whole."""
    return (value.as_py() for value in values)


class _Probes:
    """Keys on their way to the snapshot, each with the position of its value."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._keys = array("Q")
        self._owners = array("q")

    def add(self, position: int, probe: int) -> None:
        self._keys.append(probe)
        self._owners.append(position)

    def found(self) -> set[int]:
        """Positions of which a probe is in the snapshot."""
        if not self._keys:
            return set()
        query, _ = self._snapshot.candidates(np.frombuffer(self._keys, np.uint64))
        owners = np.frombuffer(self._owners, np.int64)
        return set(np.unique(owners[query]).tolist())


class PictureKernel:
    """Picture bytes: by the digest of the file, and by the hash of what it shows.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which a picture may differ.
    """

    distinct = False

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], radius: int) -> None:
        self._snapshot = snapshot
        self._kinds = kinds
        self._radius = radius

    def features(self, data: bytes) -> Features:
        """Hash one picture as far as the kinds that are looked for need it."""
        return features(data, perceptual=Kind.IMAGE in self._kinds)

    def candidates(self, seen: Mapping[int, Features]) -> dict[int, Trace]:
        """Those of some pictures, by position, that may be covered."""
        probes = _Probes(self._snapshot)
        if Kind.FILE in self._kinds:
            for position, picture in seen.items():
                probes.add(position, file_key(picture.sha256).probe)
        found = probes.found() | self._near(seen)
        return {
            position: Trace(sha256=seen[position].sha256, phash256=seen[position].phash256)
            for position in sorted(found)
        }

    def _near(self, seen: Mapping[int, Features]) -> set[int]:
        hashed = [(position, f.phash256) for position, f in seen.items() if f.phash256]
        if not hashed:
            return set()
        packed = np.frombuffer(b"".join(phash for _, phash in hashed), np.uint8)
        neighbours = self._snapshot.near(NAMESPACE, packed.reshape(len(hashed), -1), self._radius)
        return {hashed[number][0] for number in np.unique(neighbours.query).tolist()}

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at the bytes of pictures."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        seen: dict[int, Features] = {}
        for position, data in enumerate(_items(values)):
            if not data:
                states[position] = State.EMPTY
                continue
            seen[position] = self.features(data)
            if seen[position].undecodable:
                states[position] = State.UNJUDGEABLE
        return Scanned(states, self.candidates(seen))


class UrlKernel:
    """Addresses: by themselves and by the sites above them; `data:` pictures as pictures.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        pictures: looks at the pictures that stand inside addresses.
    """

    distinct = True

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], pictures: PictureKernel) -> None:
        self._snapshot = snapshot
        self._kinds = kinds
        self._pictures = pictures

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at addresses."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        probes = _Probes(self._snapshot)
        seen: dict[int, Features] = {}
        for position, data in enumerate(_items(values)):
            states[position], picture = self._look(position, data, probes)
            if picture is not None:
                seen[position] = picture
        found = probes.found()
        traces = {p: Trace(url=values[p].as_py().decode()) for p in sorted(found)}
        return Scanned(states, traces | self._pictures.candidates(seen))

    def _look(self, position: int, data: bytes, probes: _Probes) -> tuple[State, Features | None]:
        if not data:
            return State.EMPTY, None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return State.UNJUDGEABLE, None
        if is_picture_address(text):
            return self._look_inside(text)
        keys = url_keys(text)
        if keys is None:
            return State.FOREIGN, None
        for key in keys:
            if key.kind in self._kinds:
                probes.add(position, key.probe)
        return State.JUDGED, None

    def _look_inside(self, text: str) -> tuple[State, Features | None]:
        data = picture_of(text)
        if data is None:
            return State.UNJUDGEABLE, None
        picture = self._pictures.features(data)
        return (State.UNJUDGEABLE if picture.undecodable else State.JUDGED), picture


class DigestKernel:
    """SHA-256 digests of files: 64 hexadecimal digits, or 32 bytes.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
    """

    distinct = True

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind]) -> None:
        self._snapshot = snapshot
        self._kinds = kinds

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at digests."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        probes = _Probes(self._snapshot)
        digests: dict[int, str] = {}
        for position, data in enumerate(_items(values)):
            states[position], digest = _digest(data)
            if digest is not None and Kind.FILE in self._kinds:
                digests[position] = digest
                probes.add(position, file_key(digest).probe)
        return Scanned(states, {p: Trace(sha256=digests[p]) for p in sorted(probes.found())})


def _digest(data: bytes) -> tuple[State, str | None]:
    if not data:
        return State.EMPTY, None
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        return (State.JUDGED, data.hex()) if len(data) == 32 else (State.UNJUDGEABLE, None)
    if _SHA256.fullmatch(text):
        return State.JUDGED, text.lower()
    return (State.JUDGED, data.hex()) if len(data) == 32 else (State.FOREIGN, None)


def plain_kernels(snapshot: Snapshot, kinds: frozenset[Kind], radius: int) -> Mapping[Role, Kernel]:
    """The reference kernel of every role.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which a picture may differ.
    """
    pictures = PictureKernel(snapshot, kinds, radius)
    return {
        "url": UrlKernel(snapshot, kinds, pictures),
        "sha256": DigestKernel(snapshot, kinds),
        "image": pictures,
    }
