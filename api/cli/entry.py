"""The commands under their headings, and the place where a command's end becomes an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from optout.registry.compiled import on_compile, own_process

from . import (
    add,
    apply,
    audit,
    backup,
    calibrate,
    check,
    demo,
    erase,
    explain,
    export,
    filter,  # noqa: A004 (the command is called so)
    importing,
    init,
    inspect,
    keys,
    recover,
    report,
    restore,
    review,
    serve,
    settings,
    snapshot,
    verify,
    warm,
    withdraw,
)
from .exits import Exit
from .failures import report as report_failure
from .layout import Command, Group

HEADINGS: dict[str, dict[str, Callable[..., int]]] = {
    "Start here": {"demo": demo.demo},
    "Keep a registry": {
        "init": init.init,
        "add": add.add,
        "import": importing.import_,
        "calibrate": calibrate.calibrate,
        "withdraw": withdraw.withdraw,
        "restore": restore.restore,
        "erase": erase.erase,
        "snapshot": snapshot.snapshot,
        "export": export.export,
        "backup": backup.backup,
        "recover": recover.recover,
        "review": review.review,
        "keys": keys.keys,
        "serve": serve.serve,
        "settings": settings.settings,
    },
    "Filter a corpus": {
        "inspect": inspect.inspect,
        "filter": filter.filter_,
        "apply": apply.apply,
        "explain": explain.explain,
        "report": report.report,
        "warm": warm.warm,
    },
    "Check that it was done": {
        "verify": verify.verify,
        "check": check.check,
        "audit": audit.audit,
    },
}
"""Every command under its heading, in the order in which people meet them."""


class _Commands(Group):
    headings = {heading: tuple(names) for heading, names in HEADINGS.items()}  # noqa: RUF012


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"optout {version('optout')}")
        raise typer.Exit


def _top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Say no to AI training once, take it out of a corpus, and check that it was done."""


def application() -> typer.Typer:
    """Every command of `optout`, ready to be called."""
    app = typer.Typer(
        cls=_Commands,
        name="optout",
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback(epilog="Every command takes --json. Try it all in a minute: optout demo")(_top)
    for names in HEADINGS.values():
        for name, function in names.items():
            app.command(name, cls=Command)(function)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what stands behind `optout`; the process's own arguments by default.

    Returns:
        the exit code, as `optout.api.cli.exits` lists them.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    # File names need not be UTF-8: they are shown with escapes rather than not at all.
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    own_process()
    # The compiler's many objects are no garbage; to look through them often is a sixth of a run.
    gc.set_threshold(100_000, 20, 20)
    if arguments is None:
        # Nor when this process ends, where looking takes a third of a second: its memory goes.
        atexit.register(gc.freeze)
    on_compile(_say_compiling)
    try:
        command = typer.main.get_command(application())
        code = command.main(given, prog_name="optout", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:  # every error ends in words, whatever it is
        try:
            return report_failure(error, given)
        except BrokenPipeError:
            return _reader_left()
    return Exit.DONE if code is None else int(code)


def _say_compiling() -> None:
    """Seconds in which nothing seems to happen, once on every machine."""
    sys.stderr.write("optout: compiling, once (some seconds) …\n")
    sys.stderr.flush()


def _reader_left() -> int:
    """Whoever read our output stopped reading (`optout … | head`): nobody is left to be told."""
    # The interpreter flushes once more while it ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return Exit.FAILED
