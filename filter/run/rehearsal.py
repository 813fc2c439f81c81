"""What a run would do, counted and not written: rows that the same entries meet are one pattern."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optout.filter.judge import FINDING, Found, give_verdicts

from .report import ShardOutcome
from .scan import Scanner, ScanSummary, ShardTask
from .workers import Tell


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a shard's verdicts depend on, without its rows.

    Attributes:
        summary: what the decision needs.
        patterns: the findings of one row for each pattern; `row` is the pattern's number.
        rows: int64[patterns], how many rows of the shard have it.
    """

    summary: ScanSummary
    patterns: Found
    rows: npt.NDArray[np.int64]

    def outcome(self, scanner: Scanner, held: Collection[int]) -> ShardOutcome:
        """What would become of the shard's rows.

        Args:
            scanner: knows leaves and policy.
            held: the entries that are reported and not obeyed.
        """
        verdicts = give_verdicts(self.patterns, scanner.leaves, scanner.policy, held)
        dropped = int(self.rows[verdicts.dropped].sum())
        quarantined = int(self.rows[verdicts.quarantined].sum())
        return ShardOutcome(
            self.summary.shard,
            self.summary.rows,
            self.summary.rows - dropped - quarantined,
            dropped,
            quarantined,
            dict(sorted(verdicts.dropped_by_kind(self.rows[verdicts.dropped]).items())),
        )


@dataclass
class Rehearsal:
    """The job of a dry run: scans one shard a call and writes nothing; picklable.

    Attributes:
        scanner: does the looking.
    """

    scanner: Scanner

    def __call__(self, task: ShardTask, tell: Tell) -> Rehearsed:
        """Scan a shard."""
        scan = self.scanner.scan(task, tell)
        patterns, rows = _patterns(scan.findings.found)
        return Rehearsed(scan.summary, patterns, rows)


def _patterns(found: Found) -> tuple[Found, npt.NDArray[np.int64]]:
    """Every set of findings that some row has, once, and how many rows have it."""
    plain = found.copy()
    # Neither which row it is nor how near the picture was changes what becomes of a row.
    plain["row"], plain["distance"] = 0, 0
    number = _numbers(plain)
    starts = np.flatnonzero(np.append(True, np.diff(found["row"]) != 0)[: len(found)])
    lengths = np.diff(starts, append=len(found))
    patterns, rows, known = [np.empty(0, FINDING)], [np.empty(0, np.int64)], 0
    for length in np.unique(lengths).tolist():
        places = starts[lengths == length][:, None] + np.arange(length)
        # Rows of numbers as one value each: numpy would make a record of every number in them.
        whole = np.ascontiguousarray(number[places]).view(f"V{8 * length}").reshape(-1)
        _, first, times = np.unique(whole, return_index=True, return_counts=True)
        some = plain[places[first].reshape(-1)]
        some["row"] = known + np.repeat(np.arange(len(first)), length)
        known += len(first)
        patterns.append(some)
        rows.append(times)
    return np.concatenate(patterns), np.concatenate(rows)


def _numbers(plain: Found) -> npt.NDArray[np.int64]:
    """A number for every finding, the same for equal ones."""
    order = np.lexsort([plain[name] for name in ("grade", "leaf", "kind", "entry")])
    ranked = plain[order]
    differs = np.zeros(len(plain), bool)
    for name in ("grade", "leaf", "kind", "entry"):
        differs[1:] |= ranked[name][1:] != ranked[name][:-1]
    number = np.empty(len(plain), np.int64)
    number[order] = np.cumsum(differs)
    return number
