"""Every byte of a snapshot is hashed once a node, and not again while its files are the same.

What was checked is noted in the user's cache: of every file the device, the inode, the size, and
the times of its last write and of its last change. The last one nobody sets who is not the
machine's master: whatever writes to a file, replaces it or sets its times back, moves it. So the
note saves nobody from being noticed who can write to the snapshot; who can write to the user's own
cache can have other code run there already, and needs no note. What a disk loses by itself it does
not see: `optout verify` hashes everything in any case.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from optout.registry import documents
from optout.registry.durable import publishing
from optout.registry.errors import OptOutError

if TYPE_CHECKING:
    from optout.registry.snapshot import Snapshot

FORMAT = "optout/v1/checked"

_QUIET_NS = 2 * 10**9
"""A file that changed just before it was read may change again in the same tick of its clock."""

_Files = dict[str, list[int]]


def check_snapshot(snapshot: Snapshot) -> None:
    """See whether a snapshot's files are what its manifest says, unless that is known.

    Raises:
        SnapshotError: a file is missing, changed, or not named; or the folder was renewed.
    """
    before, began = _files(snapshot.path), time.time_ns()
    if before is not None and before == _noted(snapshot):
        return
    snapshot.check_files()
    if before is None or before != _files(snapshot.path):
        return
    if all(began - max(facts[3:]) > _QUIET_NS for facts in before.values()):
        _note(snapshot, before)


def _files(folder: Path) -> _Files | None:
    """What tells every file of a snapshot apart; None where it cannot be told."""
    try:
        return {
            path.relative_to(folder).as_posix(): [
                *(state.st_dev, state.st_ino, state.st_size),
                *(state.st_mtime_ns, state.st_ctime_ns),
            ]
            for path, state in _states(folder)
        }
    except OSError:
        return None


def _states(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    def refuse(fault: OSError) -> None:
        raise fault

    for here, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = Path(here, name)
            # Of a link it counts where it leads, and that it leads there.
            yield path, path.stat()
            if path.is_symlink():
                yield path / "link", path.lstat()


def _note_path(snapshot: Snapshot) -> Path | None:
    cache = os.environ.get("XDG_CACHE_HOME", "")
    with suppress(RuntimeError):
        base = Path(cache) if Path(cache).is_absolute() else Path.home() / ".cache"
        return base / "optout" / "checked" / f"{snapshot.digest}.json"
    return None


def _noted(snapshot: Snapshot) -> _Files | None:
    """The files of the snapshot when they were checked; None where nothing is noted."""
    path = _note_path(snapshot)
    try:
        if path is None or not _is_ours(path):
            return None
        body = documents.parse(path.read_bytes(), path.name)
    except (OSError, OptOutError):
        return None
    files = body.get("files") if body.get("format") == FORMAT else None
    return files if isinstance(files, dict) else None


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written a note."""
    for place in (path, path.parent):
        state = place.stat()
        if state.st_uid != os.geteuid() or state.st_mode & 0o022:
            return False
    return True


def _note(snapshot: Snapshot, files: _Files) -> None:
    path = _note_path(snapshot)
    if path is None:
        return
    with suppress(OSError):  # no room, or nowhere to keep it: it is checked again
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        data = documents.render({"format": FORMAT, "files": files})
        with publishing(path, mode=0o600, lasting=False) as stream:
            stream.write(data)
