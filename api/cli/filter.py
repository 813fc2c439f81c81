"""`optout filter`: the corpus without what was opted out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import reports
from . import values as read
from .console import Console
from .exits import Exit
from .options import AsJson, Inputs, Key, Memory, SnapshotAt, Workers
from .runs import GOES_ON, run_over_shards

if TYPE_CHECKING:
    from optout.filter import Policy

MODES = ("rewrite", "mask")
ACTIONS = ("quarantine", "drop", "keep")
ROLES = (
    *("url", "image", "sha256", "md5", "phash256", "phash64", "pdq256"),
    *("text", "account", "work"),
)
"""As `optout.filter.columns` has them; that is heavier than a help page should be."""


def filter_(
    inputs: Inputs,
    snapshot: SnapshotAt,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT", help="The folder for the clean shards.")
    ],
    mode: Annotated[
        str,
        typer.Option(
            metavar="MODE",
            help="rewrite: OUT holds clean shards. mask: only which rows go; `apply` follows.",
        ),
    ] = "rewrite",
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=PATH", help="What a column holds: url, image, account:github, …"
        ),
    ] = None,
    no_column: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help="A column not to look at.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="K", help="Only entries of this kind; repeatable.")
    ] = None,
    min_grade: Annotated[
        list[str] | None,
        typer.Option(metavar="[KIND=]G", help="The least proof to obey. Default: site=domain."),
    ] = None,
    usage: Annotated[
        str, typer.Option(metavar="U", help="What the corpus is for: train-ai or search.")
    ] = "train-ai",
    radius: Annotated[
        int | None,
        typer.Option(
            metavar="R",
            min=0,
            max=64,
            help="Bits of phash256 that two pictures may differ in; PDQ is compared within 31.",
        ),
    ] = None,
    unjudgeable: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=A", help="What to do with broken values: quarantine, drop or keep."
        ),
    ] = None,
    obey: Annotated[
        list[str] | None,
        typer.Option(metavar="ENTRY", help="Obey an entry that would be held; repeatable."),
    ] = None,
    workers: Workers = None,
    memory: Memory = "2GiB",
    compression_level: Annotated[
        int | None,
        typer.Option(
            metavar="L", help="Of what is encoded anew, now or by `apply`. Default: the codec's."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Scan and count; write nothing.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what another plan left in OUT.")
    ] = False,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Hash finished shards again instead of trusting them.")
    ] = False,
    key: Key = None,
    json: AsJson = False,
) -> int:
    """Drop every record that a snapshot's entries cover.

    OUT holds shards and nothing else; the evidence lies beside it in OUT.optout/. Interrupted?
    Run the same command again: finished shards are skipped. Several runs of the same command
    share the work.
    """
    console = Console(json=json)
    _check_mode(mode)
    policy = _policy(
        usage=usage,
        kinds=kind or [],
        grades=min_grade or [],
        radius=radius,
        unjudgeable=unjudgeable or [],
        obey=obey or [],
    )
    columns = _columns(column or [])
    limit = read.memory(memory)

    from optout.filter import filter_dataset
    from optout.registry import Snapshot

    opened = Snapshot.open(snapshot, key=key)
    if radius is None:
        policy = policy.suited_to(opened)
    reports.show_snapshot(console, opened, pinned=key is not None)
    code = run_over_shards(
        console,
        lambda progress: filter_dataset(
            inputs,
            out,
            snapshot=opened,
            mode=mode,
            policy=policy,
            columns=columns,
            exclude=tuple(no_column or ()),
            workers=workers,
            memory=limit,
            dry_run=dry_run,
            overwrite=overwrite,
            recheck=recheck,
            progress=progress,
            compression_level=compression_level,
        ),
        str(out),
        interrupted="nothing was written" if dry_run else GOES_ON,
        signed=not dry_run,
        show_plan=lambda planned: reports.show_plan(
            console,
            planned,
            policy,
            columns or {},
            no_column or (),
            pdq_alone=opened.has_pdq_alone,
        ),
    )
    if dry_run:
        console.next("the same command without --dry-run")
    elif code is Exit.DONE and mode == "mask":
        console.next(f"optout apply {out}", "writes the shards; `open_masked` reads without them")
    elif code is Exit.DONE:
        console.next(f"optout verify {out} --snapshot {snapshot}", "trusts nothing of this run")
    return code


def _check_mode(mode: str) -> None:
    from optout.registry.errors import UsageError

    if mode not in MODES:
        raise UsageError(f"--mode {mode!r} is not known", f"It may be {' or '.join(MODES)}.")


def _columns(texts: list[str]) -> dict[str, list[str]] | None:
    """`--column ROLE=PATH` by role; None where nothing was said and detection decides."""
    found: dict[str, list[str]] = {}
    # Which platforms and schemes there are, the filter knows: `account:github`, `work:doi`.
    written = [text.partition("=")[0] for text in texts]
    finer = [role for role in written if role.partition(":")[0] in ("account", "work")]
    for role, path in read.pairs("--column", texts, [*ROLES, *finer], right="PATH"):
        found.setdefault(role, []).append(path)
    return found or None


def _policy(
    *,
    usage: str,
    kinds: list[str],
    grades: list[str],
    radius: int | None,
    unjudgeable: list[str],
    obey: list[str],
) -> Policy:
    """What the options say, on top of the default policy."""
    from optout.filter import Policy
    from optout.registry.errors import UsageError

    usual = Policy()
    said: dict[str, Any] = {"usage": read.usages([usage])[0]}
    if kinds:
        said["kinds"] = frozenset(read.kind(name) for name in kinds)
    if grades:
        said["min_grade"] = dict(usual.min_grade) | read.minimum_grades(grades)
    if radius is not None:
        said["radius"] = radius
    if unjudgeable:
        actions = dict(read.pairs("--unjudgeable", unjudgeable, ROLES, right=ACTIONS[0]))
        for action in actions.values():
            if action not in ACTIONS:
                raise UsageError(
                    f"--unjudgeable {action!r} is not known", f"It may be {', '.join(ACTIONS)}."
                )
        said["unjudgeable"] = dict(usual.unjudgeable) | actions
    if obey:
        said["obey"] = frozenset(read.entry_numbers(obey))
    return Policy(**said)
