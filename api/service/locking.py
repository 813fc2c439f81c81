"""What one process has for itself, for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def locked(path: Path) -> int:
    """Lock a file or a folder: a descriptor that holds it, or -1 if it is not free."""
    try:
        lock = os.open(path, os.O_RDONLY)
    except OSError:
        return -1
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return -1
    return lock
