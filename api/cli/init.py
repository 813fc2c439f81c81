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
    """Make a registry, the key that signs its log, and the vault that its rows are sealed under."""
    from optout.registry import Registry

    console = Console(json=json)
    with Registry.create(registry, origin=origin) as made:
        key = str(made.key.verifier)
        # A URL may hold a password.
        where = made.name if "@" in registry and "://" in registry else registry
        console.result("registry ", (where, "bold"), f" made, origin {made.origin}")
        console.result("key      ", key)
        console.say(
            (
                "         the private half, optout.key, and optout.vault lie beside the database: "
                "keep a copy of both, show them nobody",
                "dim",
            )
        )
        console.document(
            {
                "size": made.size,
                "root": made.root().hex(),
                "origin": made.origin,
                "key": key,
                "registry": where,
            }
        )
    console.next("optout add url https://…", "or site, image, file; or optout serve")
    return Exit.DONE
