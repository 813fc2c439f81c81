"""Rows of a shard, judged leaf by leaf by the reference: all of them, or a sample drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from optout.filter.parquet import Batch, ShardReader

from .leaves import Rows, column_of, leaf_values
from .reference import Hit, Reference

Leaves = Mapping[str, frozenset[str]]
"""By the path of a leaf: the roles in which its values are judged."""


@dataclass(slots=True)
class RowVerdict:
    """What the reference says of one row.

    Attributes:
        hits: by entry, the hit and the leaf where it lies; of several, the nearest.
        unjudgeable: by leaf, the role in which its value could not be judged.
    """

    hits: dict[int, tuple[Hit, str]] = field(default_factory=dict)
    unjudgeable: dict[str, str] = field(default_factory=dict)

    def add(self, hit: Hit, leaf: str) -> None:
        """Take a hit into account."""
        known = self.hits.get(hit.entry)
        if known is None or (hit.distance or 0) < (known[0].distance or 0):
            self.hits[hit.entry] = (hit, leaf)

    def binding(self, held: Iterable[int] = ()) -> list[tuple[Hit, str]]:
        """The hits for which the row had to go, in the order of their entries."""
        passed = set(held)
        return [
            (hit, leaf)
            for entry, (hit, leaf) in sorted(self.hits.items())
            if not hit.since and entry not in passed
        ]


class Judge:
    """Judges rows by every leaf that can be matched.

    Args:
        reference: judges single values.
        leaves: which leaves, and as what.
    """

    def __init__(self, reference: Reference, leaves: Leaves) -> None:
        self._reference = reference
        self._leaves = leaves

    def columns(self, schema: pa.Schema) -> list[str]:
        """The columns of a shard that hold something to judge."""
        found = (column_of(path, schema) for path in self._leaves)
        return sorted({column for column in found if column is not None})

    def rows(
        self, batch: pa.RecordBatch, first_row: int, wanted: Rows | None = None
    ) -> dict[int, RowVerdict]:
        """Judge the rows of a batch.

        Args:
            batch: some rows of a shard; columns that hold nothing to judge may be missing.
            first_row: the number of its first row in the shard.
            wanted: the rows to judge, by their number in the shard; all by default.

        Returns:
            By row, what was found; a row without any finding is not in it.
        """
        found: dict[int, RowVerdict] = {}
        for leaf in leaf_values(batch, first_row):
            for role in sorted(self._leaves.get(leaf.path, ())):
                values, rows = leaf.values, leaf.rows
                if wanted is not None:
                    chosen = np.isin(rows, wanted)
                    values, rows = values.filter(pa.array(chosen)), rows[chosen]
                judged = self._reference.judge(role, values.to_pylist())
                for row, value in zip(rows.tolist(), judged, strict=True):
                    if value.hits or value.unjudgeable:
                        verdict = found.setdefault(row, RowVerdict())
                        for hit in value.hits:
                            verdict.add(hit, leaf.path)
                        if value.unjudgeable:
                            verdict.unjudgeable[leaf.path] = role
        return found


def sample(sizes: Mapping[str, int], size: int, seed: int | str) -> dict[str, Rows]:
    """Draw rows from all shards together, each equally likely.

    Args:
        sizes: by shard, how many rows it has.
        size: how many rows to draw; all where there are fewer.
        seed: the same seed draws the same rows.

    Returns:
        By shard, the rows drawn, ascending; a shard that none was drawn from is in it too.
    """
    names = sorted(sizes)
    ends = np.cumsum([0, *(sizes[name] for name in names)])
    total = int(ends[-1])
    # No secret is made of it: whoever reads the report must be able to draw the same rows.
    drawn = random.Random(seed).sample(range(total), min(size, total))  # noqa: S311
    places = np.sort(np.array(drawn, np.int64))
    cuts = np.searchsorted(places, ends)
    return {
        name: places[cuts[n] : cuts[n + 1]] - ends[n] for n, name in enumerate(names)
    }


def batches_with(
    reader: ShardReader, columns: Sequence[str] | None, wanted: Rows | None
) -> Iterator[Batch]:
    """The batches of a shard that hold rows that are wanted; all by default."""
    if wanted is None:
        yield from reader.batches(columns)
        return
    groups = [
        group.index
        for group in reader.row_groups
        if np.searchsorted(wanted, group.first_row)
        < np.searchsorted(wanted, group.first_row + group.rows)
    ]
    for batch in reader.batches(columns, row_groups=groups):
        low, high = np.searchsorted(wanted, [batch.first_row, batch.first_row + batch.rows])
        if low < high:
            yield batch
