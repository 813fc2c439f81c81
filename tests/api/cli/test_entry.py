"""How commands end: exit codes, errors in two lines, no traceback, nothing heavy for help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.api.cli import entry, failures, main
from optout.api.cli.exits import Exit
from optout.api.cli.options import AsJson
from optout.registry.errors import OptOutError, SnapshotError, UsageError

HEAVY = {"pyarrow", "numpy", "sqlalchemy", "PIL", "pydantic", "cryptography", "rich", "skimage"}
OF_TYPER = {"pydantic"}
"""Typer reads the options of a command with it, and does not need it for the front page."""
SECRET = "https://private.example/of/somebody"


def raising(error: BaseException) -> Callable[..., int]:
    def command(json: AsJson = False) -> int:
        """Fail."""
        raise error

    return command


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Run a command that ends in an error."""
    monkeypatch.setattr(failures.tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("OPTOUT_DEBUG", raising=False)

    def run(error: BaseException, *arguments: str) -> int:
        headings = {"Here": {"init": raising(error), "fail": raising(error)}}
        monkeypatch.setattr(entry, "HEADINGS", headings)
        monkeypatch.setattr(entry._Commands, "headings", headings)
        return main(["fail", *arguments])

    return run


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY),
        (["--version"], HEAVY),
        (["filter", "--help"], HEAVY - OF_TYPER),
        (["serve", "--help"], HEAVY - OF_TYPER),
    ],
)
def test_help_and_version_import_nothing_heavy(arguments: list[str], heavy: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "optout.api.cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in imported
    assert not imported & heavy


def test_the_front_page_lists_every_command_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == Exit.DONE
    page = capsys.readouterr().out
    for name in [name for names in entry.HEADINGS.values() for name in names]:
        assert page.count(f"\n  {name} ") == 1


@pytest.mark.parametrize("name", [n for names in entry.HEADINGS.values() for n in names])
def test_every_command_has_help_json_and_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == Exit.DONE
    page = capsys.readouterr().out
    assert page.startswith(f"Usage: optout {name}")
    assert "--json" in page
    assert f"\n  optout {name}" in page


def test_optout_alone_shows_the_front_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == Exit.USAGE
    assert "Start here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fliter"], "no such command 'fliter'. Did you mean 'filter'?"),
        (["add", "--colour"], "no such option: --colour"),
        (["add", "url"], "missing argument 'VALUE...'"),
        (["filter", "x", "--out", "y"], "missing option '--snapshot'"),
        (["serve", "--port", "http"], "invalid value for '--port'"),
        (["check", "url", "a", "--snapshot"], "option '--snapshot' requires an argument"),
        (["--colour"], "no such option: --colour"),
    ],
)
def test_misuse_is_said_in_two_lines(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith(f"optout: {words}")
    known = [word for word in arguments[:1] if word in ("add", "filter", "serve", "check")]
    command = " ".join(["optout", *known])
    assert second.strip() == f"The options are listed by: {command} --help"


def test_misuse_with_json_is_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", "url", "--json"]) == Exit.USAGE
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["exit_code"] == 2
    assert error["message"] == "missing argument 'VALUE...'"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OptOutError("it is broken", "Mend it."), Exit.FAILED),
        (SnapshotError("snapshot x is damaged", "Get it again."), Exit.FAILED),
        (UsageError("that cannot be", "Do this."), Exit.USAGE),
    ],
)
def test_an_intended_error_is_two_lines_and_its_code(
    error: OptOutError, code: Exit, failing: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(error) == code
    assert capsys.readouterr() == ("", f"optout: {error.message}\n        {error.advice}\n")
    assert failing(error, "--json") == code
    assert json.loads(capsys.readouterr().out) == {
        "error": {
            "type": type(error).__name__,
            "message": error.message,
            "advice": error.advice,
            "exit_code": code,
        }
    }


def test_an_unforeseen_error_is_one_line_and_a_file_without_personal_data(
    failing: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    error = KeyError(SECRET)
    error.__cause__ = OSError(SECRET)
    assert failing(error) == Exit.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    (details,) = tmp_path.iterdir()
    assert line == f"optout: something unforeseen went wrong (KeyError); details are in {details}"
    written = details.read_text()
    assert "cli/test_entry.py" in written
    assert "OSError" in written
    assert SECRET not in written
    assert str(Path.home()) not in written


def test_details_go_to_the_terminal_when_asked_for(
    failing: Callable,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("OPTOUT_DEBUG", "1")
    assert failing(ValueError("why")) == Exit.FAILED
    assert "optout: something unforeseen" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_interrupt_is_quiet(failing: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(KeyboardInterrupt()) == Exit.INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_reader_who_leaves_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "optout.api.cli", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == Exit.FAILED
