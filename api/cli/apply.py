"""`optout apply`: masks into shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import values as read
from .console import Console
from .exits import Exit
from .options import AsJson, Memory, Workers
from .runs import run_over_shards


def apply(
    out: Annotated[
        list[str],
        typer.Argument(metavar="OUT", help="What `optout filter --mode mask` was given as --out."),
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT...",
            help="The unfiltered corpus, where it does not lie any more where it was scanned.",
        ),
    ] = None,
    workers: Workers = None,
    memory: Memory = "2GiB",
    json: AsJson = False,
) -> int:
    """Write the shards that masks stand for.

    They are the bytes that --mode rewrite would have written. An input that is no longer the one
    that was scanned is refused. Interrupted? Run the same command again.
    """
    from optout.filter import apply_masks
    from optout.registry.errors import UsageError

    console = Console(json=json)
    folder, *more = out
    if more and not inputs:
        raise UsageError(f"{more[0]} is one folder too many", "Give what was filtered as --input.")
    limit = read.memory(memory)
    code = run_over_shards(
        console,
        lambda progress: apply_masks(
            Path(folder),
            # A shell expands `--input shards/*` into many words: only the first is the option's.
            inputs=[*inputs, *more] if inputs else None,
            workers=workers,
            memory=limit,
            progress=progress,
        ),
        folder,
    )
    if code is Exit.DONE:
        console.next(f"optout verify {folder} --snapshot S", "trusts nothing of this run")
    return code
