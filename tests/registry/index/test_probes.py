"""Looking probes up says exactly where each of them stands."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.index import ProbeTable

# Few different numbers, so that they meet; large ones, which floating point would confuse.
NUMBERS = st.one_of(
    st.integers(0, 6),
    st.integers(2**53, 2**53 + 3),
    st.integers(2**63 - 2, 2**63 + 2),
    st.integers(2**64 - 3, 2**64 - 1),
)


def table(numbers: list[int]) -> ProbeTable:
    return ProbeTable(np.array(sorted(numbers), np.uint64))


@given(st.lists(NUMBERS, max_size=40), st.lists(NUMBERS, max_size=40))
def test_a_look_up_finds_what_comparing_everything_finds(
    registered: list[int], asked: list[int]
) -> None:
    position, row = table(registered).look_up(np.array(asked, np.uint64))
    held = sorted(registered)
    assert list(zip(position.tolist(), row.tolist(), strict=True)) == [
        (place, number)
        for place, probe in enumerate(asked)
        for number, other in enumerate(held)
        if probe == other
    ]
    assert position.dtype == row.dtype == np.int64


@given(st.lists(NUMBERS, max_size=40), NUMBERS)
def test_the_rows_of_a_probe_are_those_that_hold_it(registered: list[int], probe: int) -> None:
    rows = table(registered).rows_of(probe)
    assert list(rows) == [n for n, other in enumerate(sorted(registered)) if other == probe]


@given(st.lists(NUMBERS, max_size=40), st.lists(NUMBERS, max_size=40))
def test_a_column_that_is_not_in_order_leads_nowhere_else(
    forged: list[int], asked: list[int]
) -> None:
    position, row = ProbeTable(np.array(forged, np.uint64)).look_up(np.array(asked, np.uint64))
    assert all(0 <= place < len(asked) for place in position)
    assert all(0 <= place < len(forged) for place in row)


def test_numbers_of_another_type_are_found_as_they_are() -> None:
    position, row = table([3, 2**53 + 1]).look_up(np.array([2**53 + 1, 2**53], np.int64))
    assert (position.tolist(), row.tolist()) == ([0], [1])


@pytest.fixture
def million(tmp_path: Path) -> np.memmap:
    random = np.random.default_rng(1)
    probes = np.sort(random.integers(0, 2**64, 1_000_000, dtype=np.uint64))
    probes.tofile(tmp_path / "probes.bin")
    return np.memmap(tmp_path / "probes.bin", "<u8", "r")


def test_a_mapped_column_is_searched_without_a_copy(million: np.memmap) -> None:
    tracemalloc.start()
    try:
        position, row = ProbeTable(million).look_up(np.array([million[7]], np.uint64))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (position.tolist(), row.tolist()) == ([0], [7])
    assert peak < million.nbytes // 100


def test_a_hundred_thousand_probes_are_looked_up_in_a_million(
    million: np.memmap,
) -> None:
    random = np.random.default_rng(2)
    asked = random.integers(0, 2**64, 100_000, dtype=np.uint64)
    asked[::100] = million[:: len(million) // 1000]
    started = time.perf_counter()
    position, row = ProbeTable(million).look_up(asked)
    assert time.perf_counter() - started < 30
    assert np.array_equal(position, np.arange(0, 100_000, 100))
    assert np.array_equal(million[row], asked[position])
