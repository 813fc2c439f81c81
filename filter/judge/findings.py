"""Everything that speaks about rows, before it is known which entries are held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Leaf
from optout.filter.scan import LeafScan, State, kernels_for, scan_batch
from optout.registry.identifiers import Kind

from .confirm import Judge, Meeting
from .policy import Policy

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

UNJUDGEABLE = 255
"""In place of a kind's code: the value could not be judged. It sorts behind every kind."""

NO_DISTANCE = -1

FINDING = np.dtype(
    [
        ("row", np.int64),
        ("kind", np.uint8),
        ("distance", np.int32),
        ("entry", np.int64),
        ("leaf", np.uint16),
        ("grade", np.uint8),
    ]
)
"""One entry that met a row, or one value of it that could not be judged. `leaf` is a position in
the plan's leaves; `kind` is a kind's code; the order of the fields is the order of weight."""

Found = npt.NDArray[np.void]
"""An array of `FINDING`, sorted."""

Positions = npt.NDArray[np.int64]


@dataclass
class Findings:
    """What was found in some rows.

    Attributes:
        found: every entry that met a row, once for each row at its nearest, and every value that
            could not be judged; sorted.
        counts: by path, how many values were what; the words are those of `State`.
    """

    found: Found = field(default_factory=lambda: np.empty(0, FINDING))
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Iterable[Findings]) -> Findings:
        """The findings of consecutive batches as one."""
        found: list[Found] = []
        counts: dict[str, Counter[str]] = {}
        for part in parts:
            if len(part.found):
                found.append(part.found)
            for path, states in part.counts.items():
                counts.setdefault(path, Counter()).update(states)
        return cls(
            np.concatenate(found) if found else np.empty(0, FINDING),
            {path: dict(states) for path, states in counts.items()},
        )

    def rows_by_entry(self) -> Mapping[int, tuple[int, int, int]]:
        """For every entry its kind's code, its grade's rank and how many rows it met."""
        hits = self.found[self.found["kind"] != UNJUDGEABLE]
        entries, first, rows = np.unique(hits["entry"], return_index=True, return_counts=True)
        return {
            entry: (kind, grade, count)
            for entry, kind, grade, count in zip(
                entries.tolist(),
                hits["kind"][first].tolist(),
                hits["grade"][first].tolist(),
                rows.tolist(),
                strict=True,
            )
        }


class Examiner:
    """Scans batches and confirms what the scan proposes.

    Args:
        snapshot: the entries.
        policy: which of them are obeyed.
        leaves: where to look.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, leaves: Sequence[Leaf]) -> None:
        kinds = frozenset(kind for kind in Kind if policy.looks_for(kind))
        self.leaves = list(leaves)
        self._kernels = kernels_for(
            snapshot, kinds, policy.radius, {leaf.role for leaf in self.leaves}
        )
        self._judge = Judge(snapshot, policy)

    def examine(self, batch: pa.RecordBatch, first_row: int = 0) -> Findings:
        """Find what speaks about the rows of a batch.

        Args:
            batch: some rows, with at least the columns of the leaves.
            first_row: the number of its first row in the shard.
        """
        parts: list[Found] = []
        counts: dict[str, dict[str, int]] = {}
        for scan in scan_batch(batch, self.leaves, self._kernels):
            number = self.leaves.index(scan.leaf)
            parts += [self._hits(scan, number), _unjudgeable(scan, number)]
            _count(scan, counts.setdefault(scan.leaf.path, {}))
        found = np.concatenate(parts) if parts else np.empty(0, FINDING)
        found["row"] += first_row
        return Findings(_once(found), counts)

    def _hits(self, scan: LeafScan, leaf: int) -> Found:
        met = self._judge.meet(scan.traces)
        # Laid out value by value, so that a row that holds a value takes its stretch of them.
        flat = _as_findings([meeting for meetings in met for meeting in meetings], leaf)
        lengths = np.array([len(meetings) for meetings in met], np.int64)
        starts = np.cumsum(lengths) - lengths
        times = lengths[scan.trace]
        hits: Found = flat[_stretches(starts[scan.trace], times)]
        hits["row"] = np.repeat(scan.rows, times)
        return hits


def _stretches(starts: Positions, lengths: Positions) -> Positions:
    """The numbers from `start` to below `start + length` of every stretch, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    places: Positions = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return places


def _as_findings(meetings: Sequence[Meeting], leaf: int) -> Found:
    found = np.zeros(len(meetings), FINDING)
    found["leaf"] = leaf
    found["kind"] = [meeting.kind.code for meeting in meetings]
    found["entry"] = [meeting.entry for meeting in meetings]
    found["grade"] = [meeting.grade.rank for meeting in meetings]
    found["distance"] = [
        NO_DISTANCE if meeting.distance is None else meeting.distance for meeting in meetings
    ]
    return found


def _unjudgeable(scan: LeafScan, leaf: int) -> Found:
    rows = scan.unjudgeable
    found = np.zeros(len(rows), FINDING)
    found["row"], found["leaf"] = rows, leaf
    found["kind"], found["entry"], found["distance"] = UNJUDGEABLE, -1, NO_DISTANCE
    return found


def _once(found: Found) -> Found:
    """Sorted, and every entry once for each row: at its nearest, in its first leaf."""
    if not len(found):
        return found
    found = np.sort(found, order=list(FINDING.names or ()))
    order = np.lexsort((found["leaf"], found["distance"], found["entry"], found["row"]))
    ranked = found[order]
    again = np.zeros(len(ranked), bool)
    again[1:] = (
        (ranked["row"][1:] == ranked["row"][:-1])
        & (ranked["entry"][1:] == ranked["entry"][:-1])
        & (ranked["kind"][1:] != UNJUDGEABLE)
    )
    return found[np.sort(order[~again])]


def _count(scan: LeafScan, counts: dict[str, int]) -> None:
    totals = dict.fromkeys(State, 0)
    left = len(scan.states)
    for state in reversed(State):  # what most values are comes first: then nothing is left
        if left:
            totals[state] = int(np.count_nonzero(scan.states == state))
            left -= totals[state]
    for state, total in totals.items():
        if total:
            counts[state.word] = counts.get(state.word, 0) + total
