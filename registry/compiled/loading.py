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
    return load(name, place_of(name, ahead=False))


def place_of(name: str, *, ahead: bool) -> Path | None:
    """The folder in which a module is kept; None where there is none.

    Args:
        name: of the module.
        ahead: whether it is compiled for others too.
    """
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name)
    with _lock:
        return folder_for(Path(found.origin).parent, ahead=ahead)


def is_kept(name: str, folder: Path) -> bool:
    """Whether a module has been compiled into a folder."""
    return (folder / f"{name}.{_DONE}").exists()


def load(name: str, folder: Path | None) -> ModuleType:
    """Import a module that is kept in a folder, or is to be; whoever compiles it is waited for."""
    with _lock, ExitStack() as stack:
        if folder is not None and not is_kept(name, folder):
            stack.enter_context(only_one(folder, name))
        return _imported(name, folder)


def load_unclaimed(name: str, folder: Path) -> None:
    """Compile a module into a folder if it is not there and nobody else is at it."""
    with _lock, only_one(folder, name, wait=False) as unclaimed:
        if unclaimed and not is_kept(name, folder):
            _imported(name, folder)


def _imported(name: str, folder: Path | None) -> ModuleType:
    with _keeping(folder), _announced():
        module = _with_room(importlib.import_module, name)
    if folder is not None and not is_kept(name, folder):
        (folder / f"{name}.{_DONE}").touch()
    return module


def _with_room(function: Callable[[str], ModuleType], name: str) -> ModuleType:
    return function(name)


# The interpreter keeps its frames in pieces of 16 kB, and returns one to the system when the last
# frame in it ends. The compiler calls so often and so deep that the call which needs a new piece
# may be made a hundred thousand times. With a frame of this size comes a piece that is enough.
_with_room.__code__ = _with_room.__code__.replace(co_stacksize=1 << 16)


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
    options: dict[str, Any] = {"nogil": True, "cache": keep, "no_cfunc_wrapper": True}
    declare: Any = njit(signature, **options)
    return cast(Callable[[Function], Function], declare)


def shared(function: Function) -> Function:
    """Declare a function that compiled ones call, of whatever types they call it with."""
    return _part(function)


def fused(function: Function) -> Function:
    """Declare a shared function whose products may be added without being rounded first.

    Where the processor can do that, its sums come out a little otherwise than elsewhere.
    """
    return _part(function, fastmath={"contract"})


def inlined(function: Function) -> Function:
    """Declare a part of compiled functions, small enough to be written into each of them."""
    return _part(function, forceinline=True)


def _part(function: Function, **options: Any) -> Function:  # noqa: ANN401  # the compiler's own
    from numba.extending import register_jitable

    # Unlike one declared with `njit` it is compiled for types only, and not anew for every constant
    # it is called with; and nothing is compiled that the interpreter could call it by.
    declare: Any = register_jitable(
        nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options
    )
    return cast(Function, declare(function))
