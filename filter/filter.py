"""Judging rows that are in memory already: batches of Arrow, and Hugging Face datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from optout.registry.errors import UsageError
from optout.registry.snapshot import Snapshot

from .columns import Leaf, Sample, carries, detect, is_below, leaf_types
from .errors import NothingMatchable
from .judge import Examiner, Findings, Policy, Verdict, give_verdicts

KEEP = "keep"

VERDICT_TYPE = pa.struct(
    [
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("entry", pa.int64()),
        pa.field("leaf", pa.string()),
        pa.field("distance", pa.int32()),
    ]
)
"""What `Filter.judge` says of a row."""


class Filter:
    """Judges rows one batch at a time; picklable, and the same in every process.

    Args:
        snapshot: what is opted out: open, or where it lies.
        columns: by role (`url`, `image`, `text`, `account:github` …), the paths to look at, such
            as `images[].src` and `metadata{}.url`. Where None, columns are known by name and type
            alone, so that a verdict never depends on a row's neighbours; what stands in JSON has
            to be said.
        policy: which entries are obeyed; nothing is held, because holding needs the whole corpus.

    Raises:
        UsageError: there is no such role.
    """

    def __init__(
        self,
        snapshot: Snapshot | str | Path,
        columns: Mapping[str, Sequence[str]] | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._snapshot = Snapshot.of(snapshot)
        self._policy = policy or Policy().suited_to(self._snapshot)
        self._said: tuple[Leaf, ...] | None = None
        if columns is not None:
            said = {
                Leaf.of(path, role)
                for role, paths in columns.items()
                for path in ([paths] if isinstance(paths, str) else paths)
            }
            self._said = tuple(sorted(said))
        self._examiners: dict[tuple[Leaf, ...], Examiner] = {}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_examiners": {}}

    def judge(self, batch: pa.RecordBatch) -> pa.StructArray:
        """Give every row its verdict.

        Args:
            batch: some rows; other columns than those that are looked at may be missing.

        Returns:
            One struct a row: `verdict` (`keep`, `drop`, `quarantine`), `kind`, `entry`, `leaf` and
            `distance` of what decided it; null where nothing did.

        Raises:
            NothingMatchable: the batch has none of the columns, or none for a role that was given.
        """
        leaves = self._leaves(batch.schema)
        if leaves not in self._examiners:
            self._examiners[leaves] = Examiner(self._snapshot, self._policy, leaves)
        found = self._examiners[leaves].examine(batch)
        return _structs(found, leaves, self._policy, batch.num_rows)

    def __call__(self, batch: Mapping[str, Sequence[Any]] | pa.Table) -> list[bool]:
        """Which rows stay: for `datasets.Dataset.filter(f, batched=True)`.

        Args:
            batch: columns by name, or a table where the dataset's format is `arrow`.

        Raises:
            NothingMatchable: as `judge`.
            UsageError: the columns are single values, of unequal length, or not as Arrow has them.
        """
        table = batch if isinstance(batch, pa.Table) else self._table(batch)
        self._leaves(table.schema)  # a table without rows has no batch that would be judged
        return [
            verdict == KEEP
            for part in table.to_batches()
            for verdict in self.judge(part).field("verdict").to_pylist()
        ]

    def _table(self, batch: Mapping[str, Sequence[Any]]) -> pa.Table:
        """Columns as Arrow: those that were said, or all that can be one."""
        said = None if self._said is None else [leaf.path for leaf in self._said]
        columns: dict[str, pa.Array] = {}
        for name in batch:
            if said is None or any(is_below(path, name) for path in said):
                array = _array(name, batch[name])
                if array is not None:
                    columns[name] = array
                elif said is not None:
                    raise UsageError(
                        f"the values of {name} are neither text nor bytes",
                        "Leave pictures undecoded: cast the column to Image(decode=False).",
                    )
        if len({len(array) for array in columns.values()}) > 1:
            raise UsageError("the columns of the batch are of unequal length", "")
        return pa.table(columns)

    def _leaves(self, schema: pa.Schema) -> tuple[Leaf, ...]:
        if self._said is None:
            detected = detect([Sample(schema)])
            there = tuple(Leaf(c.path, c.role) for c in detected if c.role is not None)
            lacking = [] if there else [f"{c.path} ({c.why})" for c in detected]
        else:
            there = tuple(leaf for leaf in self._said if carries(schema, leaf))
            roles = {leaf.role for leaf in there}
            lacking = [_absent(leaf, schema) for leaf in self._said if leaf.role not in roles]
        if lacking or not there:
            raise NothingMatchable(
                f"the batch cannot be judged: {'; '.join(lacking) or 'it has no column'}",
                "Say what its columns hold: Filter(snapshot, columns={'url': ['name']}).",
            )
        return there


def _absent(leaf: Leaf, schema: pa.Schema) -> str:
    kinds = leaf_types(schema, leaf)
    if not kinds:
        return f"there is no column {leaf.path}"
    return f"{leaf.path} is of type {kinds[0]}, which cannot be read as {leaf.role}"


def _array(name: str, values: Sequence[Any]) -> pa.Array | None:
    """A column as Arrow; None where its values are nothing that Arrow knows."""
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise UsageError(
            f"{name} is one value and not a column", "Judge whole batches: batched=True."
        )
    try:
        array = pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _structs(found: Findings, leaves: Sequence[Leaf], policy: Policy, rows: int) -> pa.StructArray:
    verdicts = give_verdicts(found.found, leaves, policy)
    decided = np.concatenate([verdicts.dropped, verdicts.quarantined])
    words = np.full(rows, KEEP, object)
    words[verdicts.dropped] = Verdict.DROP.word
    words[verdicts.quarantined] = Verdict.QUARANTINE.word
    # Of every row the place of the reason that decided; null where nothing speaks about it.
    place = np.full(rows, -1, np.int64)
    place[decided] = verdicts.deciding
    reasons = verdicts.matches(leaves).take(pa.array(place, mask=place < 0))
    columns = {name: reasons[name].combine_chunks() for name in reasons.column_names}
    columns["verdict"] = pa.array(words, pa.string())
    return pa.StructArray.from_arrays(
        [columns[field.name].cast(field.type) for field in VERDICT_TYPE], fields=list(VERDICT_TYPE)
    )
