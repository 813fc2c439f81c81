"""How far a long command has come: a bar on a terminal, sparse lines everywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .words import printable

if TYPE_CHECKING:
    from optout.filter.columns import DetectedColumn
    from rich.console import Console as Terminal
    from rich.progress import Progress as Bars

ShowPlan = Callable[["Sequence[DetectedColumn]"], None]

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal: often enough to see life, seldom enough for a log file."""


class ConsoleProgress:
    """What a run reports while it works, put on stderr.

    Args:
        terminal: where to.
        show_plan: shows the columns that are looked at, where somebody wants them shown.
    """

    def __init__(self, terminal: Terminal, show_plan: ShowPlan | None = None) -> None:
        self._terminal = terminal
        self._show_plan = show_plan
        self._bars: Bars | None = None
        self._name = ""
        self._total: int | None = None
        self._done = 0
        self._started = self._told = time.monotonic()

    def stage(self, name: str, total: int | None = None) -> None:
        """The next part of the work begins.

        Args:
            name: what is done now, as one word.
            total: how many steps it has, where that is known.
        """
        self._finish()
        self._name, self._total, self._done = name, total, 0
        self._started = self._told = time.monotonic()
        if self._terminal.is_interactive and self._terminal.is_terminal:
            self._bars = _bars(self._terminal)
            self._bars.add_task(name, total=total, detail="", rate="")
            self._bars.start()

    def advance(self, n: int = 1, detail: str = "") -> None:
        """`n` steps more are done; `detail` names the shard in hand."""
        self._done += n
        now = time.monotonic()
        if self._bars is not None:
            rate = self._done / max(now - self._started, 1e-6)
            shown = f"{rate:,.0f}/s" if now - self._started > 0.5 else ""
            self._bars.update(
                self._bars.task_ids[0], advance=n, detail=printable(detail), rate=shown
            )
        elif now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            self._line(f"{self._name}: {self._so_far()}  {detail}".rstrip())

    def planned(self, columns: Sequence[DetectedColumn]) -> None:
        """It is known which columns are looked at."""
        self._finish()
        if self._show_plan is not None:
            self._show_plan(columns)

    def note(self, text: str) -> None:
        """Something that the operator should read."""
        self._line(text)

    def close(self) -> None:
        """The work is over; what was drawn is taken away."""
        self._finish()

    def _so_far(self) -> str:
        if not self._total:
            return f"{self._done:,}"
        return f"{self._done:,} of {self._total:,} ({100 * self._done // self._total}%)"

    def _line(self, text: str) -> None:
        (self._bars.console if self._bars else self._terminal).print(
            f"  {printable(text)}", style="dim", soft_wrap=True
        )

    def _finish(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None


def _bars(terminal: Terminal) -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("  {task.description:<8}", style="bold", markup=False),
        BarColumn(bar_width=30, complete_style="cyan", finished_style="cyan"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>12}", style="dim", markup=False),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
        console=terminal,
        transient=True,
    )
