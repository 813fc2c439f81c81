"""`optout verify`: was it really taken out?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import reports
from .console import Console
from .exits import Exit
from .options import AsJson, Key, OperatorKey, SnapshotAt


def verify(
    out: Annotated[
        list[str], typer.Argument(metavar="OUT", help="The folder that `optout filter` made.")
    ],
    snapshot: SnapshotAt,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT...",
            help="The unfiltered corpus: prove that OUT is it, minus what went, bit by bit.",
        ),
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Judge every row by the reference: slow.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Rows to judge by the reference, drawn at random. Default: 10,000.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Draw the sample of an earlier check.")
    ] = None,
    key: Key = None,
    operator_key: OperatorKey = None,
    json: AsJson = False,
) -> int:
    """Look through OUT for what should have gone, trusting nothing of the run.

    Exit code 4 if there is a fault; every fault names shard, row and entry.
    """
    from optout.filter import verify_dataset
    from optout.registry import Snapshot
    from optout.registry.errors import SnapshotFault, UsageError

    console = Console(json=json)
    folder, *more = out
    if more and not inputs:
        raise UsageError(f"{more[0]} is one folder too many", "Give what was filtered as --input.")
    if exhaustive and sample is not None:
        raise UsageError("--exhaustive and --sample exclude each other", "Give one of them.")
    try:
        opened = Snapshot.open(snapshot, key=key)
    except SnapshotFault as fault:
        return reports.tell_damaged_snapshot(console, "verify", fault)
    reports.show_snapshot(console, opened, pinned=key is not None)
    progress = console.progress()
    try:
        report = verify_dataset(
            Path(folder),
            snapshot=opened,
            # A shell expands `--input shards/*` into many words: the first belongs to the
            # option, the others arrive here.
            inputs=[*inputs, *more] if inputs else None,
            seed=seed,
            exhaustive=exhaustive,
            sample=sample,
            key=operator_key,
            progress=progress,
        )
    finally:
        progress.close()
    reports.show_checks(console, report)
    console.document(dict(report.to_dict()))
    return Exit.DONE if report.ok else Exit.FOUND
