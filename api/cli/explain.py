"""`optout explain`: why did this row go?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import Console
from .exits import Exit
from .options import AsJson


def explain(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder `optout filter` made.")],
    shard: Annotated[str, typer.Argument(metavar="SHARD", help="The shard's name in OUT.")],
    row: Annotated[
        int, typer.Argument(metavar="ROW", min=0, help="The row in the input, counted from 0.")
    ],
    json: AsJson = False,
) -> int:
    """Say why a row of the corpus went, or that it stayed."""
    from optout.filter import explain_row

    console = Console(json=json)
    explanation = explain_row(out, shard, row)
    style = {"drop": "bold red", "quarantine": "bold yellow"}.get(explanation.verdict, "bold green")
    console.result((explanation.verdict, style), f"  {explanation.text}")
    if explanation.reasons:
        headings = ("verdict", "kind", "entry", "grade", "column", "distance")
        console.table(
            [
                tuple((name, "dim") for name in headings),
                *(
                    tuple(
                        "" if value is None else str(value)
                        for value in (
                            reason.verdict,
                            reason.kind,
                            reason.entry,
                            reason.grade,
                            reason.leaf,
                            reason.distance,
                        )
                    )
                    for reason in explanation.reasons
                ),
            ],
            right=(2, 5),
        )
    console.document(explanation.to_dict())
    return Exit.DONE
