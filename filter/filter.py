"""Judging rows that are in memory already: batches of Arrow, and Hugging Face datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .judge import Policy

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


class Filter:
    """Judges rows one batch at a time; picklable, and the same in every process.

    Args:
        snapshot: what is opted out.
        columns: by role (`url`, `image`, `sha256`), the paths to look at. Where None, columns are
            known by name and type alone, so that a verdict never depends on a row's neighbours.
        policy: which entries are obeyed; nothing is held, because holding needs the whole corpus.

    Raises:
        UsageError: there is no such role.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        columns: Mapping[str, Sequence[str]] | None = None,
        policy: Policy | None = None,
    ) -> None:
        raise NotImplementedError

    def judge(self, batch: pa.RecordBatch) -> pa.StructArray:
        """Give every row its verdict.

        Returns:
            One struct a row: `verdict` (`keep`, `drop`, `quarantine`), `kind`, `entry`, `leaf` and
            `distance` of what decided it; null where nothing did.

        Raises:
            NothingMatchable: the batch has none of the columns.
        """
        raise NotImplementedError

    def __call__(self, batch: Mapping[str, Sequence[Any]] | pa.Table) -> list[bool]:
        """Which rows stay: for `datasets.Dataset.filter(f, batched=True)`."""
        raise NotImplementedError
