"""Runs of small numbers: what is written is read, and pyarrow reads it too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.parquet.body import Body
from optout.filter.parquet.levels import Runs, encode_runs


@given(st.integers(1, 12), st.data())
def test_what_is_encoded_is_read(width: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=200))
    runs = Runs(Body.of(encode_runs(np.array(numbers), width)), width)
    first = data.draw(st.integers(0, len(numbers)))
    found = [*runs.read(first).tolist(), *runs.read(len(numbers) - first).tolist()]
    assert found == numbers


def test_runs_of_both_kinds_follow_one_another() -> None:
    # The specification's own example of packed numbers: 0 to 7, three bits each.
    packed = bytes([0x03, 0b10001000, 0b11000110, 0b11111010])
    repeated = bytes([5 << 1, 6])
    runs = Runs(Body.of(repeated + packed + repeated), 3)
    assert runs.read(18).tolist() == [6] * 5 + list(range(8)) + [6] * 5


def test_the_last_group_may_be_cut_short() -> None:
    runs = Runs(Body.of(bytes([0x03, 0b10001000])), 3)
    assert runs.read(2).tolist() == [0, 1]
    with pytest.raises(ValueError, match="shorter"):
        runs.read(8)


def test_numbers_without_bits_are_all_nought() -> None:
    assert Runs(Body.of(b""), 0).read(3).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "width"), [(b"", 1), (b"\x00" * 9000, 1), (b"\xff" * 9, 3), (b"\x04", 9)]
)
def test_runs_that_end_too_early_are_an_error(data: bytes, width: int) -> None:
    with pytest.raises(ValueError, match="page"):
        Runs(Body.of(data), width).read(10)


def test_numbers_wider_than_any_are_an_error() -> None:
    with pytest.raises(ValueError, match="wide"):
        Runs(Body.of(b""), 33)


def test_runs_of_nothing_are_passed_over_but_not_without_end() -> None:
    five = bytes([5 << 1, 1])
    assert Runs(Body.of(bytes(20) + five), 1).read(5).tolist() == [1] * 5
    with pytest.raises(ValueError, match="runs of nothing"):
        Runs(Body.of(bytes(1 << 14) + five), 1).read(5)
