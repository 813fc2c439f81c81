"""What is opted out: hashed identifiers and perceptual hashes in an append-only log.

    from optout.registry import Registry, Snapshot, Identifier

Names are loaded when they are first asked for: a program that only reads a snapshot does not pay
for a database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .identifiers import Identifier
    from .registry import Registry
    from .snapshot import Snapshot

_HOMES = {"Identifier": "identifiers", "Registry": "registry", "Snapshot": "snapshot"}

__all__ = ["Identifier", "Registry", "Snapshot"]


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
