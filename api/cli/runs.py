"""Running over shards: what `filter` and `apply` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from . import reports
from .console import Console
from .exits import Exit

if TYPE_CHECKING:
    from optout.filter import RunReport

    from .progress import ConsoleProgress, ShowPlan

GOES_ON = "the same command goes on where it stopped"


def run_over_shards(
    console: Console,
    work: Callable[[ConsoleProgress], RunReport],
    out: str,
    *,
    interrupted: str = GOES_ON,
    signed: bool = True,
    show_plan: ShowPlan | None = None,
) -> Exit:
    """Do the work, and tell how it ended.

    Args:
        console: where it is told.
        work: does it, given what hears of its progress.
        out: the folder that is written, as the caller named it.
        interrupted: what to say where it is interrupted.
        signed: whether a manifest is written.
        show_plan: shows which columns are looked at, once that is known.
    """
    from optout.filter import SomeShardsFailed
    from optout.filter.evidence import key_path, operator_key
    from optout.registry.compiled import on_compile

    progress = console.progress(show_plan)
    on_compile(lambda: progress.note("compiling, once"))
    code = Exit.DONE
    try:
        report = work(progress)
    except SomeShardsFailed as failure:
        report = cast("RunReport", failure.report)
        code = Exit.SOME_SHARDS_FAILED
    except KeyboardInterrupt:
        progress.close()
        console.say(f"optout: interrupted; {interrupted}")
        raise
    finally:
        progress.close()
    reports.show_run(console, report, out)
    console.document(report.to_dict())
    if signed and report.shards:
        signer = operator_key().verifier
        console.say((f"manifest signed with {key_path()}, key {signer}", "dim"))
    return code
