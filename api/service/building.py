"""Building a snapshot with its ranges, in this process or beside it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from optout.registry import Registry

from .beside import Beside, work_beside
from .ranges import write_ranges


def build_here(registry: Registry, folder: Path) -> None:
    """Write a snapshot of what is in force, and its ranges, into a new folder."""
    write_ranges(registry.snapshot(folder))


def build_beside(beside: Beside, folder: Path) -> bool:
    """The same in a process of its own.

    Returns:
        False where it was stopped: the folder is not whole.

    Raises:
        RegistryError: it failed.
    """
    return beside.run(main, str(folder.resolve()))


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
