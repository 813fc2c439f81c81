"""Compiling several modules at once, with a second process where there is a second processor.

Both go through the same modules and leave out what the other has in hand. What the second one does
not get done, whatever happens to it, is done without it.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from optout.registry.interpreter import fresh

from .loading import is_kept, kernels, load, load_unclaimed, own_process, place_of

_START = f"import json; from {__name__} import help_out; help_out(json.loads(sys.argv[2]))"


def prepare(*names: str) -> None:
    """Import modules that are about to be used; compiled now where no run has before.

    Args:
        names: of the modules, best those first that take longest.
    """
    _load_all({name: place_of(name, ahead=False) for name in names if name not in sys.modules})
    for name in names:
        kernels(name)


def warm(*names: str) -> Path | None:
    """Compile modules ahead, for everybody on this machine where the package can be written.

    Args:
        names: of the modules, best those first that take longest.

    Returns:
        The folder in which it is kept for later runs; None where there is none.
    """
    places = {name: place_of(name, ahead=True) for name in names}
    _load_all(places)
    folders = [folder.parent for folder in places.values() if folder is not None]
    return folders[0] if folders and len(folders) == len(names) else None


def _load_all(places: Mapping[str, Path | None]) -> None:
    missing = {
        name: folder
        for name, folder in places.items()
        if folder is not None and not is_kept(name, folder)
    }
    if len(missing) > 1 and _processors() > 1:
        with _helper(missing):
            for name, folder in missing.items():
                load_unclaimed(name, folder)
            _load_each(places)
    else:
        _load_each(places)


def _load_each(places: Mapping[str, Path | None]) -> None:
    for name, folder in places.items():
        load(name, folder)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _helper(missing: Mapping[str, Path]) -> Iterator[None]:
    """Have a second process compile too, if one can be started; it is ended afterwards."""
    given = json.dumps({name: str(path) for name, path in missing.items()})
    try:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own code
            fresh(_START, given),
            # It ends when this process does, however that ends.
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # An interrupt at the terminal is the parent's to answer: it ends its helper.
            process_group=0,
        )
    except OSError:
        yield
        return
    with process:
        try:
            yield
        finally:
            process.kill()


def help_out(missing: Mapping[str, str]) -> None:
    """The second process's life: module after module that nobody else has in hand."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    own_process()
    gc.set_threshold(100_000, 20, 20)  # the compiler's many objects are no garbage
    for name, folder in missing.items():
        load_unclaimed(name, Path(folder))


def _end_with_parent() -> None:
    os.read(0, 1)  # until nobody holds the other end any more
    os._exit(1)
