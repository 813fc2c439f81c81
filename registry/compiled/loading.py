"""Importing modules of kernels, and declaring their functions."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from .cache import folder_for, only_one

Function = TypeVar("Function", bound=Callable[..., Any])
Announce = Callable[[], None]

_DONE = "compiled"
_lock = threading.RLock()
_announce: list[Announce] = []
_folders: list[Path | None] = []
"""Where what is imported now is kept, the innermost last."""

_ours_alone = False


PLAIN = "OPTOUT_KERNELS"
"""`OPTOUT_KERNELS=plain` in the environment asks for the plain forms of everything."""


def available() -> bool:
    """Whether there are compiled functions: a compiler is installed, and nobody wants none."""
    return os.environ.get(PLAIN) != "plain" and importlib.util.find_spec("numba") is not None


def own_process() -> None:
    """Say that nobody else uses the compiler in this process, so that it may load without scipy.

    It then knows no linear algebra, which others may want and optout does not.
    """
    global _ours_alone
    _ours_alone = True


def on_compile(announce: Announce) -> None:
    """Have somebody told before something is compiled, which takes seconds."""
    _announce[:] = [announce]


def kernels(name: str) -> ModuleType:
    """A module of compiled functions; compiled now where no run has before.

    Args:
        name: of the module.
    """
    known = sys.modules.get(name)
    if known is not None and not _folders:
        return known
    return _load(name, ahead=False)


def warm(*names: str) -> Path | None:
    """Compile modules ahead, for everybody on this machine where the package can be written.

    Args:
        names: of the modules.

    Returns:
        The folder in which it is kept for later runs; None where there is none.
    """
    for name in names:
        _load(name, ahead=True)
    kept = [_kept(name, ahead=True) for name in names]
    folders = [folder.parent for folder in kept if folder is not None]
    return folders[0] if folders and len(folders) == len(names) else None


def _kept(name: str, *, ahead: bool) -> Path | None:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name)
    return folder_for(Path(found.origin).parent, ahead=ahead)


def _load(name: str, *, ahead: bool) -> ModuleType:
    with _lock:
        folder = _kept(name, ahead=ahead)
        done = None if folder is None else folder / f"{name}.{_DONE}"
        with ExitStack() as stack:
            if folder is not None and done is not None and not done.exists():
                stack.enter_context(only_one(folder))
            stack.enter_context(_keeping(folder))
            stack.enter_context(_announced())
            module = importlib.import_module(name)
            if done is not None:
                done.touch()
        return module


@contextmanager
def _announced() -> Iterator[None]:
    """Have it told, once, where something is compiled and not only loaded."""
    from numba.core import event

    class Compiles(event.Listener):
        def on_start(self, event: object) -> None:  # noqa: ARG002  # what a listener hears
            while _announce:
                _announce.pop()()

        def on_end(self, event: object) -> None:
            pass

    if not _announce:
        yield
        return
    with event.install_listener("numba:compile", Compiles()):
        yield


@contextmanager
def _keeping(folder: Path | None) -> Iterator[None]:
    """Have the compiler keep in a folder what is declared meanwhile."""
    from numba.core import config

    settings: Any = config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = "" if folder is None else str(folder)
    _folders.append(folder)
    try:
        with _without_linear_algebra():
            yield
    finally:
        _folders.pop()
        settings.CACHE_DIR = before


@contextmanager
def _without_linear_algebra() -> Iterator[None]:
    """Keep the compiler from importing scipy's, which takes as long as all the rest."""
    if not _ours_alone or "numba.np.linalg" in sys.modules:
        yield
        return
    refusal = _Refusal(threading.get_ident())
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        sys.meta_path.remove(refusal)


@dataclass
class _Refusal(MetaPathFinder):
    """Refuses one module to one thread; others may need it at the same time."""

    thread: int

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # what a finder is asked
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname == "scipy.linalg" and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(fullname)
        return None


def compiled(signature: str) -> Callable[[Function], Function]:
    """Declare a function that is compiled, and then runs without the interpreter's lock.

    Args:
        signature: its types as numba writes them, such as `int64(uint64[::1], int64)`.
    """
    from numba import njit

    keep = bool(_folders) and _folders[-1] is not None
    declare: Any = njit(signature, nogil=True, cache=keep)
    return cast(Callable[[Function], Function], declare)


def shared(function: Function) -> Function:
    """Declare a function that compiled ones call, of whatever types they call it with."""
    from numba import njit

    return cast(Function, njit(function, nogil=True))


def inlined(function: Function) -> Function:
    """Declare a part of compiled functions, small enough to be written into each of them."""
    from numba import njit

    return cast(Function, njit(function, nogil=True, forceinline=True))
