"""`optout serve`: the pages for creators and the HTTP API."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt


def serve(
    host: Annotated[str, typer.Option(metavar="H", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="P", min=0, max=65535, help="0 takes any free one.")
    ] = 8000,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="OPTOUT_PUBLIC_URL",
            help="How people reach the service, for the links on receipts.",
        ),
    ] = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Let people register and read their cases over HTTP."""
    from optout.registry.errors import UsageError

    console = Console(json=json)
    if public_url is not None and not re.fullmatch(
        r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", public_url
    ):
        raise UsageError(
            f"--public-url {public_url!r} is no address of a service",
            "Write it as https://optout.example.",
        )
    from optout.api.http import serve as run

    def ready(address: str) -> None:
        console.say("serving ", (registry, "bold"), " at ", (address, "bold"))
        console.say(("press Ctrl-C to stop", "dim"))
        console.document({"address": address, "registry": registry})

    run(registry, host=host, port=port, ready=ready, public_url=public_url)
    return Exit.DONE
