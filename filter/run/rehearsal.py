"""What a run would do, counted and not written: rows that the same entries meet are one pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optout.filter.judge import FINDING, Found, give_verdicts, kind_word

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
        by_kind: Counter[str] = Counter()
        kinds = verdicts.reasons["kind"][verdicts.deciding[: len(verdicts.dropped)]]
        for kind, rows in zip(kinds.tolist(), self.rows[verdicts.dropped].tolist(), strict=True):
            by_kind[kind_word(kind)] += rows
        dropped = int(self.rows[verdicts.dropped].sum())
        quarantined = int(self.rows[verdicts.quarantined].sum())
        return ShardOutcome(
            self.summary.shard,
            self.summary.rows,
            self.summary.rows - dropped - quarantined,
            dropped,
            quarantined,
            dict(sorted(by_kind.items())),
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
    cuts = np.flatnonzero(np.diff(found["row"])) + 1
    seen = Counter(part.tobytes() for part in np.split(plain, cuts) if len(part))
    patterns = [np.frombuffer(key, FINDING).copy() for key in seen]
    for number, pattern in enumerate(patterns):
        pattern["row"] = number
    joined = np.concatenate(patterns) if patterns else np.empty(0, FINDING)
    return joined, np.fromiter(seen.values(), np.int64, len(seen))
