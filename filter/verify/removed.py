"""With the inputs at hand: OUT is each of them without what went, and what went had to go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from optout.filter.parquet import ShardReader

from .comparison import Difference
from .hashing import Hashing
from .held import Holding
from .inputs import Inputs, unlike
from .judging import Judge, Leaves, RowVerdict
from .lanes import Task, in_order
from .leaves import Rows
from .papers import Papers, faults
from .reference import Reference
from .report import Finding, counted
from .segments import segments
from .shares import Part, Shares, only

Tell = Callable[[int, str], None]


@dataclass
class InputCheck:
    """Holds OUT and the quarantine against the inputs, and judges the rows that went.

    Attributes:
        papers: what the run says.
        inputs: the files that were filtered.
        judge: looks rows up.
        reference: judges the sample again.
        holding: what is held; hears of grades.
        planned: the leaves of the plan.
        hashing: hashes the inputs of which a digest is recorded.
        workers: how many threads look.
        same: gets where OUT is not its input without what went, and words.
        drops: gets rows that went and need not have gone, and words.
    """

    papers: Papers
    inputs: Inputs
    judge: Judge
    reference: Reference
    holding: Holding
    planned: Leaves
    hashing: Hashing
    workers: int
    same: Finding
    drops: Finding
    _shards: int = 0
    _rows: int = 0
    _removed: int = 0
    _gone: int = 0

    def look(self, drawn: Mapping[str, Rows | None], tell: Tell) -> None:
        """Compare every shard with its input.

        Args:
            drawn: by shard, of the rows that went, those of the sample, by their place among them;
                all where None.
            tell: hears of rows that are done.
        """
        parts = in_order(self._tasks(drawn), self.workers)
        for shard, own in groupby(parts, key=lambda part: part.shard):
            matches = self.papers.matches(shard)
            claims = None if matches is None else _Claims(matches)
            told: set[str] = set()
            with faults(self.same, shard, shard):
                for part in own:
                    if part.fault is not None:
                        raise part.fault
                    if part.difference is not None and part.difference[0] not in told:
                        told.add(part.difference[0])
                        self._tell_difference(shard, *part.difference)
                    if part.went is not None and claims is not None:
                        self._take(part, part.went, claims)
                    if part.done is not None:
                        self._end(shard, *part.done)
                    if part.rows:
                        tell(part.rows, shard)

    def _end(self, shard: str, rows: int, path: Path) -> None:
        recorded = self.papers.records[shard].source.sha256
        if recorded is not None and self.hashing.sha256(path) != recorded:
            self.same.fault(unlike(path, shard), shard=shard)
        self._shards += 1
        self._rows += rows

    def _tasks(self, drawn: Mapping[str, Rows | None]) -> Iterator[Task[Part]]:
        for shard in sorted(self.papers.records):
            source = self.papers.records[shard].source
            found = self.inputs.claim(shard, source)
            if isinstance(found, str):
                self.same.fault(found, shard=shard)
                continue
            removed, matches = self.papers.removed(shard), self.papers.matches(shard)
            if removed is None or matches is None:
                self.same.fault(f"{shard}: what went is not known", shard=shard)
                continue
            if source.sha256 is not None:
                self.hashing.begin([found])
            wanted = drawn[shard]
            if wanted is not None:
                wanted = removed[wanted]
            try:
                yield from self._parts(shard, found, removed, _Claims(matches), wanted)
            except Exception as fault:
                yield partial(only, Part(shard, fault=fault))

    def _parts(
        self, shard: str, path: Path, removed: Rows, claims: _Claims, wanted: Rows | None
    ) -> Iterator[Task[Part]]:
        """The parts of a shard: where OUT has a border too, and the quarantine."""
        with ExitStack() as stack:
            source = stack.enter_context(ShardReader(path, str(path)))
            shares = Shares(shard, source, removed, wanted, self.judge)
            output = None
            if shard in self.papers.out.files:
                output = self._side(shard, shard, self.papers.out.files[shard], source, stack)
            if output is None:
                # Where nothing was written nothing can differ: what went is judged.
                yield from (shares.judging(group) for group in source.row_groups)
            else:
                ends = np.array([group.first_row + group.rows for group in source.row_groups])
                kept = np.diff(ends - np.searchsorted(removed, ends), prepend=0)
                rows = [group.rows for group in output.row_groups]
                for segment in segments(kept.tolist(), rows):
                    yield shares.comparing(segment, output)
            name = self.papers.names.quarantine(shard)
            if name in self.papers.beside.files:
                called, file = self.papers.beside.called(name), self.papers.beside.files[name]
                aside = np.intersect1d(claims.rows[claims.aside], removed)
                reader = self._side(called, shard, file, source, stack)
                if reader is not None:
                    yield shares.holding_aside(called, reader, aside)
            yield partial(only, Part(shard, done=(source.rows, path)))

    def _side(
        self, called: str, shard: str, path: Path, source: ShardReader, stack: ExitStack
    ) -> ShardReader | None:
        """A file whose rows must be some of the input's; None where its columns are others."""
        reader = stack.enter_context(ShardReader(path, called))
        unlike_it = _unlike(source.schema, reader.schema)
        if unlike_it:
            self.same.fault(f"{called} {unlike_it}", shard=shard)
            return None
        return reader

    def _tell_difference(self, shard: str, called: str, found: Difference) -> None:
        if found.source_row is None:
            words = f"{called} goes on at row {found.row}, where its input ends"
        elif found.column is None:
            words = f"{called} lacks row {found.source_row} of the input: it ends before"
        else:
            words = (
                f"{called} row {found.row}: {found.column} is not that of row "
                f"{found.source_row} of the input"
            )
        self.same.fault(words, shard=shard, row=found.row, leaf=found.column)

    def _take(self, part: Part, went: Rows, claims: _Claims) -> None:
        verdicts: dict[int, RowVerdict] = {}
        for judged in part.judged:
            self.reference.ask(
                part.shard, judged.looked, judged.verdicts, part.wanted, of_input=True, went=True
            )
            verdicts |= judged.verdicts
        claimed = claims.of(int(went[0]), int(went[-1]))
        for row in went.tolist():
            self._hold(part.shard, row, verdicts.get(row, RowVerdict()), claimed.get(row, []))
        self._removed += len(went)

    def conclude(self) -> None:
        """Say what was done, and name the inputs that nothing was made from."""
        for path in self.inputs.unclaimed:
            self.same.fault(f"no shard was made from the input {path}")
        how = (
            "each the one that its mask was made for"
            if self.papers.masked
            else "compared bit by bit and in order"
        )
        self.same.say(f"{counted(self._shards, 'input')} of {counted(self._rows, 'row')} {how}")
        self.drops.say(f"{counted(self._removed, 'row')} that went, every one judged")
        if self._gone:
            self.drops.say(
                f"{counted(self._gone, 'match', 'matches')} with entries that are gone since: what "
                "these covered cannot be told any more"
            )

    def _hold(
        self, shard: str, row: int, verdict: RowVerdict, claimed: list[Mapping[str, Any]]
    ) -> None:
        """Hold what the matches say of a row that went against what is found in it."""
        where = f"{shard} row {row} of the input"
        broken = {leaf for leaf, role in verdict.unjudgeable if role in self._roles(leaf)}
        for claim in claimed:
            entry, leaf = claim["entry"], claim["leaf"]
            hit = None if entry is None else verdict.hits.get((entry, leaf))
            if entry is None:
                if leaf not in broken:
                    self.drops.fault(
                        f"{where} went, and its {leaf} can be judged",
                        shard=shard,
                        row=row,
                        leaf=leaf,
                    )
                elif claim["verdict"] not in self._actions(leaf, verdict):
                    self.drops.fault(
                        f"{where} went because its {leaf} cannot be judged, and the policy does "
                        f"not {claim['verdict']} such rows",
                        shard=shard,
                        row=row,
                        leaf=leaf,
                    )
            elif hit is not None and not hit.since and _says(claim, hit.kind, hit.distance):
                self.holding.grade(hit)
            elif entry in self.holding.gone:
                self._gone += 1
            else:
                distance = claim["distance"]
                near = "" if distance is None else f", distance {distance}"
                self.drops.fault(
                    f"{where} went for entry {entry} ({claim['kind']}{near}), "
                    f"which its {leaf} does not meet so",
                    shard=shard,
                    row=row,
                    entry=entry,
                    kind=claim["kind"],
                    distance=distance,
                    leaf=leaf,
                )
        known = {claim["entry"] for claim in claimed}
        for hit, leaf in verdict.binding():
            if hit.entry not in known and self._roles(leaf):
                self.drops.fault(
                    f"{where} meets {hit.words}, and the matches do not say so",
                    shard=shard,
                    row=row,
                    leaf=leaf,
                    **hit.facts,
                )

    def _actions(self, leaf: str, verdict: RowVerdict) -> set[str]:
        """What the policy does with a row for what cannot be judged in a leaf."""
        policy = self.holding.eligibility.policy
        broken = {role for at, role in verdict.unjudgeable if at == leaf}
        return {policy.action(role) for role in broken & self._roles(leaf)}

    def _roles(self, leaf: str) -> frozenset[str]:
        return self.planned.get(leaf, frozenset())


class _Claims:
    """What the matches of a shard say, by row."""

    def __init__(self, matches: pa.Table) -> None:
        order = np.argsort(matches["row"].to_numpy(), kind="stable")
        self._table = matches.take(pa.array(order))
        self.rows: Rows = self._table["row"].to_numpy()
        self.aside = pc.equal(self._table["verdict"], "quarantine").to_numpy()

    def of(self, first: int, last: int) -> dict[int, list[Mapping[str, Any]]]:
        """The claims about the rows from `first` to `last`, both included."""
        low, high = np.searchsorted(self.rows, [first, last + 1])
        found: dict[int, list[Mapping[str, Any]]] = {}
        for claim in self._table.slice(low, high - low).to_pylist():
            found.setdefault(claim["row"], []).append(claim)
        return found


def _says(claim: Mapping[str, Any], kind: str, distance: int | None) -> bool:
    return bool(claim["kind"] == str(kind) and claim["distance"] == distance)


def _unlike(source: pa.Schema, output: pa.Schema) -> str:
    """In words, how a schema differs from the one it should be; empty where it does not."""
    if source.names != output.names:
        return f"has the columns {', '.join(output.names)}, its input {', '.join(source.names)}"
    for one, other in zip(source, output, strict=True):
        if not one.equals(other):
            return f"has {other.name} as {other.type}, its input as {one.type}"
        if not one.equals(other, check_metadata=True):
            return f"has other metadata of {other.name} than its input"
    return "" if source.equals(output, check_metadata=True) else "has other metadata than its input"
