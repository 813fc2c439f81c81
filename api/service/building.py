"""Building a snapshot with its ranges and figures, in this process or beside it."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from optout.api.errors import Busy
from optout.registry import Registry
from optout.registry.snapshot import read_leaves

from .beside import Beside, work_beside
from .figures import fold_by_day, write_figures
from .ranges import write_ranges


def build_here(registry: Registry, folder: Path) -> bool:
    """Write a snapshot of what is in force, its ranges and figures, into a new folder.

    Returns:
        False where something was erased in the meantime: then there is no such folder.

    Raises:
        OptOutError: it failed; what is half built stays behind.
    """
    snapshot = registry.snapshot_once(folder)
    if snapshot is None:
        shutil.rmtree(folder, ignore_errors=True)
        return False
    state, days = fold_by_day(read_leaves(snapshot))
    write_ranges(snapshot, state)
    write_figures(snapshot.path, state, days)
    return True


def build_beside(beside: Beside, folder: Path) -> bool:
    """The same in a process of its own.

    Raises:
        Busy: it was stopped.
        RegistryError: it failed.
        WorkerBroken: it was ended from outside.
    """
    if not beside.run(main, str(folder.resolve())):
        raise Busy("the service ends", "Try again in a minute.")
    return folder.is_dir()


def main() -> None:
    """Runs beside the service: the first argument names the folder."""
    work_beside(_work)


def _work(registry: Registry, arguments: list[str], ending: threading.Event) -> bool:
    def stop() -> None:
        ending.wait()
        os._exit(1)  # what is half built is swept away by whoever asked for it

    threading.Thread(target=stop, daemon=True).start()
    build_here(registry, Path(arguments[0]))
    return True
