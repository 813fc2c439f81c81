"""Looking things up in what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import limits, ours, peers

Result = dict[str, Any]

READ = f"{limits.READ}, 2 threads"
FLOOR = f"{limits.CODEC}, 2 threads"
EXACT, RULES = (f"{ours.NAME}, {what}, 2 cores" for what in ("exact urls", "all url rules"))

_PEERS = (*peers.FAST, *peers.MIDDLING)


class Found:
    """What was measured, by job and name."""

    def __init__(self, result: Result, clock: str = "seconds") -> None:
        self.result = result
        self.clock = clock
        self.figures = {(each["job"], each["name"]): each for each in result["figures"]}

    def get(self, job: str, name: str = ours.NAME) -> Result | None:
        """One figure."""
        return self.figures.get((job, name))

    def seconds(self, job: str, name: str = ours.NAME) -> float | None:
        """Its time."""
        figure = self.get(job, name)
        return None if figure is None else figure[self.clock]

    def rate(self, job: str, name: str = ours.NAME) -> float | None:
        """Rows a second."""
        figure = self.get(job, name)
        return None if figure is None else figure["rows"] / figure[self.clock]

    def best(self, job: str, *, apart: bool = False) -> Result | None:
        """The fastest peer; `apart`: its table of opt-outs not counted."""
        listed = [self.get(job, name) for name in _PEERS]
        return min(
            (figure for figure in listed if figure is not None),
            key=lambda figure: figure[self.clock] - (apart and table_seconds(figure)),
            default=None,
        )

    def index(self, entries: int) -> Result | None:
        """The index alone at so many entries, or at the most that there were."""
        part = (self.result.get("parts") or {}).get("index") or {}
        sizes = [each for each in part.get("sizes", ()) if each["entries"] <= entries]
        return max(sizes, key=lambda each: each["entries"], default=None)


def table_seconds(figure: Result) -> float:
    """How long a peer took over its table of opt-outs, where it told."""
    return float(figure["said"].get("table_seconds", 0))


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient of what may be missing."""
    return None if above is None or not below else above / below


def markdown(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; the first row is its head."""
    rule = ["--:" if n in right else "---" for n in range(len(rows[0]))]
    lines = [rows[0], rule, *rows[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
