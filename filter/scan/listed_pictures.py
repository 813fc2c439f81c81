"""Picture bytes where entries are known by their PDQ alone: a second look at every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from optout.filter.pictures import PDQ
from optout.registry.errors import PictureError
from optout.registry.images import RADIUS, SightedPdq, sighted_pdq

from .picture_kernels import PictureKernel
from .probing import near
from .states import Kernel, Scanned, State

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


class ListedPictureKernel:
    """Picture bytes: what the plain kernel says of them, sooner.

    Args:
        snapshot: where to look.
        others: says all but what is known by its PDQ alone.
        plain: looks at what is near by its PDQ.
    """

    distinct = False

    def __init__(self, snapshot: Snapshot, others: Kernel, plain: PictureKernel) -> None:
        self._snapshot = snapshot
        self._others = others
        self._plain = plain

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at the bytes of pictures."""
        scanned = self._others(values)
        rest = np.flatnonzero(scanned.states == State.JUDGED)
        # One at a time: a batch of pictures is not copied whole.
        ways = {
            position: _pdq(values[position].as_py())
            for position in rest.tolist()
            if position not in scanned.traces
        }
        found: set[int] = set()
        for hashed in (
            {p: way.pdq256 for p, way in ways.items() if way.pdq256 is not None},
            {p: way.mirrored for p, way in ways.items() if way.mirrored is not None},
        ):
            found |= near(self._snapshot, PDQ, hashed, RADIUS[PDQ])
        seen = {position: self._plain.features(values[position].as_py()) for position in found}
        traces = {**scanned.traces, **self._plain.candidates(seen)}
        return Scanned(scanned.states, dict(sorted(traces.items())), scanned.registered)


def _pdq(data: bytes) -> SightedPdq:
    try:
        return sighted_pdq(data)
    except PictureError:
        # Whether it can be judged is said already.
        return SightedPdq(None, None)
