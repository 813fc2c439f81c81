"""Where words go, and what they may carry."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.cli.console import Console, aligned
from optout.api.cli.words import printable


def test_results_go_to_stdout_and_words_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.result("found")
    console.say("by the way")
    console.document({"found": True})
    assert capsys.readouterr() == ("found\n", "by the way\n")


def test_with_json_stdout_is_one_document_and_all_words_go_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console(json=True)
    console.result("found")
    console.say("by the way")
    console.document({"name": "løve"})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "løve"}
    assert err == "found\nby the way\n"


def test_long_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result("x" * 500, " ", "y" * 500)
    assert capsys.readouterr().out.count("\n") == 1


def test_what_looks_like_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result("[bold]shard[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]shard[/bold] :smile:\n"


def test_control_characters_are_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    Console().result("a\x1b[31mred\r\x07\u202e")
    assert capsys.readouterr().out == "a\\x1b[31mred\\r\\x07\\u202e\n"


@given(st.text())
def test_nothing_that_moves_a_cursor_passes(text: str) -> None:
    assert all(character.isprintable() or character in "\n\u3000" for character in printable(text))


def test_an_error_is_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Console().failure("it is broken", "Mend it.")
    assert capsys.readouterr().err == "optout: it is broken\n        Mend it.\n"


def test_columns_are_aligned_by_their_width_on_screen() -> None:
    rows = [("shard", "in"), ("漢字", ("5", "bold")), ("é", "1,000")]
    lines = ["".join(p if isinstance(p, str) else p[0] for p in row) for row in aligned(rows, (1,))]
    assert lines == ["shard     in", "漢字       5", "é      1,000"]
