"""What may be shown back to its sender."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.service import visible

GAP = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna.example", "anna.example"),
        ("  œuvres d’été  ", "œuvres d’été"),
        ("two\nlines", f"two{GAP}lines"),
        ("a\u202eb", f"a{GAP}b"),
        ("a\ud800b", f"a{GAP}b"),
        ("a\0b", f"a{GAP}b"),
    ],
)
def test_what_shows_nothing_is_shown_as_a_gap(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()), st.integers(2, 50))
def test_what_is_shown_is_one_short_line_that_can_be_encoded(text: str, most: int) -> None:
    shown = visible(text, most)
    assert len(shown) <= most
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl"}
    shown.encode()


def test_what_is_cut_off_says_so() -> None:
    assert visible("abcdef", 4) == "abc…"
    assert visible("abcd", 4) == "abcd"
    assert visible("abcd  ", 4) == "abcd"


def test_what_is_cut_off_at_a_space_says_so_too() -> None:
    assert visible("abcd ef", 4) == "abc…"
