"""Errors in words: two lines for what was foreseen, one for what was not, never a traceback."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import typer

from .console import Console
from .exits import Exit


def report(error: Exception, arguments: Sequence[str]) -> int:
    """Tell what went wrong, as words on stderr and with `--json` as a document on stdout.

    Args:
        error: what ended the command.
        arguments: what the command was given.

    Returns:
        the exit code.
    """
    console = Console(json="--json" in arguments)
    if isinstance(error, typer.TyperException):
        message, advice, code = _misuse(error, arguments)
        if not message:
            return code
    else:
        # Not at the top: the registry's door opens on its whole house.
        from optout.registry.errors import OptOutError

        if isinstance(error, OptOutError):
            message, advice, code = error.message, error.advice, _code(error)
        else:
            message, advice, code = _unforeseen(error)
    console.failure(message, advice)
    console.document(
        {
            "error": {
                "type": type(error).__name__,
                "message": message,
                "advice": advice,
                "exit_code": int(code),
            }
        }
    )
    return code


def _code(error: Exception) -> Exit:
    from optout.registry.errors import UsageError

    return Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED


def _misuse(error: typer.TyperException, arguments: Sequence[str]) -> tuple[str, str, Exit]:
    """What Typer says about options and arguments, in our form."""
    context = getattr(error, "ctx", None)
    if context is not None:
        command = context.command_path
    else:
        # Of an option without its value Typer does not say whose it is.
        command = " ".join(["optout", *(name for name in arguments[:1] if name[:1] != "-")])
    message = error.format_message()
    if context is not None and message == context.get_help():
        # `optout` alone: the help page is the answer.
        typer.echo(message, err=True)
        return "", "", Exit.USAGE
    message = message[:1].lower() + message[1:].rstrip(".")
    return message, f"The options are listed by: {command} --help", Exit.USAGE


def _unforeseen(error: Exception) -> tuple[str, str, Exit]:
    if os.environ.get("OPTOUT_DEBUG"):
        traceback.print_exception(error)
        return f"something unforeseen went wrong ({type(error).__name__})", "", Exit.FAILED
    details = _write_details(error)
    return (
        f"something unforeseen went wrong ({type(error).__name__}); details are in {details}",
        "",
        Exit.FAILED,
    )


def _write_details(error: BaseException) -> str:
    """Where the error arose, in a file that can be sent to a stranger.

    It names code and versions only. Messages are left out: they may quote an address or a path.
    """
    lines = [f"optout {_version()}, Python {sys.version.split()[0]}, {sys.platform}"]
    link: BaseException | None = error
    while link is not None:
        lines.append(type(link).__name__)
        lines.extend(
            f"  {_code_path(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(link.__traceback__)
        )
        link = link.__cause__ or link.__context__
    descriptor, name = tempfile.mkstemp(prefix="optout-", suffix=".txt")
    with os.fdopen(descriptor, "w") as stream:
        stream.write("\n".join(lines) + "\n")
    return name


def _code_path(filename: str) -> str:
    """A source file by its last parts: nothing of the home folder it may lie in."""
    return "/".join(Path(filename).parts[-3:])


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("optout")
    except PackageNotFoundError:
        return "(not installed)"
