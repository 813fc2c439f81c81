"""What a command says, and where: results on stdout, words and progress on stderr.

With `--json` stdout carries exactly one JSON document and every word goes to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .words import printable

if TYPE_CHECKING:
    from rich.console import Console as Terminal
    from rich.text import Text

    from .progress import ConsoleProgress, ShowPlan

Piece = str | tuple[str, str]
"""Words as they are, or words and the style that rich shows them in."""


class Console:
    """The one way in which commands speak."""

    def __init__(self, *, json: bool = False) -> None:
        self._json = json

    def say(self, *pieces: Piece) -> None:
        """A line of words beside the result: the plan, a note, what to type next."""
        self._terminal(sys.stderr).print(_text(pieces), soft_wrap=True)

    def result(self, *pieces: Piece) -> None:
        """A line of what was asked for."""
        stream = sys.stderr if self._json else sys.stdout
        self._terminal(stream).print(_text(pieces), soft_wrap=True)

    def table(self, rows: Iterable[Sequence[Piece]], *, right: Sequence[int] = ()) -> None:
        """Aligned columns, the first row being their names.

        Args:
            rows: cells, each as words or as words and a style.
            right: the columns that hold numbers and stand flush right.
        """
        for line in aligned(list(rows), right):
            self.result("  ", *line)

    def say_table(self, rows: Iterable[Sequence[Piece]]) -> None:
        """Aligned columns of words beside the result."""
        for line in aligned(list(rows), ()):
            self.say("  ", *line)

    def checks(self, checks: Iterable[dict[str, Any]]) -> None:
        """What was checked, one line each: its outcome, its name, what was found."""
        self.table(
            (
                ("ok", "green") if check["ok"] else ("FAULT", "bold red"),
                check["name"],
                check["detail"],
            )
            for check in checks
        )

    def verdict(self, command: str, faults: int) -> None:
        """How a list of checks ended: `verify: ok`, `verify: 2 faults`."""
        outcome = f"{faults:,} fault{'s' if faults > 1 else ''}" if faults else "ok"
        self.result(f"{command}: ", (outcome, "bold red" if faults else "bold green"))

    def next(self, command: str, why: str = "") -> None:
        """The next command to type."""
        self.say()
        self.say(("next: ", "dim"), (command, "bold"), (f"   {why}" if why else "", "dim"))

    def failure(self, message: str, advice: str) -> None:
        """What went wrong and what to do about it, in two lines."""
        self.say(("optout: ", "bold red"), message)
        if advice:
            self.say(("        ", ""), (advice, ""))

    def document(self, document: dict[str, Any]) -> None:
        """The one JSON document, where it was asked for."""
        if self._json:
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            sys.stdout.flush()

    def progress(self, show_plan: ShowPlan | None = None) -> ConsoleProgress:
        """How far a long command has come, on stderr.

        Args:
            show_plan: shows which columns are looked at, once that is known.
        """
        from .progress import ConsoleProgress

        return ConsoleProgress(self._terminal(sys.stderr), show_plan)

    @staticmethod
    def _terminal(stream: Any) -> Terminal:  # noqa: ANN401 (typing.IO is narrower than rich asks)
        from rich.console import Console as Terminal

        return Terminal(file=stream, highlight=False, markup=False, emoji=False)


def _text(pieces: Sequence[Piece]) -> Text:
    from rich.text import Text

    text = Text()
    for piece in pieces:
        words, style = (piece, "") if isinstance(piece, str) else piece
        text.append(printable(words), style)
    return text


def aligned(rows: Sequence[Sequence[Piece]], right: Sequence[int]) -> Iterable[list[Piece]]:
    """The rows with every cell padded to its column's width, two spaces between columns."""
    from rich.cells import cell_len

    cells = [
        [
            (printable(cell), "") if isinstance(cell, str) else (printable(cell[0]), cell[1])
            for cell in row
        ]
        for row in rows
    ]
    columns = max((len(row) for row in cells), default=0)
    widths = [
        max((cell_len(row[column][0]) for row in cells if column < len(row)), default=0)
        for column in range(columns)
    ]
    for row in cells:
        while row and not row[-1][0]:
            row.pop()
        line: list[Piece] = []
        for column, (words, style) in enumerate(row):
            room = " " * (widths[column] - cell_len(words))
            last = column == len(row) - 1
            if column in right:
                line.append(room)
            line.append((words, style))
            if column not in right and not last:
                line.append(room)
            if not last:
                line.append("  ")
        yield line
