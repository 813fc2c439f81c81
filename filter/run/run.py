"""`filter_dataset`: one run over a corpus, from what was asked for to what was done."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from optout.filter.evidence import MASK, REWRITE
from optout.filter.judge import Policy
from optout.registry.errors import UsageError
from optout.registry.snapshot import Snapshot

from .course import Course
from .place import Place
from .plan import Asked
from .progress import Progress, Silence
from .report import RunReport

if TYPE_CHECKING:
    from optout.registry.log import SigningKey

MEMORY = 2 << 30
"""Bytes that a run stays within, unless it is told otherwise."""

LEAST_MEMORY = 256 << 20
"""Bytes with which a process can filter addresses."""

PROCESS_MEMORY = 1 << 30
"""Bytes that a process may come to need: pictures, encoded anew in pieces of `PIECE_BYTES`."""

_SMALLEST_BATCH, _LARGEST_BATCH = 1 << 20, 16 << 20
_BATCHES_IN_MEMORY = 32
"""How many times a batch is in memory at most: as read, as Python values, decoded."""


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
        workers: processes at most; one for every core this process may use where None. Little
            input is filtered without any.
        memory: bytes to stay within; as many processes are used as fit.
        dry_run: scan and count; nothing at all is written.
        overwrite: replace what another plan left in OUT.
        recheck: hash what an earlier run finished instead of trusting sizes and times.
        progress: hears of every step; closed at the end.
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
    listed = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    heard = progress or Silence()
    if mode not in (REWRITE, MASK):
        raise UsageError(f"there is no mode {mode!r}", f"It may be {REWRITE} or {MASK}.")
    count = worker_count(workers, memory, heard)
    course = Course(
        inputs=[str(text) for text in listed],
        place=Place.at(Path(out)),
        snapshot=Snapshot.of(snapshot),
        asked=replace(Asked.of(policy, columns, exclude), mode=mode),
        workers=count,
        batch_bytes=_batch_bytes(memory, count),
        progress=heard,
        overwrite=overwrite,
        recheck=recheck,
        key=key,
    )
    try:
        return course.rehearse() if dry_run else course.carry_out()
    finally:
        heard.close()


def worker_count(asked: int | None, memory: int, progress: Progress) -> int:
    """As many processes as were asked for, or as there are cores, and as fit into memory.

    Args:
        asked: None for one a core.
        memory: bytes for all of them.
        progress: hears where fewer fit than are wanted.

    Raises:
        UsageError: an argument means nothing.
    """
    if asked is not None and asked < 1:
        raise UsageError(f"{asked} workers cannot filter anything", "Give 1 or more.")
    if memory < LEAST_MEMORY:
        raise UsageError(f"{memory} bytes of memory are too few", "Give at least 256MiB.")
    wanted = asked or _cores()
    fitting = max(1, memory // PROCESS_MEMORY)
    if wanted > fitting:
        progress.note(
            f"{fitting} of {wanted} workers fit into the memory allowed; "
            f"{wanted * PROCESS_MEMORY >> 30}GiB would do for all"
        )
    return min(wanted, fitting)


def _cores() -> int:
    """How many cores this process may use; not every system can tell these from all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _batch_bytes(memory: int, workers: int) -> int:
    share = memory // (workers * _BATCHES_IN_MEMORY)
    return max(_SMALLEST_BATCH, min(_LARGEST_BATCH, share))
