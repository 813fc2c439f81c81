"""Passages of text, compiled: folded and looked up in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from optout.registry.compiled import kernels
from optout.registry.identifiers import Kind

from .folding import folding, unfolded
from .layout import layout
from .states import Scanned, States
from .words import WordKernel, held_kinds, traces_at, with_left

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

_KERNELS = "optout.filter.scan.passage_kernels"


class PassageKernel:
    """Passages that fill a field.

    Args:
        snapshot: where to look.
        kinds: the kinds of entry that are looked for.
        plain: looks at what the compiled part leaves.
    """

    distinct = False

    def __init__(self, snapshot: Snapshot, kinds: frozenset[Kind], plain: WordKernel) -> None:
        self._kernels = kernels(_KERNELS)
        self._snapshot = snapshot  # it holds what the tables point to
        looks = Kind.TEXT in kinds & held_kinds(snapshot)
        self._tables = snapshot.probe_tables if looks else np.empty((0, 8), np.uint64)
        self._folding = unfolded()
        self._plain = plain

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        """Look at texts."""
        states, present = self._look(values)
        traces = traces_at("text", values, np.flatnonzero(present))
        return with_left(Scanned(states, traces), self._kernels.LEFT, values, self._plain)

    def left(self, values: pa.LargeBinaryArray) -> int:
        """How many of some texts the compiled part leaves to the plain one."""
        return int(np.count_nonzero(self._look(values)[0] == self._kernels.LEFT))

    def _look(self, values: pa.LargeBinaryArray) -> tuple[States, States]:
        states, present = np.empty(len(values), np.uint8), np.empty(len(values), np.uint8)
        lies, look = layout(values), self._kernels.look_at_passages
        look(*lies, *self._folding, self._tables, states, present)
        if self._folding is unfolded() and (states == self._kernels.LEFT).any():
            # Something is not ASCII: only now it is worth to look at all of Unicode.
            self._folding = folding()
            look(*lies, *self._folding, self._tables, states, present)
        return states, present
