"""`optout snapshot`: what a filter loads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import words
from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt


def snapshot(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make or renew.")],
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Write what is in force into a signed folder that works without the registry."""
    from optout.registry import Registry

    console = Console(json=json)
    with Registry.open(registry) as opened:
        made = opened.snapshot(out)
        key = str(opened.key.verifier)
    kinds = made.counts["by_kind"]
    console.result("snapshot ", (str(out), "bold"), f" holds {words.per_kind(kinds) or 'nothing'}")
    console.result(
        f"log      {made.origin}, {words.counted(made.size, 'record')}, root {made.root}"
    )
    console.result(f"key      {key}")
    console.document(
        {
            "size": made.size,
            "root": made.root,
            "origin": made.origin,
            "key": key,
            "digest": made.digest,
            "counts": made.counts,
            "path": str(out),
        }
    )
    console.next(f"optout filter INPUT --snapshot {out} --out OUT")
    return Exit.DONE
