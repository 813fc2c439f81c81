"""`optout serve`: the pages for creators and the HTTP API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt
from .settings import SettingsAt


def serve(
    context: typer.Context,
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
    published: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where snapshots are built; beside the registry."),
    ] = None,
    state: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of uploads and of the outbox.")
    ] = Path("optout.state"),
    log_level: Annotated[
        str,
        typer.Option(metavar="LEVEL", help="The least to log: debug, info, warning or error."),
    ] = "info",
    settings: SettingsAt = None,
    json: AsJson = False,
) -> int:
    """Let people register and read their cases over HTTP."""
    from optout.api.http import extra, serve_settings

    given = {
        "host": host,
        "port": port,
        "public_url": public_url,
        "registry": registry,
        "published": published,
        "state": state,
        "log_level": log_level,
    }
    # What was not typed may stand in the environment, in the file, or nowhere.
    typed = {
        name: value
        for name, value in given.items()
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    }
    with extra():
        from optout.api.settings import load

    held = load(typed, settings)
    shown = {name: value for name, value, _ in held.shown()}
    console = Console(json=json)

    def ready(address: str) -> None:
        console.say("serving ", (shown["registry"], "bold"), " at ", (address, "bold"))
        if held.settings.mail.host is None:
            console.say("letters go into ", (str(held.settings.outbox), "bold"))
        console.say(("press Ctrl-C to stop", "dim"))
        console.document({"address": address, "registry": shown["registry"]})

    serve_settings(held.settings, ready=ready)
    return Exit.DONE
