"""NFKC, as Python has it, and in linear time."""

from __future__ import annotations

import time
import unicodedata
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.identifiers import fold_text
from optout.registry.identifiers.composing import nfkc

MARKS = "\u0301\u0323\u0345\u0344\u0f73\u0f75\u0f81\u3099\u1dfa\U0001d16d\U0001e8d0\u0591"
BEFORE = ("", "a", "é", "\u1ea5", "\u304b", "\uac00", "a\u0301", "\u0323")
AFTER = ("", "b", "\u0301", "é", "\u1161", "\u3099", "ﬁ", "\U0001f600")


@pytest.mark.parametrize(("before", "after"), list(product(BEFORE, AFTER)))
def test_rows_of_marks_compose_as_python_composes_them(before: str, after: str) -> None:
    text = "x" * 400 + before + MARKS * 12 + after
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


@settings(deadline=None)
@given(
    st.text(max_size=9),
    st.text(st.characters(categories=["Mn", "Mc", "Me"]), min_size=1, max_size=30),
    st.text(max_size=9),
)
def test_any_text_composes_as_python_composes_it(before: str, marks: str, after: str) -> None:
    text = before + marks * 40 + after + "y" * 512
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_a_letter_with_very_many_marks_takes_no_longer_than_a_text_of_that_length() -> None:
    began = time.thread_time()
    fold_text("a" + "\u0301\u0323" * 100_000)
    assert time.thread_time() - began < 5  # by insertion, it is half a minute
