"""The plain kernels: value by value, through the registry's own reference implementation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from optout.filter.columns import Role
from optout.filter.pictures import NAMESPACE, Features, is_picture_address, picture_of
from optout.registry.identifiers import Kind
from optout.registry.images import RADIUS

from .picture_kernels import HashKernel, PictureKernel
from .probing import Probes
from .states import Kernel, Scanned, State, Trace
from .written import HASHES, NotTextError, is_meant, keys_of, reach, written

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


class WordKernel:
    """Values that are looked up by their keys: addresses, digests, passages, accounts, works.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        role: what the values are.
        pictures: looks at the pictures that stand inside addresses.
    """

    distinct = True

    def __init__(
        self, snapshot: Snapshot, kinds: frozenset[Kind], role: Role, pictures: PictureKernel
    ) -> None:
        self._snapshot = snapshot
        self._kinds = kinds & reach(role) & held_kinds(snapshot)
        self._role = role
        self._pictures = pictures

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at values."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        probes = Probes(self._snapshot)
        seen: dict[int, Features] = {}
        for position, value in enumerate(values):
            states[position], picture = self._look(position, value.as_py(), probes)
            if picture is not None:
                seen[position] = picture
        traces = {p: self._trace(values[p].as_py()) for p in sorted(probes.found())}
        return Scanned(states, traces | self._pictures.candidates(seen))

    def _look(self, position: int, data: bytes, probes: Probes) -> tuple[State, Features | None]:
        if not data:
            return State.EMPTY, None
        try:
            text = written(self._role, data)
        except NotTextError:
            return State.UNJUDGEABLE, None
        if text is None:
            return State.FOREIGN, None
        if self._role == "url" and is_picture_address(text):
            return self._look_inside(text)
        if not self._kinds:
            # Nothing can cover it: what it is counts all the same.
            return (State.JUDGED if is_meant(self._role, text) else State.FOREIGN), None
        keys = keys_of(self._role, text, self._kinds)
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

    def _trace(self, data: bytes) -> Trace:
        text = written(self._role, data)
        return Trace({} if text is None else {self._role: text})


def held_kinds(snapshot: Snapshot) -> frozenset[Kind]:
    """The kinds of which a snapshot holds an entry: no other can cover anything."""
    return frozenset(kind for kind in Kind if snapshot.counts["by_kind"].get(str(kind), 0))


def radius_in(namespace: str, radius: int) -> int:
    """The most bits in which two hashes of a namespace may differ.

    Args:
        namespace: which hashes they are.
        radius: the policy's, which is for phash256; the others have their own.
    """
    return radius if namespace == NAMESPACE else RADIUS[namespace]


def plain_kernels(
    snapshot: Snapshot, kinds: frozenset[Kind], radius: int, roles: Iterable[Role]
) -> Mapping[Role, Kernel]:
    """The reference kernels of some roles.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which two phash256 may differ.
        roles: what is looked at.
    """
    pictures = PictureKernel(snapshot, kinds, radius)
    kernels: dict[Role, Kernel] = {}
    for role in roles:
        if role == "image":
            kernels[role] = pictures
        elif role in HASHES:
            kernels[role] = HashKernel(snapshot, kinds, role, radius_in(role, radius))
        else:
            kernels[role] = WordKernel(snapshot, kinds, role, pictures)
    return kernels
