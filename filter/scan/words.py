"""The plain kernel of words: value by value, through the registry's own implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Role
from optout.filter.pictures import NAMESPACE, Features, is_picture_address, picture_of
from optout.registry.identifiers import Kind
from optout.registry.images import RADIUS

from .layout import chosen
from .picture_kernels import PictureKernel
from .probing import Probes
from .states import Kernel, Scanned, State, Trace
from .written import NotTextError, is_meant, keys_of, reach, written

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


def traces_at(
    role: Role, values: pa.LargeBinaryArray, places: npt.NDArray[np.int64]
) -> dict[int, Trace]:
    """What the judge needs of some values, by their places; of equal values the same.

    Args:
        role: what the values are.
        values: all of them.
        places: int64, ascending, the places of those that may be covered.
    """
    known: dict[bytes, Trace] = {}
    traces = {}
    for place, data in zip(places.tolist(), chosen(values, places).to_pylist(), strict=True):
        trace = known.get(data)
        if trace is None:
            text = written(role, data)
            trace = known[data] = Trace({} if text is None else {role: text})
        traces[place] = trace
    return traces


def with_left(scanned: Scanned, left: int, values: pa.LargeBinaryArray, plain: Kernel) -> Scanned:
    """What a compiled kernel found, and what the plain one finds in what was left to it.

    Args:
        scanned: what was found.
        left: in place of a state: the value was left.
        values: all of them.
        plain: looks at the rest.
    """
    places = np.flatnonzero(scanned.states == left)
    if not len(places):
        return scanned
    rest = plain(chosen(values, places))
    scanned.states[places] = rest.states
    traces = {int(places[place]): trace for place, trace in rest.traces.items()}
    return Scanned(scanned.states, {**scanned.traces, **traces}, scanned.registered)
