"""Every row that was left, looked at once: what its leaves hold, and what its values meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from optout.filter.parquet import ShardReader

from .detection import Detection, Seen, look_at
from .features import said_to_be_pictures
from .judging import Judge, Judged
from .lanes import Task, in_order
from .leaves import Rows, text_columns
from .left import Left, LeftShard
from .papers import faults
from .report import Finding

Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Look:
    """What came of some rows of a shard.

    Attributes:
        shard: the shard's name.
        rows: how many rows, of those that were left.
        seen: what their leaves hold; None where nobody asked.
        judged: what their values meet, a few rows at a time.
        wanted: the rows of the sample, by their number in the file; all where None.
        fault: why there is no more of this shard.
    """

    shard: str
    rows: int = 0
    seen: Seen | None = None
    judged: tuple[Judged, ...] = ()
    wanted: Rows | None = None
    fault: Exception | None = None


@dataclass
class Looking:
    """Looks through the shards that were left, on all cores.

    Attributes:
        left: opens the shards.
        finding: gets those that cannot be looked through.
        workers: how many threads look.
    """

    left: Left
    finding: Finding
    workers: int
    _pictures: dict[str, frozenset[str]] = field(default_factory=dict)

    def sizes(self) -> dict[str, int]:
        """How many rows each shard has that can be opened."""
        found: dict[str, int] = {}
        for shard in self.left.shards:
            with faults(self.finding, shard, shard), self.left.open(shard) as opened:
                self._pictures[shard] = said_to_be_pictures(opened.schema)
                found[shard] = opened.rows
        return found

    def through(
        self,
        drawn: Mapping[str, Rows | None],
        judge: Judge,
        detection: Detection | None,
        take: Callable[[Look], None],
        tell: Tell,
    ) -> Iterator[str]:
        """Look at every row of every shard.

        Args:
            drawn: by shard, the rows of the sample, by their place among those left; all where
                None.
            judge: judges the rows.
            detection: hears what leaves hold; where None, only columns to judge are read.
            take: takes what came of some rows, in their order.
            tell: hears of rows that are done.

        Yields:
            The shards that could be looked through.
        """
        tasks = self._tasks(drawn, judge, detect=detection is not None)
        looks = in_order(tasks, self.workers)
        for shard, parts in groupby(looks, key=lambda look: look.shard):
            whole = False
            with faults(self.finding, shard, shard):
                for look in parts:
                    if look.fault is not None:
                        raise look.fault
                    if detection is not None and look.seen is not None:
                        detection.take(look.seen)
                    take(look)
                    tell(look.rows, shard)
                whole = True
            if not whole:
                if detection is not None:
                    detection.drop_shard()
                continue
            if detection is not None:
                detection.end_shard(self._pictures[shard])
            yield shard

    def _tasks(
        self, drawn: Mapping[str, Rows | None], judge: Judge, *, detect: bool
    ) -> Iterator[Task[Look]]:
        for shard in sorted(drawn):
            try:
                opened = self.left.open(shard)
            except Exception as fault:
                yield partial(_failed, shard, fault)
                continue
            with opened:
                wanted = drawn[shard]
                if wanted is not None:
                    wanted = opened.numbers(wanted)
                yield partial(_nothing, shard)
                for group in opened.reader.row_groups:
                    reader = opened.reader.again()
                    yield partial(
                        _look, shard, opened, reader, group.index, wanted, judge, detect=detect
                    )


def _failed(shard: str, fault: Exception) -> Iterable[tuple[int, Look]]:
    return [(0, Look(shard, fault=fault))]


def _nothing(shard: str) -> Iterable[tuple[int, Look]]:
    """A shard may be without rows, and is one all the same."""
    return [(0, Look(shard))]


def _look(
    shard: str,
    opened: LeftShard,
    reader: ShardReader,
    row_group: int,
    wanted: Rows | None,
    judge: Judge,
    *,
    detect: bool,
) -> Iterator[tuple[int, Look]]:
    """Look at the rows of a row group."""
    try:
        with reader:
            columns = text_columns(reader.schema) if detect else judge.columns(reader.schema)
            for piece in opened.pieces(reader, columns, [row_group]):
                leaves = list(piece.values())
                rows = piece.rows
                seen = look_at(leaves) if detect else None
                for judged in judge.judge(leaves, wanted):
                    yield 1 + judged.weight, Look(shard, 0, None, (judged,), wanted)
                yield 1, Look(shard, rows, seen)
                del piece, leaves  # before the next one is read
    except Exception as fault:
        yield 0, Look(shard, fault=fault)
