"""What can be matched in a corpus, before anything is filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optout.filter.columns import DetectedColumn

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Reach:
    """What entries of one kind can find in the corpus.

    Attributes:
        kind: the kind.
        columns: the paths through which it finds rows; empty where it cannot.
        entries: how many the snapshot holds; None where no snapshot was given.
        text: the same in a sentence, with what it cannot find.
    """

    kind: str
    columns: Sequence[str]
    entries: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a corpus holds, and what can be matched in it.

    Attributes:
        shards: how many there are.
        rows: how many rows they have.
        columns: every column of every schema, with its role or without.
        reach: what each kind can find.
        unreadable: shards that cannot be read, each with the reason.
    """

    shards: int
    rows: int
    columns: Sequence[DetectedColumn]
    reach: Sequence[Reach]
    unreadable: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """The inspection as `optout inspect --json` prints it."""
        return asdict(self)


def inspect_dataset(
    inputs: str | Path | Sequence[str | Path], snapshot: Snapshot | None = None
) -> Inspection:
    """Look at a corpus: its columns, their roles, and what each kind of entry can reach.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`.
        snapshot: where given, the entries of each kind are counted.

    Raises:
        UsageError: an input is absent.
    """
    raise NotImplementedError
