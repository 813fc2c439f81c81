"""Everything that speaks about rows, before it is known which entries are held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from optout.filter.columns import Leaf
from optout.filter.scan import Hits, LeafScan, State, kernels_for, scan_batch, stretches
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

ENTRY_ROWS = np.dtype(
    [("entry", np.int64), ("kind", np.uint8), ("grade", np.uint8), ("rows", np.int64)]
)
"""How many rows an entry met; `kind` is its kind's code, `grade` its grade's rank."""

EntryRows = npt.NDArray[np.void]
"""An array of `ENTRY_ROWS`, every entry once, ascending."""

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

    def rows_by_entry(self) -> EntryRows:
        """How many rows each entry met."""
        hits = self.found[self.found["kind"] != UNJUDGEABLE]
        met = np.ones(len(hits), ENTRY_ROWS)
        for name in ("entry", "kind", "grade"):
            met[name] = hits[name]
        return summed([met])


def summed(parts: Iterable[EntryRows]) -> EntryRows:
    """Every entry once, with the rows of all parts; ascending."""
    every = np.concatenate([np.empty(0, ENTRY_ROWS), *parts])
    if not len(every):
        return every
    every = every[np.argsort(every["entry"], kind="stable")]
    first = np.flatnonzero(np.append(True, every["entry"][1:] != every["entry"][:-1]))
    met = every[first]
    met["rows"] = np.add.reduceat(every["rows"], first)
    return met


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
            for part in (self._traced(scan), self._keyed(scan), _unjudgeable(scan)):
                part["leaf"] = number
                parts.append(part)
            _count(scan, counts.setdefault(scan.leaf.path, {}))
        found = np.concatenate(parts) if parts else np.empty(0, FINDING)
        found["row"] += first_row
        return Findings(_once(found), counts)

    def _traced(self, scan: LeafScan) -> Found:
        """What meets the values of which the scan left a trace."""
        met = self._judge.meet(scan.traces)
        flat = _as_findings([meeting for meetings in met for meeting in meetings])
        lengths = np.array([len(meetings) for meetings in met], np.int64)
        return _laid_out(flat, lengths, scan.traced)

    def _keyed(self, scan: LeafScan) -> Found:
        """What meets the values of which the scan knew registered keys."""
        confirmed = self._judge.confirm(scan.keys)
        flat = np.zeros(len(confirmed.place), FINDING)
        flat["entry"], flat["distance"] = confirmed.entry, NO_DISTANCE
        flat["kind"], flat["grade"] = confirmed.kind, confirmed.grade
        lengths = np.bincount(confirmed.place, minlength=len(scan.keys))
        return _laid_out(flat, lengths, scan.keyed)


def _laid_out(met: Found, lengths: Positions, hits: Hits) -> Found:
    """What each row meets.

    Args:
        met: what values meet, value by value.
        lengths: int64, how many each of them meets.
        hits: in which rows the values are.
    """
    starts = np.cumsum(lengths) - lengths
    times = lengths[hits.which]
    found: Found = met[stretches(starts[hits.which], times)]
    found["row"] = np.repeat(hits.rows, times)
    return found


def _as_findings(meetings: Sequence[Meeting]) -> Found:
    found = np.zeros(len(meetings), FINDING)
    found["kind"] = [meeting.kind.code for meeting in meetings]
    found["entry"] = [meeting.entry for meeting in meetings]
    found["grade"] = [meeting.grade.rank for meeting in meetings]
    found["distance"] = [
        NO_DISTANCE if meeting.distance is None else meeting.distance for meeting in meetings
    ]
    return found


def _unjudgeable(scan: LeafScan) -> Found:
    found = np.zeros(len(scan.unjudgeable), FINDING)
    found["row"] = scan.unjudgeable
    found["kind"], found["entry"], found["distance"] = UNJUDGEABLE, -1, NO_DISTANCE
    return found


def _once(found: Found) -> Found:
    """Sorted, and every entry once for each row: at its nearest, in its first leaf."""
    # By column: numpy compares records a hundred times as slowly.
    found = found[np.lexsort([found[name] for name in reversed(FINDING.names or ())])]
    if not (found["row"][1:] == found["row"][:-1]).any():
        return found
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
