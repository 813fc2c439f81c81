"""What numpy holds becomes the same in Arrow."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import arrow_numbers, arrow_words


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_numbers_are_the_same(kind: type, step: int) -> None:
    values = np.arange(100).astype(kind)[::step]
    made = arrow_numbers(values)
    made.validate(full=True)
    assert made.equals(pa.array(values))


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))))
def test_numbers_that_are_not_there_are_null(values: list[int | None]) -> None:
    there = np.array([value is not None for value in values], bool)
    made = arrow_numbers(np.array([value or 0 for value in values], np.int64), there)
    made.validate(full=True)
    assert made.to_pylist() == values


def test_a_field_of_one_record_is_aligned() -> None:
    records = np.zeros(1, np.dtype([("before", np.uint8), ("number", np.int64)]))
    made = arrow_numbers(records["number"])
    assert made.buffers()[1].address % 8 == 0


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_words_are_the_same(values: list[str]) -> None:
    made = arrow_words(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))


def test_pandas_is_not_asked() -> None:
    script = """
import sys, numpy
from optout.filter.columns import arrow_numbers, arrow_words
arrow_words(["a", "b"]).take(arrow_numbers(numpy.arange(2), numpy.ones(2, bool)))
sys.exit("pandas" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
