"""Why a row went, or stayed: what the evidence says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry that met a row, or one value of it that could not be judged.

    Attributes:
        verdict: `drop`, `quarantine` or `held`.
        kind: the entry's kind; None where a value could not be judged.
        entry: the entry's number; None where a value could not be judged.
        grade: how the entry's claim was proved.
        leaf: the path of the column.
        distance: bits between the picture and the entry; images only.
    """

    verdict: str
    kind: str | None
    entry: int | None
    grade: str | None
    leaf: str
    distance: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a row, and why.

    Attributes:
        shard: the shard's name.
        row: in the input, counted from 0.
        verdict: `keep`, `drop` or `quarantine`.
        reasons: everything that spoke about the row, the deciding one first.
        text: the same in a sentence.
    """

    shard: str
    row: int
    verdict: Literal["keep", "drop", "quarantine"]
    reasons: Sequence[Reason]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def explain_row(out: str | Path, shard: str, row: int) -> Explanation:
    """Say why a row of the input went, or that it stayed.

    Args:
        out: the folder that a run made; its evidence lies beside it.
        shard: the shard's name.
        row: in the input, counted from 0.

    Raises:
        UsageError: there is no such shard or row.
        EvidenceError: the evidence is missing or damaged.
    """
    raise NotImplementedError
