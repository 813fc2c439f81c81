"""What a run says when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from optout.filter.errors import SomeShardsFailed


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that was reported and not obeyed.

    Attributes:
        entry: its number.
        kind: its kind.
        grade: how its claim was proved.
        rows: how many rows of the corpus it meets.
        share: of the corpus' rows, between 0 and 1.
    """

    entry: int
    kind: str
    grade: str
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class FailedShard:
    """A shard that is not in OUT.

    Attributes:
        shard: its name.
        message: names it and says what is wrong.
        advice: what to do about it; may be empty.
    """

    shard: str
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """The rows of one shard.

    Attributes:
        shard: its name.
        rows_in: rows of the input.
        rows_kept: rows of the output.
        rows_dropped: rows that an entry in force met.
        rows_quarantined: rows that could not be judged.
        dropped_by_kind: dropped rows by the kind of the entry that met them; `unjudgeable` where
            the policy drops what cannot be judged. Every dropped row is counted once.
        how: `copied`, `spliced`, `rewritten`, or `masked` where no shard was written; empty where
            nothing at all was.
        skipped: whether an earlier run had finished it, or one that shares OUT has.
    """

    shard: str
    rows_in: int
    rows_kept: int
    rows_dropped: int
    rows_quarantined: int
    dropped_by_kind: dict[str, int] = field(default_factory=dict)
    how: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class RunReport:
    """What a run did, over all shards that are finished.

    Attributes:
        outcomes: the finished shards, by name.
        held: the entries that were reported and not obeyed.
        failed: the shards that are not in OUT.
        seconds: how long this run took.
        dry_run: whether nothing was written.
    """

    outcomes: Sequence[ShardOutcome]
    held: Sequence[Held] = ()
    failed: Sequence[FailedShard] = ()
    seconds: float = 0.0
    dry_run: bool = False

    @property
    def shards(self) -> int:
        """How many shards are finished."""
        return len(self.outcomes)

    @property
    def skipped(self) -> int:
        """How many of them another run has finished, before this one or beside it."""
        return sum(outcome.skipped for outcome in self.outcomes)

    @property
    def rows_in(self) -> int:
        """Rows of the inputs."""
        return sum(outcome.rows_in for outcome in self.outcomes)

    @property
    def rows_kept(self) -> int:
        """Rows of the outputs."""
        return sum(outcome.rows_kept for outcome in self.outcomes)

    @property
    def rows_dropped(self) -> int:
        """Rows that an entry in force met."""
        return sum(outcome.rows_dropped for outcome in self.outcomes)

    @property
    def rows_quarantined(self) -> int:
        """Rows that could not be judged."""
        return sum(outcome.rows_quarantined for outcome in self.outcomes)

    @property
    def dropped_by_kind(self) -> dict[str, int]:
        """Dropped rows by kind; every row is counted once."""
        total: dict[str, int] = {}
        for outcome in self.outcomes:
            for kind, rows in outcome.dropped_by_kind.items():
                total[kind] = total.get(kind, 0) + rows
        return dict(sorted(total.items()))

    def failure(self) -> SomeShardsFailed:
        """What to raise where shards failed."""
        first = self.failed[0]
        return SomeShardsFailed(
            f"{len(self.failed)} of {len(self.failed) + self.shards} shards failed, the first: "
            f"{first.message}",
            first.advice,
            self,
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as `optout filter --json` prints it."""
        return {
            "shards": self.shards,
            "rows_in": self.rows_in,
            "rows_kept": self.rows_kept,
            "rows_dropped": self.rows_dropped,
            "rows_quarantined": self.rows_quarantined,
            "dropped_by_kind": self.dropped_by_kind,
            "held": [asdict(held) for held in self.held],
            "seconds": round(self.seconds, 3),
            "failed": [asdict(failed) for failed in self.failed],
            "skipped": self.skipped,
            "dry_run": self.dry_run,
            "by_shard": [asdict(outcome) for outcome in self.outcomes],
        }
