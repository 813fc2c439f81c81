"""`optout demo`: the whole of it in a minute, with nothing of yours."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import reports, words
from .console import Console
from .exits import Exit
from .options import AsJson

if TYPE_CHECKING:
    from optout.filter import RunReport, VerifyReport
    from optout.registry import Snapshot


def demo(
    place: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to fill. Default: optout-demo.")
    ] = Path("optout-demo"),
    json: AsJson = False,
) -> int:
    """See it all in a minute: a photograph opted out, filtered, audited."""
    from optout.api.demo import prepare, tell

    console = Console(json=json)
    prepare(place)
    console.say("The story of one photograph. Everything lies in ", (f"{place}/", "bold"), ",")
    console.say("and the commands shown do the same when you type them there.")
    teller = _Teller(console)
    seconds = tell(place, teller)
    console.say()
    console.say(f"{seconds:.0f} s. Now your own data: does anything in it match?")
    activate = Path(sys.executable).with_name("activate")
    if shutil.which("optout") is None and activate.exists():
        console.say(("  $ ", "dim"), (f". {os.path.relpath(activate)}", "bold"))
    console.say(("  $ ", "dim"), ("optout inspect YOUR.parquet", "bold"))
    console.say(
        ("  $ ", "dim"),
        (f"optout filter YOUR.parquet --snapshot {place}/snapshot --out clean --dry-run", "bold"),
    )
    console.document({"folder": str(place), "seconds": round(seconds, 2), **teller.told})
    return Exit.DONE


class _Teller:
    """Tells the story on the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0
        self.told: dict[str, Any] = {"verify": []}

    def step(self, words: str, *commands: str) -> None:
        self._steps += 1
        self._console.say()
        self._console.say((f"{self._steps}  ", "bold cyan"), (words, "bold"))
        for command in commands:
            self._console.say(("   $ ", "dim"), (command, "cyan"))

    def snapshot(self, snapshot: Snapshot) -> None:
        kinds = words.per_kind(snapshot.counts["by_kind"])
        self._console.result(f"   {kinds}; hashes only, signed")

    def filtered(self, report: RunReport) -> None:
        self.told["filter"] = report.to_dict()
        reports.show_shards(self._console, report)

    def verified(self, report: VerifyReport) -> None:
        self.told["verify"].append(report.to_dict())
        reports.show_faults(self._console, report)

    def sheet(self, path: Path) -> None:
        self.told["contact_sheet"] = str(path)
        self._console.result("   open ", (str(path), "bold"))
