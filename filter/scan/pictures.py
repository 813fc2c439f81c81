"""Picture bytes in bulk: a fast look at each, and the reference's at those that it proposes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.pictures import NAMESPACE, PDQ, Proposals, propose
from optout.registry.identifiers import Kind
from optout.registry.images import RADIUS

from .picture_kernels import PictureKernel
from .probing import Probes, near, near_rows
from .states import Scanned, State
from .words import held_kinds
from .written import keys_of

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_SAMPLE = 256
"""Bytes at the end by which equal pictures are looked for, before they are compared whole."""


class BulkPictureKernel:
    """Picture bytes: what the plain kernel says of them, sooner.

    Of pictures that are decoded whole tests hold it to that. Of a JPEG that is looked at as a draft
    it holds as long as its hash is no further off than its margin says, which is measured and not
    proven; `optout verify` looks at a sample of rows by the reference.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        radius: the most bits in which a picture may differ.
        plain: looks at what is proposed.
    """

    distinct = False

    def __init__(
        self, snapshot: Snapshot, kinds: frozenset[Kind], radius: int, plain: PictureKernel
    ) -> None:
        self._snapshot = snapshot
        self._files = Kind.FILE in kinds & held_kinds(snapshot)
        self._perceptual = Kind.IMAGE in kinds
        self._radius = radius
        self._plain = plain

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at the bytes of pictures."""
        states = np.full(len(values), State.JUDGED, np.uint8)
        probes = Probes(self._snapshot)
        # Of equal pictures the first one is looked at.
        first = np.arange(len(values))
        ends: dict[tuple[int, bytes], int] = {}
        looked = []
        for position, value in enumerate(values):
            data = value.as_py()  # one at a time: a batch of pictures is not copied whole
            if not data:
                states[position] = State.EMPTY
                continue
            same = ends.setdefault((len(data), data[-_SAMPLE:]), position)
            if same != position and values[same].as_py() == data:
                first[position] = same
                continue
            looked.append(position)
            if self._files:
                self._probe(position, data, probes)
        proposed = probes.found()
        if self._perceptual and looked:
            pictures = (values[position].as_py() for position in looked)
            proposals = propose(pictures, by_pdq=self._plain.makes_pdq)
            places = np.array(looked)
            states[places[proposals.undecodable]] = State.UNJUDGEABLE
            proposed.update(places[self._may_be_near(proposals)].tolist())
        states = states[first]
        chosen = np.flatnonzero(np.isin(first, np.fromiter(proposed, np.int64, len(proposed))))
        known = {n: self._plain.features(values[n].as_py()) for n in sorted(proposed)}
        seen = {position: known[int(first[position])] for position in chosen.tolist()}
        return Scanned(states, self._plain.candidates(seen))

    def _probe(self, position: int, data: bytes, probes: Probes) -> None:
        digests = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
        for role, digits in digests.items():
            for key in keys_of(role, digits) or ():
                probes.add(position, key.probe)

    def _may_be_near(self, proposals: Proposals) -> npt.NDArray[np.bool_]:
        """Which pictures the reference has to look at."""
        may = proposals.doubtful.copy()
        firm = ~(may | proposals.undecodable)
        for margin in np.unique(proposals.margin[firm]).tolist():
            some = firm & (proposals.margin == margin)
            places = np.repeat(np.flatnonzero(some), 2)
            ways = proposals.hashes[some].reshape(len(places), -1)
            may[places[near_rows(self._snapshot, NAMESPACE, ways, self._radius + margin)]] = True
        # One way after the other: a picture may have a PDQ in one of them alone.
        for hashed in zip(*proposals.by_pdq, strict=True):
            made = {place: way for place, way in enumerate(hashed) if way is not None}
            may[list(near(self._snapshot, PDQ, made, RADIUS[PDQ]))] = True
        return may
