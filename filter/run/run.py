"""One run over a corpus, from its inputs to a signed manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.judge import Policy

from .progress import Progress
from .report import RunReport

if TYPE_CHECKING:
    from optout.registry.log import SigningKey
    from optout.registry.snapshot import Snapshot

MEMORY = 2 << 30


def filter_dataset(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    snapshot: Snapshot,
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
) -> RunReport:
    """Write to OUT every row of a corpus that no entry covers, and evidence beside it.

    Run again after an interruption, it goes on where it stopped, and ends in the same bytes.

    Args:
        inputs: each a file, a folder (all `*.parquet` below it), a glob, or `@LIST`.
        out: the folder for the clean shards; evidence goes to `OUT.optout/` beside it.
        snapshot: what is opted out.
        policy: which entries are obeyed; DESIGN's defaults where None.
        columns: by role (`url`, `image`, `sha256`), paths whose role is known; other columns are
            detected by name, type and sampled values all the same.
        exclude: paths that are not looked at.
        workers: processes; one for every core this process may use where None.
        memory: bytes to stay within.
        dry_run: scan and count; nothing at all is written.
        overwrite: replace what another plan left in OUT.
        recheck: hash what an earlier run finished instead of trusting sizes and times.
        progress: hears of every step.
        key: signs the manifest; the operator's own key where None.

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
    raise NotImplementedError
