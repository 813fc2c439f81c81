"""A run: plan, scan, decide, write. It can be stopped at any moment and goes on where it was."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .inputs import Shard, discover
from .progress import Progress
from .report import FailedShard, Held, RunReport, ShardOutcome
from .storage import LocalStorage, Storage

if TYPE_CHECKING:
    from .apply import apply_masks
    from .explain import Explanation, explain_row
    from .inspect import Inspection, inspect_dataset
    from .masked import MaskedDataset, MaskedShard, open_masked
    from .run import filter_dataset
    from .workers import Tell, do_all

_HOMES = {
    "Explanation": "explain",
    "explain_row": "explain",
    "Inspection": "inspect",
    "MaskedDataset": "masked",
    "MaskedShard": "masked",
    "apply_masks": "apply",
    "inspect_dataset": "inspect",
    "filter_dataset": "run",
    "open_masked": "masked",
    "Tell": "workers",
    "do_all": "workers",
}

__all__ = [
    "Explanation",
    "FailedShard",
    "Held",
    "Inspection",
    "LocalStorage",
    "MaskedDataset",
    "MaskedShard",
    "Progress",
    "RunReport",
    "Shard",
    "ShardOutcome",
    "Storage",
    "Tell",
    "apply_masks",
    "discover",
    "do_all",
    "explain_row",
    "filter_dataset",
    "inspect_dataset",
    "open_masked",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    """Load a public name where it lives: finding inputs does not pay for pictures."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
