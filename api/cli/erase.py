"""`optout erase`: entries whose matter is destroyed."""

from __future__ import annotations

from .changes import change
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, Entries, RegistryAt, Why


def erase(
    entries: Entries,
    why: Why = "",
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Destroy what the registry knows of entries; only the log's sealed leaf stays.

    This cannot be undone. Copies of older snapshots that somebody took cannot be called back.
    """
    console = Console(json=json)
    document = change(
        console,
        registry,
        entries,
        lambda opened, numbers: opened.erase(numbers, why=why),
        "erased",
    )
    console.document(document)
    console.say(
        "Take down the snapshots that hold them: copies already taken cannot be called back."
    )
    console.next("optout snapshot snapshot", "a snapshot without them")
    return Exit.DONE
