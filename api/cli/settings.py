"""`optout settings`: what the service would run with, and where each value comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import Console
from .exits import Exit
from .options import AsJson

SettingsAt = Annotated[
    str | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        envvar="OPTOUT_SETTINGS",
        help="A TOML file of settings; optout.toml by default, if there is one.",
    ),
]


def settings(settings: SettingsAt = None, json: AsJson = False) -> int:
    """Show what `optout serve` would run with, and where each value comes from."""
    from optout.api.http import extra

    with extra():
        from optout.api.settings import load

    console = Console(json=json)
    shown = list(load(file=settings).shown())
    if not json:
        console.table(
            [
                ("setting", "value", "from"),
                *((name, _words(value), (origin, "dim")) for name, value, origin in shown),
            ]
        )
    console.document(
        {"settings": {name: {"value": value, "from": origin} for name, value, origin in shown}}
    )
    return Exit.DONE


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "-" if value is None else str(value)
