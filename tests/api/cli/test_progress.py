"""Progress: a bar on a terminal, sparse lines elsewhere."""

from __future__ import annotations

import io
import itertools

import pytest
from optout.api.cli import progress
from rich.console import Console as Terminal


def told(terminal: bool, monkeypatch: pytest.MonkeyPatch, seconds: float) -> str:
    clock = itertools.count(0, seconds)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    stream = io.StringIO()
    shown = progress.ConsoleProgress(
        Terminal(file=stream, force_terminal=terminal, force_interactive=terminal, width=90)
    )
    shown.stage("scan", 3000)
    for _ in range(3):
        shown.advance(1000, "a\x1b.parquet")
    shown.note("look at this")
    shown.close()
    return stream.getvalue()


def test_a_log_file_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(False, monkeypatch, 6.0).splitlines()
    assert lines == ["  scan: 2,000 of 3,000 (66%)  a\\x1b.parquet", "  look at this"]


def test_a_quick_run_says_nothing_in_a_log_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(False, monkeypatch, 0.01).splitlines() == ["  look at this"]


def test_a_terminal_gets_a_bar_with_shard_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = told(True, monkeypatch, 1.0)
    for part in ("scan", "3000/3000", "/s", "a\\x1b.parquet", "look at this"):
        assert part in drawn


def test_the_bar_is_taken_away_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(True, monkeypatch, 1.0).endswith("\x1b[2K")
