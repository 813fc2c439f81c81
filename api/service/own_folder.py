"""The folder that one process has for itself, among those of others."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from optout.registry.durable import TEMPORARY_PREFIX

from .locking import locked

_OURS = re.compile(
    rf"^(?:service-[0-9a-f]{{16}}|\d+-[0-9a-f]{{8}}|{re.escape(TEMPORARY_PREFIX)}.*)$"
)


class OwnFolder:
    """A folder of one process, made where it is missing, and locked for as long as it lives.

    What processes have left that are no more is removed at the beginning and at the end.

    Args:
        folder: where every process has its own; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = folder / f"service-{secrets.token_hex(8)}"
        self._lock = -1  # a descriptor, while there is an own folder
        self._sweep()

    def ready(self) -> Path:
        """The folder, which is there and locked."""
        # Another service that begins or ends may sweep it away before it is locked.
        while self._lock < 0 or not self._own.is_dir():
            self._unlock()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError, FileNotFoundError):
                self._own.mkdir(mode=0o700)
            self._lock = locked(self._own)
        return self._own

    def keep(self, kept: Collection[Path]) -> None:
        """Remove everything in it except these."""
        with suppress(FileNotFoundError):
            for path in list(self._own.iterdir()):
                if path not in kept:
                    shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Remove it, and everything in it."""
        self._unlock()
        self._sweep()
        with suppress(OSError):
            self._folder.rmdir()

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _sweep(self) -> None:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            lock = locked(path) if _OURS.match(path.name) else -1
            if lock >= 0:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
