"""Adding a long list: what stays where it ends before the end of the list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from .words import counted

if TYPE_CHECKING:
    from .console import Console
    from .progress import ConsoleProgress


BATCH = 10_000
"""Entries that become durable together: what is lost at most when a run is stopped."""

_STEP = 1000


class Adding(Protocol):
    """Counts what was added so far."""

    @property
    def added(self) -> int:
        """Entries that are in the registry now and were not before."""


@contextmanager
def in_batches(console: Console, progress: ConsoleProgress, tally: Adding) -> Iterator[None]:
    """Tell what was added already, whatever ends it in between.

    Args:
        console: where to tell it.
        progress: of the adding; closed then.
        tally: says how much there is.
    """
    try:
        yield
    except BaseException:
        progress.close()
        kept = counted(tally.added, "entry", "entries")
        console.say(f"{kept} added so far: run it again, and it adds the rest")
        raise


def step(progress: ConsoleProgress, values: int) -> None:
    """Tell of every thousandth value, as to tell of each would take longer than to read it.

    Args:
        progress: of the reading.
        values: how many were read so far.
    """
    if values % _STEP == 0:
        progress.advance(_STEP)
