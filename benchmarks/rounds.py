"""Ways to do one thing, measured in turn: what disturbs a round disturbs all that are in it.

How fast a shared machine is changes by a third within minutes, and two figures that were taken one
after the other say little about each other. So everybody works once a round, on one core, the order
turned about from round to round, and is held against the others of the same round. The median of
that is the figure.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Spent:
    """What one piece of work took.

    Attributes:
        cpu: seconds of processor time.
        wall: seconds.
    """

    cpu: float
    wall: float


@dataclass(frozen=True)
class Rounds:
    """What everybody took, round by round.

    Attributes:
        spent: by name, of every round.
    """

    spent: Mapping[str, list[Spent]]

    def rate(self, name: str, done: int, clock: str = "cpu") -> float:
        """Pieces a second, the median of the rounds.

        Args:
            name: whose.
            done: pieces a round.
            clock: `cpu` or `wall`.
        """
        return done / statistics.median(getattr(each, clock) for each in self.spent[name])

    def share(self, name: str, of: str, clock: str = "cpu") -> float:
        """How fast one is beside another: the median of what each round says."""
        return statistics.median(self.shares(name, of, clock))

    def shares(self, name: str, of: str, clock: str = "cpu") -> list[float]:
        """The same of every round, ascending."""
        pairs = zip(self.spent[name], self.spent[of], strict=True)
        return sorted(getattr(other, clock) / getattr(one, clock) for one, other in pairs)


def rounds(
    works: Mapping[str, Callable[[], object]], *, least: int, most: int, seconds: float
) -> Rounds:
    """Have everybody do their work once a round.

    Args:
        works: by name; each is done once before, unmeasured.
        least: rounds.
        most: rounds.
        seconds: after which no further round begins.
    """
    names, spent = list(works), {name: list[Spent]() for name in works}
    with on_one_core():
        for name in names:
            works[name]()
        began = time.perf_counter()
        for number in range(most):
            if number >= least and time.perf_counter() - began > seconds:
                break
            for name in names if number % 2 == 0 else reversed(names):
                spent[name].append(timed(works[name]))
    return Rounds(spent)


def timed(work: Callable[[], object]) -> Spent:
    """Do it once, in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this process, and those that it begins, to one core for a while."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
