"""Rows of a shard, judged leaf by leaf, and the rows of a sample, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pyarrow as pa
from optout.registry.identifiers import Kind

from .forms import looks_like
from .hits import Hit, Index
from .inside import MARK, REST, look_at_rest, look_inside, wants
from .leaves import Rows, Values, column_of, is_among, leaf_values
from .pointing import Pointed, Pointer
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
        rows: int64[n], the row of the shard that each value belongs to, ascending.
        which: int64[n], for each value its position in `traits`.
        traits: what the values are looked up by; equal addresses and digests once.
        pointed: what the kernels say of each value; None where they were not asked.
    """

    leaf: str
    role: str
    rows: Rows
    which: Rows
    traits: Sequence[Traits]
    pointed: Pointed | None = None


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One leaf of some rows, in one role: the values that are looked at closely.

    Attributes:
        leaf: its path.
        role: what its values are taken for.
        rows: int64[n], the row of the shard that each value belongs to, ascending.
        values: those, none null; None where they are documents that cannot be read.
        pointed: what the kernels say of each; None where they were not asked.
    """

    leaf: str
    role: str
    rows: Rows
    values: pa.LargeBinaryArray | None
    pointed: Pointed | None

    def between(self, first: int, behind: int) -> _Chosen:
        """The part of it that lies in rows from `first` on, `behind` the first not any more."""
        low, high = np.searchsorted(self.rows, [first, behind])
        return _Chosen(
            self.leaf,
            self.role,
            self.rows[low:high],
            None if self.values is None else self.values.slice(low, high - low),
            None if self.pointed is None else self.pointed.some(np.arange(low, high)),
        )


@dataclass(frozen=True, slots=True)
class Slip:
    """A value of which a kernel says something else than the reference.

    Attributes:
        row: of the shard.
        leaf: the value's path.
        hit: an entry that it meets, and that the kernel passes over; None where the two differ in
            whether the value can be judged.
        broken: whether the reference says that it cannot.
    """

    row: int
    leaf: str
    hit: Hit | None
    broken: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of some rows.

    Attributes:
        looked: what their values are looked up by; of rows that no kernel points at and that no
            sample holds, nothing.
        verdicts: by row, what was found; a row without any finding is not in it.
        slips: where the kernels are wrong.
    """

    looked: Sequence[Looked]
    verdicts: Mapping[int, RowVerdict]
    slips: Sequence[Slip] = ()

    @property
    def weight(self) -> int:
        """How many values there are."""
        return sum(len(leaf.rows) for leaf in self.looked)


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
        pointer: asks the kernels which values are worth looking up; all are where None.
    """

    def __init__(
        self,
        index: Index,
        eligibility: Eligibility,
        leaves: Leaves,
        pointer: Pointer | None = None,
    ) -> None:
        self._index = index
        self._perceptual = eligibility.judges(Kind.IMAGE)
        self._by_pdq = index.needs_pdq
        self._pointer = pointer
        self.leaves = leaves

    def columns(self, schema: pa.Schema) -> list[str]:
        """The columns of a shard that hold something to judge."""
        found = (column_of(path, schema) for path in self.leaves)
        return sorted({column for column in found if column is not None})

    def judge(
        self, leaves: Iterable[Values], wanted: Rows | None = None, *, pointing: bool = True
    ) -> Iterator[Judged]:
        """Judge rows, some at a time.

        Args:
            leaves: of the rows; those that hold nothing to judge are passed over.
            wanted: the rows whose values are all looked up, by their number in the shard, whatever
                the kernels say of them; all rows where None.
            pointing: whether the kernels are asked at all.
        """
        pointer = self._pointer if pointing else None
        chosen = [one for leaf in leaves for one in self._leaf(leaf, wanted, pointer)]
        rows = np.unique(np.concatenate([np.empty(0, np.int64), *(one.rows for one in chosen)]))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            first, behind = int(some[0]), int(some[-1]) + 1
            looked = [self._look(one.between(first, behind)) for one in chosen]
            yield self.judged(looked)

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
            if wanted is not None:
                leaf = leaf.of(wanted)
            for one in self._leaf(leaf, None, None):
                yield self._look(one)

    def _leaf(
        self, leaf: Values, wanted: Rows | None, pointer: Pointer | None
    ) -> Iterator[_Chosen]:
        """A leaf in each of its roles, and what stands inside its values."""
        for role in sorted(self.leaves.get(leaf.path, ())):
            yield _choose(leaf, role, wanted, pointer)
        for role in sorted(self.leaves.get(leaf.path + REST, ())):
            rest = look_at_rest(leaf, partial(looks_like, role), self.leaves)
            yield _choose(rest, role, wanted, pointer)
        if not wants(self.leaves, leaf.path):
            return
        inside = look_inside(leaf, self._leads)
        for inner in inside.leaves:
            yield from self._leaf(inner, wanted, pointer)
        if len(inside.broken):
            for path, roles in sorted(self.leaves.items()):
                if path.startswith(leaf.path + MARK) and not path.endswith(REST):
                    for role in sorted(roles):
                        yield _Chosen(path, role, inside.broken, None, None)

    def _leads(self, path: str) -> bool:
        return path in self.leaves or wants(self.leaves, path)

    def _look(self, chosen: _Chosen) -> Looked:
        values, rows, leaf, role = chosen.values, chosen.rows, chosen.leaf, chosen.role
        if values is None:
            return Looked(leaf, role, rows, np.zeros(len(rows), np.int64), [UNJUDGEABLE])
        if role == IMAGE:
            which = np.arange(len(rows), dtype=np.int64)
        else:
            folded = values.dictionary_encode()
            which = folded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            values = folded.dictionary
        # One value at a time: a batch of pictures is never there twice.
        traits = [
            traits_of(role, v.as_py(), perceptual=self._perceptual, by_pdq=self._by_pdq)
            for v in values
        ]
        return Looked(leaf, role, rows, which, traits, chosen.pointed)

    def verdicts(self, looked: Iterable[Looked]) -> Mapping[int, RowVerdict]:
        """Judge what was looked at.

        Returns:
            By row, what was found; a row without any finding is not in it.
        """
        return self.judged(list(looked)).verdicts

    def judged(self, looked: Sequence[Looked]) -> Judged:
        """Judge what was looked at, and the kernels by it."""
        found: dict[int, RowVerdict] = {}
        slips: list[Slip] = []
        for leaf in looked:
            met = self._index.meet(leaf.traits)
            broken = np.array([traits.unjudgeable for traits in leaf.traits], bool)[leaf.which]
            covered = np.array(list(map(bool, met)), bool)[leaf.which]
            chosen = np.flatnonzero(covered | broken)
            for row, n in zip(leaf.rows[chosen].tolist(), leaf.which[chosen].tolist(), strict=True):
                verdict = found.setdefault(row, RowVerdict())
                for hit in met[n]:
                    verdict.add(hit, leaf.leaf)
                if leaf.traits[n].unjudgeable:
                    verdict.unjudgeable.add((leaf.leaf, leaf.role))
            if leaf.pointed is None:
                continue
            for place in np.flatnonzero(covered & ~leaf.pointed.at).tolist():
                row = int(leaf.rows[place])
                slips += [Slip(row, leaf.leaf, hit, False) for hit in met[leaf.which[place]]]
            for place in np.flatnonzero(broken != leaf.pointed.broken).tolist():
                slips.append(Slip(int(leaf.rows[place]), leaf.leaf, None, bool(broken[place])))
        return Judged(looked, found, slips)


def _choose(leaf: Values, role: str, wanted: Rows | None, pointer: Pointer | None) -> _Chosen:
    """The values that a kernel points at, and those of the rows that are wanted."""
    values, rows = leaf.values, leaf.rows
    if values.null_count:
        there = values.is_valid()
        values, rows = values.filter(there), rows[there.to_numpy(zero_copy_only=False)]
    pointed = None if pointer is None else pointer.look(role, values)
    if pointed is None or wanted is None:
        return _Chosen(leaf.path, role, rows, values, pointed)
    places = np.flatnonzero(pointed.at | is_among(rows, wanted))
    return _Chosen(
        leaf.path, role, rows[places], values.take(pa.array(places)), pointed.some(places)
    )


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
