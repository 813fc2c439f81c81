"""Where compiled functions are kept: beside the package, or in the user's cache.

Every state of the sources, the compiler and the machine has a folder of its own, so that a function
never outlives a change of another that was compiled into it. What was compiled ahead into a place
that cannot be written now is copied to one that can: the compiler reads only where it may write.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TextIO

_PACKAGE = Path(__file__).parent
_OURS = _PACKAGE / "__kernels__"
_TAKEN = "taken"


def user_folder() -> Path | None:
    """The user's own cache; None where there is no home."""
    given = os.environ.get("XDG_CACHE_HOME")
    if given and Path(given).is_absolute():
        return Path(given) / "optout" / "kernels"
    try:
        return Path.home() / ".cache" / "optout" / "kernels"
    except RuntimeError:
        return None


@cache
def state_of(folder: Path) -> str:
    """What kernels are made from now, in hex: the sources here, in the index and in a folder.

    The compiler, the interpreter and the processor go into it too.

    Args:
        folder: of the module that is compiled.
    """
    digest = hashlib.sha256(_machine().encode())
    for place in (_PACKAGE, _PACKAGE.parent / "index", folder):
        for path in sorted(place.glob("*.py")):
            data = path.read_bytes()
            digest.update(f"{path.name} {len(data)} ".encode() + data)
    return digest.hexdigest()[:16]


@cache
def _machine() -> str:
    import numba
    from llvmlite import binding

    features = binding.get_host_cpu_features().flatten()
    names = (numba.__version__, sys.implementation.cache_tag, binding.get_host_cpu_name(), features)
    return " ".join(map(str, names)) + "\n"


@cache
def folder_for(folder: Path, *, ahead: bool = False) -> Path | None:
    """Where the compiler keeps the functions of a module, and can write; None where it cannot.

    Args:
        folder: of the module.
        ahead: whether they are compiled for others too: then beside the package, if it can be.
    """
    state = state_of(folder)
    kept = _OURS / state
    if _writable(kept, make=ahead):
        return kept
    users = user_folder()
    if users is not None and _writable(users / state, make=True):
        _take_over(kept, users / state)
        return users / state
    if not kept.is_dir():
        return None
    copy = Path(tempfile.mkdtemp(prefix="optout-kernels-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    _take_over(kept, copy)
    return copy


@contextmanager
def only_one(folder: Path, what: str, *, wait: bool = True) -> Iterator[bool]:
    """Hold others off who would do the same: they find it done afterwards.

    Args:
        folder: where it is done, and can be written.
        what: is done.
        wait: for others who are at it.

    Yields:
        Whether it may be done now; that is so after a wait.
    """
    with (folder / f"{what}.lock").open("w") as lock:
        yield _is_taken(lock, wait=wait)


def _is_taken(lock: TextIO, *, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Where a file system has no locks the same may be done twice, but only by who would wait.
        return wait
    return True


def _writable(folder: Path, *, make: bool) -> bool:
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _take_over(kept: Path, into: Path) -> None:
    """Copy what was compiled ahead, once; others may read there meanwhile."""
    if not kept.is_dir() or (into / _TAKEN).exists():
        return
    with suppress(OSError), only_one(into, _TAKEN):
        for path in kept.rglob("*"):
            target = into / path.relative_to(kept)
            if path.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as new:
                    new.write(path.read_bytes())
                Path(new.name).replace(target)
        (into / _TAKEN).touch()
