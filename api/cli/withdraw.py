"""`optout withdraw`: entries that shall hold no longer."""

from __future__ import annotations

from .changes import change
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, Entries, RegistryAt, Why


def withdraw(
    entries: Entries,
    why: Why = "",
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Take entries back: newer snapshots hold them no longer.

    The log says that the operator did it, for everybody to see.
    """
    console = Console(json=json)
    document = change(
        console,
        registry,
        entries,
        lambda opened, numbers: opened.withdraw(numbers, why=why),
        "withdrawn",
    )
    console.document(document)
    console.next("optout snapshot snapshot", "older snapshots still hold them")
    return Exit.DONE
