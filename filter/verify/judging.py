"""Rows of a shard, judged leaf by leaf, and the rows of a sample, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
from optout.filter.parquet import Batch
from optout.registry.identifiers import Kind

from .forms import looks_like
from .hits import Hit, Index
from .inside import MARK, REST, look_at_rest, look_inside, wants
from .leaves import Rows, Values, column_of, leaf_values
from .policy import Eligibility
from .roles import IMAGE
from .traits import UNJUDGEABLE, Traits, traits_of

Leaves = Mapping[str, frozenset[str]]
"""By the path of a leaf: the roles in which its values are judged."""


ROWS_AT_ONCE = 1 << 13
"""A batch of short values has many rows, and the keys of one row are larger than the row."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One leaf of some rows, in one role.

    Attributes:
        leaf: its path.
        role: what its values are taken for.
        rows: int64[n], the row of the shard that each value belongs to.
        which: int64[n], for each value its position in `traits`.
        traits: what the values are looked up by; equal addresses and digests once.
    """

    leaf: str
    role: str
    rows: Rows
    which: Rows
    traits: Sequence[Traits]


@dataclass(slots=True)
class RowVerdict:
    """What is said of one row.

    Attributes:
        hits: by entry and leaf, the hit.
        unjudgeable: the leaves whose value could not be judged, each with its role.
    """

    hits: dict[tuple[int, str], Hit] = field(default_factory=dict)
    unjudgeable: set[tuple[str, str]] = field(default_factory=set)

    def add(self, hit: Hit, leaf: str) -> None:
        """Take a hit into account; of several in one leaf the nearest counts."""
        known = self.hits.get((hit.entry, leaf))
        if known is None or (hit.distance or 0) < (known.distance or 0):
            self.hits[hit.entry, leaf] = hit

    def nearest(self) -> list[tuple[Hit, str]]:
        """Every entry once, where it is nearest, in the order of the entries."""
        found: dict[int, tuple[Hit, str]] = {}
        for (entry, leaf), hit in sorted(self.hits.items(), key=lambda item: item[0]):
            known = found.get(entry)
            if known is None or (hit.distance or 0) < (known[0].distance or 0):
                found[entry] = (hit, leaf)
        return list(found.values())

    def binding(self, held: Iterable[int] = ()) -> list[tuple[Hit, str]]:
        """The hits for which the row had to go."""
        passed = set(held)
        return [(h, leaf) for h, leaf in self.nearest() if not h.since and h.entry not in passed]


class Judge:
    """Judges rows by every leaf that can be matched.

    Args:
        index: looks values up.
        eligibility: says which kinds are looked for.
        leaves: which leaves, and as what.
    """

    def __init__(self, index: Index, eligibility: Eligibility, leaves: Leaves) -> None:
        self._index = index
        self._perceptual = eligibility.judges(Kind.IMAGE)
        self.leaves = leaves

    def columns(self, schema: pa.Schema) -> list[str]:
        """The columns of a shard that hold something to judge."""
        found = (column_of(path, schema) for path in self.leaves)
        return sorted({column for column in found if column is not None})

    def judge(
        self, batch: Batch, wanted: Rows | None = None
    ) -> Iterator[tuple[list[Looked], dict[int, RowVerdict]]]:
        """Judge the rows of a batch, some at a time.

        Args:
            batch: some rows of a shard; columns that hold nothing to judge may be missing.
            wanted: the rows to judge, by their number in the shard; all by default.

        Yields:
            What the values of some rows are looked up by, and what was found in these rows.
        """
        for start in range(0, batch.rows, ROWS_AT_ONCE):
            rows = batch.data.slice(start, ROWS_AT_ONCE)
            looked = list(self.look(rows, batch.first_row + start, wanted))
            yield looked, self.verdicts(looked)

    def look(
        self, batch: pa.RecordBatch, first_row: int, wanted: Rows | None = None
    ) -> Iterator[Looked]:
        """What the values of a batch are looked up by.

        Args:
            batch: some rows of a shard; columns that hold nothing to judge may be missing.
            first_row: the number of its first row in the shard.
            wanted: the rows to look at, by their number in the shard; all by default.
        """
        for leaf in leaf_values(batch, first_row):
            yield from self._leaf(leaf, wanted)

    def _leaf(self, leaf: Values, wanted: Rows | None) -> Iterator[Looked]:
        """A leaf in each of its roles, and what stands inside its values."""
        for role in sorted(self.leaves.get(leaf.path, ())):
            yield self._look(leaf, role, wanted)
        rest = sorted(self.leaves.get(leaf.path + REST, ()))
        if not rest and not wants(self.leaves, leaf.path):
            return
        if wanted is not None:
            chosen = np.isin(leaf.rows, wanted)
            leaf = Values(leaf.path, leaf.values.filter(pa.array(chosen)), leaf.rows[chosen])
        for role in rest:
            yield self._look(look_at_rest(leaf, partial(looks_like, role), self.leaves), role, None)
        if not wants(self.leaves, leaf.path):
            return
        inside = look_inside(leaf, self._leads)
        for inner in inside.leaves:
            yield from self._leaf(inner, None)
        if len(inside.broken):
            nothing = np.zeros(len(inside.broken), np.int64)
            for path, roles in sorted(self.leaves.items()):
                if path.startswith(leaf.path + MARK) and not path.endswith(REST):
                    for role in sorted(roles):
                        yield Looked(path, role, inside.broken, nothing, [UNJUDGEABLE])

    def _leads(self, path: str) -> bool:
        return path in self.leaves or wants(self.leaves, path)

    def _look(self, leaf: Values, role: str, wanted: Rows | None) -> Looked:
        there = leaf.values.is_valid().to_numpy(zero_copy_only=False)
        if wanted is not None:
            there &= np.isin(leaf.rows, wanted)
        values, rows = leaf.values.filter(pa.array(there)), leaf.rows[there]
        if role == IMAGE:
            which = np.arange(len(rows), dtype=np.int64)
        else:
            folded = values.dictionary_encode()
            which = folded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            values = folded.dictionary
        # One value at a time: a batch of pictures is never there twice.
        traits = [traits_of(role, v.as_py(), perceptual=self._perceptual) for v in values]
        return Looked(leaf.path, role, rows, which, traits)

    def verdicts(self, looked: Iterable[Looked]) -> dict[int, RowVerdict]:
        """Judge what was looked at.

        Returns:
            By row, what was found; a row without any finding is not in it.
        """
        found: dict[int, RowVerdict] = {}
        for leaf in looked:
            met = self._index.meet(leaf.traits)
            telling = [bool(h) or t.unjudgeable for h, t in zip(met, leaf.traits, strict=True)]
            chosen = np.flatnonzero(np.array(telling, bool)[leaf.which])
            for row, n in zip(leaf.rows[chosen].tolist(), leaf.which[chosen].tolist(), strict=True):
                verdict = found.setdefault(row, RowVerdict())
                for hit in met[n]:
                    verdict.add(hit, leaf.leaf)
                if leaf.traits[n].unjudgeable:
                    verdict.unjudgeable.add((leaf.leaf, leaf.role))
        return found


def draw_rows(sizes: Mapping[str, int], size: int, seed: int | str) -> dict[str, Rows]:
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
    return {name: places[cuts[n] : cuts[n + 1]] - ends[n] for n, name in enumerate(names)}
