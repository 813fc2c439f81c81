"""The plain kernels of pictures: of their bytes, and of hashes that a corpus carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from optout.filter.columns import Role
from optout.filter.pictures import NAMESPACE, PDQ, Features, features
from optout.registry.identifiers import Kind
from optout.registry.images import RADIUS

from .probing import Probes, near
from .states import Scanned, State, Trace
from .written import NotTextError, keys_of, written

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


class PictureKernel:
    """Picture bytes: by the digests of the file, and by the hashes of what it shows, both ways.

    Their PDQ is made only where the snapshot holds an entry that is known by its PDQ alone.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which a picture may differ.

    Attributes:
        makes_pdq: whether it makes the PDQ of pictures.
    """

    distinct = False

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], radius: int) -> None:
        self._snapshot = snapshot
        self._kinds = kinds
        self._radius = radius
        self._perceptual = Kind.IMAGE in kinds
        self.makes_pdq = self._perceptual and snapshot.has_pdq_alone

    def features(self, data: bytes) -> Features:
        """Hash one picture as far as the kinds that are looked for need it."""
        return features(data, perceptual=self._perceptual, by_pdq=self.makes_pdq)

    def candidates(self, seen: Mapping[int, Features]) -> dict[int, Trace]:
        """Those of some pictures, by position, that may be covered."""
        probes = Probes(self._snapshot)
        traces = {position: _trace(picture) for position, picture in seen.items()}
        if Kind.FILE in self._kinds:
            for position, trace in traces.items():
                for role, digits in trace.words.items():
                    for key in keys_of(role, digits) or ():
                        probes.add(position, key.probe)
        found = probes.found()
        for namespace, radius in ((NAMESPACE, self._radius), (PDQ, RADIUS[PDQ])):
            for ways in (
                {p: trace.hashes for p, trace in traces.items()},
                {p: trace.mirrored for p, trace in traces.items()},
            ):
                hashed = {p: of[namespace] for p, of in ways.items() if namespace in of}
                found |= near(self._snapshot, namespace, hashed, radius)
        return {position: traces[position] for position in sorted(found)}

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at the bytes of pictures."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        seen: dict[int, Features] = {}
        for position, value in enumerate(values):
            data = value.as_py()  # one at a time: a batch of pictures is not copied whole
            if not data:
                states[position] = State.EMPTY
                continue
            seen[position] = self.features(data)
            if seen[position].undecodable:
                states[position] = State.UNJUDGEABLE
        return Scanned(states, self.candidates(seen))


def _trace(picture: Features) -> Trace:
    words = {"sha256": picture.sha256, "md5": picture.md5}
    hashes = {NAMESPACE: picture.phash256, PDQ: picture.by_pdq.pdq256}
    mirrored = {NAMESPACE: picture.mirrored, PDQ: picture.by_pdq.mirrored}
    return Trace(words, _made(hashes), _made(mirrored))


def _made(hashes: Mapping[str, bytes | None]) -> dict[str, bytes]:
    return {namespace: packed for namespace, packed in hashes.items() if packed is not None}


class HashKernel:
    """Hashes of pictures that somebody else made: hexadecimal digits, or packed; as they are.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        role: which hashes they are; also the name of their namespace.
        radius: the most bits in which they may differ.
    """

    distinct = True

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], role: Role, radius: int) -> None:
        self._snapshot = snapshot
        self._kinds = kinds
        self._role = role
        self._radius = radius

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at hashes."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        hashed: dict[int, bytes] = {}
        for position, value in enumerate(values):
            data = value.as_py()
            if not data:
                states[position] = State.EMPTY
                continue
            try:
                digits = written(self._role, data)
            except NotTextError:
                states[position] = State.UNJUDGEABLE
                continue
            if digits is None:
                states[position] = State.FOREIGN
            elif Kind.IMAGE in self._kinds:
                hashed[position] = bytes.fromhex(digits)
        found = near(self._snapshot, self._role, hashed, self._radius)
        return Scanned(states, {p: Trace(hashes={self._role: hashed[p]}) for p in sorted(found)})
