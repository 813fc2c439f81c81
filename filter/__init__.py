"""What is taken out of a corpus: Parquet shards in, clean shards and evidence out.

    from optout.filter import Filter, Policy, filter_dataset, verify_dataset

Names are loaded when they are first asked for: a program that only reads a policy does not pay for
Parquet and pictures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .columns import Leaf
    from .errors import (
        EvidenceError,
        NothingMatchable,
        OutputConflict,
        PlanError,
        ShardError,
        SomeShardsFailed,
        StorageError,
    )
    from .filter import Filter
    from .judge import Policy
    from .run import (
        Explanation,
        Held,
        Inspection,
        MaskedDataset,
        MaskedShard,
        Progress,
        RunReport,
        ShardOutcome,
        apply_masks,
        explain_row,
        filter_dataset,
        inspect_dataset,
        open_masked,
    )
    from .verify import VerifyReport, verify_dataset

_HOMES = {
    "Leaf": "columns",
    "EvidenceError": "errors",
    "NothingMatchable": "errors",
    "OutputConflict": "errors",
    "PlanError": "errors",
    "ShardError": "errors",
    "SomeShardsFailed": "errors",
    "StorageError": "errors",
    "Filter": "filter",
    "Policy": "judge",
    "Explanation": "run",
    "Held": "run",
    "Inspection": "run",
    "MaskedDataset": "run",
    "MaskedShard": "run",
    "Progress": "run",
    "RunReport": "run",
    "ShardOutcome": "run",
    "apply_masks": "run",
    "explain_row": "run",
    "filter_dataset": "run",
    "inspect_dataset": "run",
    "open_masked": "run",
    "VerifyReport": "verify",
    "verify_dataset": "verify",
}

__all__ = [
    "EvidenceError",
    "Explanation",
    "Filter",
    "Held",
    "Inspection",
    "Leaf",
    "MaskedDataset",
    "MaskedShard",
    "NothingMatchable",
    "OutputConflict",
    "PlanError",
    "Policy",
    "Progress",
    "RunReport",
    "ShardError",
    "ShardOutcome",
    "SomeShardsFailed",
    "StorageError",
    "VerifyReport",
    "apply_masks",
    "explain_row",
    "filter_dataset",
    "inspect_dataset",
    "open_masked",
    "verify_dataset",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    """Load a public name where it lives."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__]
