"""With the inputs at hand: OUT is each of them without what went, and what went had to go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from optout.filter.parquet import Batch, ShardReader

from .comparison import Comparator, kept_rows
from .held import Holding
from .inputs import Inputs
from .judging import Judge, Leaves, RowVerdict
from .leaves import Rows
from .papers import Papers, faults
from .reference import Reference
from .report import Finding, counted

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
        same: gets where OUT is not its input without what went, and words.
        drops: gets rows that went and need not have gone, and words.
    """

    papers: Papers
    inputs: Inputs
    judge: Judge
    reference: Reference
    holding: Holding
    planned: Leaves
    same: Finding
    drops: Finding
    _shards: int = 0
    _rows: int = 0
    _removed: int = 0
    _gone: int = 0

    def look(self, shard: str, wanted: Rows | None, tell: Tell) -> None:
        """Compare a shard with its input.

        Args:
            shard: its name; its record was read.
            wanted: of the rows that went, those of the sample, by their place among them; all
                where None.
            tell: hears of rows that are done.
        """
        source = self.papers.records[shard].source
        found = self.inputs.claim(shard, source.size, source.sha256)
        if isinstance(found, str):
            self.same.fault(found, shard=shard)
            return
        removed, matches = self.papers.removed(shard), self.papers.matches(shard)
        if removed is None or matches is None:
            self.same.fault(f"{shard}: what went is not known", shard=shard)
            return
        claims = _Claims(matches)
        if wanted is not None:
            wanted = removed[wanted]
        with faults(self.same, shard, shard), ShardReader(found, str(found)) as reader:
            with ExitStack() as stack:
                sides = self._sides(shard, reader.schema, removed, claims, stack)
                # Where nothing was written nothing can differ: what is judged is enough.
                masked = self.papers.masked
                columns = self.judge.columns(reader.schema) if masked else None
                for batch in reader.batches(columns):
                    for side in sides:
                        side.expect(batch)
                    self._judge(shard, batch, removed, claims, wanted)
                    tell(batch.rows, shard)
                for side in sides:
                    side.finish()
            self._shards += 1
            self._rows += reader.rows

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

    def _sides(
        self, shard: str, schema: pa.Schema, removed: Rows, claims: _Claims, stack: ExitStack
    ) -> list[_Side]:
        """What must follow from the input: OUT, and the quarantine."""
        files: list[tuple[str, Path, Keep]] = []
        if shard in self.papers.out.files:
            files.append((shard, self.papers.out.files[shard], lambda b: _kept(b, removed)))
        name = self.papers.names.quarantine(shard)
        if name in self.papers.beside.files:
            aside = np.intersect1d(claims.rows[claims.aside], removed)
            called, path = self.papers.beside.called(name), self.papers.beside.files[name]
            files.append((called, path, lambda b: ~_kept(b, aside)))
        sides = []
        for called, path, keep in files:
            reader = stack.enter_context(ShardReader(path, called))
            unlike = _unlike(schema, reader.schema)
            if unlike:
                self.same.fault(f"{called} {unlike}", shard=shard)
            else:
                sides.append(_Side(called, shard, reader, keep, self.same))
        return sides

    def _judge(
        self, shard: str, batch: Batch, removed: Rows, claims: _Claims, wanted: Rows | None
    ) -> None:
        low, high = np.searchsorted(removed, [batch.first_row, batch.first_row + batch.rows])
        rows = removed[low:high]
        if not len(rows):
            return
        verdicts: dict[int, RowVerdict] = {}
        for looked, found in self.judge.judge(batch, rows):
            self.reference.ask(shard, looked, found, wanted, of_input=True, went=True)
            verdicts |= found
        claimed = claims.of(int(rows[0]), int(rows[-1]))
        for row in rows.tolist():
            self._hold(shard, row, verdicts.get(row, RowVerdict()), claimed.get(row, []))
        self._removed += len(rows)

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


Keep = Callable[[Batch], npt.NDArray[np.bool_]]


class _Side:
    """A file whose rows must be some of the input's, bit by bit and in order."""

    def __init__(
        self, called: str, shard: str, reader: ShardReader, keep: Keep, finding: Finding
    ) -> None:
        self._called = called
        self._shard = shard
        self._keep = keep
        self._finding = finding
        self._comparator = Comparator(batch.data for batch in reader.batches())

    def expect(self, batch: Batch) -> None:
        self._comparator.expect(batch.data, batch.first_row, self._keep(batch))

    def finish(self) -> None:
        self._comparator.finish()
        found = self._comparator.difference
        if found is None:
            return
        if found.source_row is None:
            words = f"{self._called} goes on at row {found.row}, where its input ends"
        elif found.column is None:
            words = f"{self._called} lacks row {found.source_row} of the input: it ends before"
        else:
            words = (
                f"{self._called} row {found.row}: {found.column} is not that of row "
                f"{found.source_row} of the input"
            )
        self._finding.fault(words, shard=self._shard, row=found.row, leaf=found.column)


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


def _kept(batch: Batch, removed: Rows) -> npt.NDArray[np.bool_]:
    return kept_rows(batch.first_row, batch.rows, removed)


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
