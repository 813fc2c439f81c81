"""`optout init`: a new registry."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt


def init(
    registry: RegistryAt = DEFAULT_REGISTRY,
    origin: Annotated[
        str,
        typer.Option(metavar="NAME", help="The name under which the log signs, for good."),
    ] = "optout.local",
    json: AsJson = False,
) -> int:
    """Make a registry and the key that signs its log."""
    from optout.registry import Registry

    console = Console(json=json)
    with Registry.create(registry, origin=origin) as made:
        key = str(made.key.verifier)
        console.result("registry ", (registry, "bold"), f" made, origin {made.origin}")
        console.result("key      ", key)
        console.say(
            ("         its other half lies beside the database: back it up, show it nobody", "dim")
        )
        console.document(
            {
                "size": made.size,
                "root": made.root().hex(),
                "origin": made.origin,
                "key": key,
                "registry": registry,
            }
        )
    console.next("optout add url https://…", "or site, image, file")
    return Exit.DONE
