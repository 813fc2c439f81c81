"""Replacing a folder of files by another one, whole for every reader and whatever is killed.

The new files are laid down in a hidden folder inside. One rename to `NEXT` makes them the valid
ones; from then on readers look there, until the files have also taken the places of the old ones
and `NEXT` is gone. A process that is killed in between leaves `NEXT` behind: it is read as it is,
and the next build finishes what was begun.

Old files are unlinked, never written over: whoever has them mapped goes on reading them.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from optout.registry.durable import TEMPORARY_PREFIX, publishing, sync_folder

NEXT = f"{TEMPORARY_PREFIX}next"
"""The new files, all of them durable, while they are not yet in place."""

_PATIENCE = 10.0
"""Seconds to wait for a living process to put its files in place."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other builders out of a folder; waits for one that is at work."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a living process works in a folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:  # it is gone, or another user's
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def valid(folder: Path) -> Path:
    """Where the valid files of a folder lie: there, or in its `NEXT`."""
    until = time.monotonic() + _PATIENCE
    following = folder / NEXT
    while following.is_dir() and is_locked(folder) and time.monotonic() < until:
        time.sleep(0.005)
    return following if following.is_dir() else folder


def is_leftover(path: Path) -> bool:
    """Whether a name is one that only a killed process leaves behind."""
    return path.name.startswith(TEMPORARY_PREFIX)


def stage(folder: Path) -> Path:
    """A new hidden folder, to lay files down in."""
    staging = folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    staging.mkdir()
    return staging


def commit(folder: Path, staging: Path, *, last: str) -> None:
    """Make staged files, which are durable already, those of the folder.

    Args:
        folder: locked.
        staging: what `stage` made; it goes.
        last: the file that is put in place after all others.
    """
    staging.rename(folder / NEXT)
    sync_folder(folder)
    settle(folder, last=last)


def settle(folder: Path, *, last: str) -> None:
    """Put committed files in place, remove the old ones and what killed processes left.

    Args:
        folder: locked.
        last: the file that is put in place after all others.
    """
    following = folder / NEXT
    if following.is_dir():
        _settle(folder, following, last)
    for path in [path for path in folder.iterdir() if is_leftover(path)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _settle(folder: Path, following: Path, last: str) -> None:
    names = sorted(_files(following), key=lambda name: (name == last, name))
    for name in names:
        _place(following / name, folder / name)
    kept = set(names)
    for name in [name for name in _files(folder) if name not in kept]:
        (folder / name).unlink()
    tops = {name.partition("/")[0] for name in names}
    for top in sorted(tops):
        _tidy(folder / top)
    sync_folder(folder)
    following.rename(folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")


def _files(folder: Path) -> list[str]:
    """The files of a folder, relative, without what is in leftovers at its top."""
    return [
        path.relative_to(folder).as_posix()
        for top in folder.iterdir()
        if not is_leftover(top)
        for path in ([top] if not top.is_dir() else top.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    ]


def _place(source: Path, target: Path) -> None:
    """Let a file stand at its place too, in one step."""
    if target.exists() and target.samefile(source):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    link = target.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        os.link(source, link)
    except OSError:  # a file system without hard links
        with source.open("rb") as stream, publishing(target) as copy:
            shutil.copyfileobj(stream, copy)
        return
    link.replace(target)


def _tidy(top: Path) -> None:
    """Remove empty folders, and make the names of the others durable."""
    if not top.is_dir():
        return
    for path in sorted((p for p in top.rglob("*") if p.is_dir()), reverse=True):
        with suppress(OSError):
            path.rmdir()
        if path.is_dir():
            sync_folder(path)
    sync_folder(top)
