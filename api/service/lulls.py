"""Times in which nothing is erased, so that a snapshot comes to be published all the same.

A snapshot that something was erased from while it was built is not published. Whoever erases again
and again would keep every one from it, and what was published would be taken down again at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HELD_SECONDS = 60.0
"""How long an erasure waits at most."""

OPEN_SECONDS = 2.0
"""How long at least nothing is held up between two lulls: whoever has waited comes first."""


class Lull:
    """Lets the erasures of this process through at once, except in a lull."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._held = False
        self._until = -OPEN_SECONDS  # on the clock that never goes back

    @property
    def is_on(self) -> bool:
        """Whether an erasure has to wait."""
        return self._held or time.monotonic() < self._until

    @contextmanager
    def erasing(self, *, at_once: bool) -> Iterator[bool]:
        """Something is erased in this block, if it yields true.

        Args:
            at_once: it has waited for long enough, and is let through whatever it overtakes.
        """
        with self._changed:
            is_let = at_once or not self.is_on
            self._under_way += is_let
        try:
            yield is_let
        finally:
            with self._changed:
                self._under_way -= is_let
                self._changed.notify_all()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Nothing is erased in this block; what is under way is waited for before it."""
        if not self.is_on:
            time.sleep(max(0.0, self._until + OPEN_SECONDS - time.monotonic()))
        with self._changed:
            self._held = True
            self._changed.wait_for(lambda: not self._under_way, HELD_SECONDS)
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._until = max(self._until, time.monotonic())

    def prolong(self, took: float) -> None:
        """Hold up erasures once more for as long as the block has taken that held them up.

        What was published in it can be fetched meanwhile. An erasure that has waited from the
        beginning waits no longer than `HELD_SECONDS` in all.
        """
        self._until = time.monotonic() + max(0.0, min(took, HELD_SECONDS - took))
