"""`optout restore`: entries that shall hold again."""

from __future__ import annotations

from .changes import change
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, Entries, RegistryAt, Why


def restore(
    entries: Entries,
    why: Why = "",
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Undo a withdrawal, a quarantine or a dispute; an erasure is final.

    The log says that the operator did it, for everybody to see.
    """
    console = Console(json=json)
    document = change(
        console,
        registry,
        entries,
        lambda opened, numbers: opened.restore(numbers, why=why),
        "restored",
    )
    console.document(document)
    console.next("optout snapshot snapshot", "older snapshots lack them")
    return Exit.DONE
