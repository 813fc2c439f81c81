"""`optout inspect`: what can be matched in a corpus?"""

from __future__ import annotations

from typing import Annotated

import typer

from . import reports
from .console import Console
from .exits import Exit
from .options import AsJson, Inputs, Key


def inspect(
    inputs: Inputs,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", "-s", metavar="S", help="Count the entries of each kind in it."),
    ] = None,
    key: Key = None,
    json: AsJson = False,
) -> int:
    """Show the columns, the part each would play, and what each kind can reach here.

    Exit code 2 if nothing can be matched.
    """
    from optout.filter import inspect_dataset
    from optout.registry import Snapshot

    console = Console(json=json)
    opened = Snapshot.open(snapshot, key=key) if snapshot is not None else None
    report = inspect_dataset(inputs, opened)
    reports.show_inspection(console, report)
    console.document(report.to_dict())
    if not any(column.role for column in report.columns):
        console.say()
        console.say(
            "Nothing here can be matched. If a column should be: ",
            ("optout filter … --column ROLE=PATH", "bold"),
        )
        return Exit.USAGE
    chosen = snapshot or "S"
    console.next(f"optout filter {' '.join(inputs)} --snapshot {chosen} --out OUT --dry-run")
    return Exit.DONE
