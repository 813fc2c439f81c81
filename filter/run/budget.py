"""Admission: what is read at once must fit into the memory that is allowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Bytes that threads share.

    Args:
        size: how many; what alone is more than that is admitted where nothing else is.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._users = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Have some bytes while the block runs; waits until they are there."""
        with self._changed:
            self._changed.wait_for(lambda: not self._users or self._taken + size <= self._size)
            self._taken += size
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._users -= 1
                self._changed.notify_all()
