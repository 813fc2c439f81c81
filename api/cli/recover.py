"""`optout recover`: a registry from a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import words
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt


def recover(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `optout backup` wrote.")],
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Make a registry anew from a backup, in a new file or an empty PostgreSQL database.

    Put its key and its newest vault where they belong first: what was erased after the backup was
    made is erased in it, too. What was registered after it is lost, and whoever has a newer
    checkpoint of the log will see that it went back.

    What was ended or taken away otherwise after it is there again: addresses of mail that cases
    had forgotten, API keys that had ended, entries that had been withdrawn.
    """
    from optout.registry import Registry

    console = Console(json=json)
    with Registry.recover(registry, file) as made:
        size, root = made.size, made.root().hex()
        console.result("registry ", (made.name, "bold"), f" has {words.counted(size, 'record')}")
        console.say((f"root     {root}", "dim"))
    console.say(
        ("compare size and root with the last checkpoint that was published", "dim"),
    )
    console.say(
        (
            "API keys that were ended after the backup open again, and addresses that were "
            "forgotten are known again: end and forget them once more",
            "dim",
        ),
    )
    console.document({"size": size, "root": root})
    return Exit.DONE
