"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout; words and progress on stderr.")
]

RegistryAt = Annotated[
    str,
    typer.Option(
        "--registry",
        metavar="PATH|URL",
        envvar="OPTOUT_REGISTRY",
        help="The registry's SQLite file, or the URL of its database.",
    ),
]
DEFAULT_REGISTRY = "optout.db"

SnapshotAt = Annotated[
    str,
    typer.Option("--snapshot", "-s", metavar="S", help="The snapshot: a folder or a URL."),
]

Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="VKEY",
        help="The registry's key, known from elsewhere: refuse a snapshot signed by another.",
    ),
]

OperatorKey = Annotated[
    str | None,
    typer.Option(
        "--operator-key",
        metavar="VKEY",
        help="The key of whoever ran the filter, known from elsewhere: a fault if it did not sign.",
    ),
]

Kind = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="What it is: url, site, prefix, account, work, text, image or file.",
    ),
]

Grade = Annotated[
    str, typer.Option(metavar="G", help="How it was proved: self, account, domain or reviewed.")
]

Usage = Annotated[
    list[str] | None,
    typer.Option(metavar="U", help="What it opts out of: train-ai (the default), search."),
]

Entries = Annotated[
    list[str],
    typer.Argument(metavar="ENTRY...", help="Entry numbers; @FILE for one a line."),
]

Why = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="The reason, for all to read in the log.")
]

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...", help="Parquet: a file, a folder, a glob, or @LIST for one a line."
    ),
]

Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Cores to keep busy; all of them by default."),
]

Memory = Annotated[str, typer.Option(metavar="M", help="The most to use.")]
