"""`filter_dataset`: one run over a corpus, from what was asked for to what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.evidence import MASK, REWRITE
from optout.filter.judge import Policy
from optout.registry.errors import UsageError
from optout.registry.snapshot import Snapshot

from .course import Course
from .decide import forget_decision
from .division import check_limits
from .place import Place
from .plan import Asked
from .progress import Progress, Silence
from .report import RunReport

if TYPE_CHECKING:
    from optout.registry.log import SigningKey

MEMORY = 2 << 30
"""Bytes that a run stays within, unless it is told otherwise."""


def filter_dataset(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    snapshot: Snapshot | str | Path,
    mode: str = REWRITE,
    policy: Policy | None = None,
    columns: Mapping[str, Sequence[str]] | None = None,
    exclude: Sequence[str] = (),
    workers: int | None = None,
    memory: int = MEMORY,
    dry_run: bool = False,
    overwrite: bool = False,
    recheck: bool = False,
    progress: Progress | None = None,
    key: SigningKey | None = None,
    compression_level: int | None = None,
) -> RunReport:
    """Write to OUT every row of a corpus that no entry covers, and evidence beside it.

    Run again after an interruption, it goes on where it stopped, and ends in the same bytes.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`.
        out: the folder for the clean shards; evidence goes to `OUT.optout/` beside it.
        snapshot: what is opted out: open, or where it lies.
        mode: `rewrite`; or `mask`, which writes no shard but only which rows to leave out:
            `apply_masks` makes the shards from that, `open_masked` reads without them.
        policy: which entries are obeyed; the usual ones where None.
        columns: by role (`url`, `image`, `sha256`), paths whose role is known; other columns are
            detected by name, type and sampled values all the same.
        exclude: paths that are not looked at.
        workers: how many cores to keep busy, by threads and by processes; every core this process
            may use where None. Little input is filtered without another process.
        memory: bytes to stay within; as many workers are used as fit.
        dry_run: scan and count; nothing at all is written.
        overwrite: replace what another plan left in OUT.
        recheck: hash what an earlier run finished instead of trusting sizes and times.
        progress: hears of every step; closed at the end.
        key: signs the manifest; the operator's own key where None.
        compression_level: of the codec, for what is encoded anew; its usual one where None.

    Returns:
        What was kept, dropped, put aside, held.

    Raises:
        UsageError: an input is absent, or an argument means nothing.
        NothingMatchable: no column can be matched.
        OutputConflict: OUT holds, or would hold, something else.
        SnapshotError: the snapshot is damaged.
        StorageError: OUT cannot be written.
        SomeShardsFailed: the others are finished; the report says which failed and why.
    """
    listed = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    heard = progress or Silence()
    if mode not in (REWRITE, MASK):
        raise UsageError(f"there is no mode {mode!r}", f"It may be {REWRITE} or {MASK}.")
    cores = check_limits(workers, memory)
    opened = Snapshot.of(snapshot)
    obeyed = policy or Policy().suited_to(opened)
    course = Course(
        inputs=[str(text) for text in listed],
        place=Place.at(Path(out)),
        snapshot=opened,
        asked=replace(
            Asked.of(obeyed, columns, exclude), mode=mode, compression_level=compression_level
        ),
        cores=cores,
        memory=memory,
        progress=heard,
        overwrite=overwrite,
        recheck=recheck,
        key=key,
    )
    try:
        return course.rehearse() if dry_run else course.carry_out()
    finally:
        heard.close()
        forget_decision()
