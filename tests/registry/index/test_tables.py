"""What lies beside a column of probes says where to look, and never where not to."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.compiled import kernels
from optout.registry.index import (
    COLUMNS,
    build_filter,
    directory_bits,
    directory_of,
    prefix_host_bits,
    prefix_hosts_of,
    registered_among,
    table_of,
    tables,
)

PROBES = st.lists(
    st.one_of(
        st.integers(0, 2**64 - 1),
        st.integers(0, 20).map(lambda low: 0x12345678 << 32 | low),
        st.sampled_from([0, 1, 2**63, 2**64 - 1]),
    ),
    max_size=200,
)


def column(probes: list[int]) -> np.ndarray:
    return np.array(sorted(probes), np.uint64)


class Parts:
    """A segment's parts, each at the very end of its memory: what is read behind it traps."""

    def __init__(self, probes: list[int], prefixes: list[int] = ()) -> None:
        held = column(probes)
        halves = (column(list(prefixes)) >> np.uint64(32)).astype(np.uint32)
        self._rooms: list[mmap.mmap] = []
        self.probes = self._at_the_end(held)
        self.filter = self._at_the_end(build_filter(held))
        self.directory = self._at_the_end(directory_of(held))
        self.prefix_hosts = self._at_the_end(prefix_hosts_of(halves))

    def _at_the_end(self, data: np.ndarray) -> np.ndarray:
        end = (-(-data.nbytes // mmap.PAGESIZE) or 1) * mmap.PAGESIZE
        room = mmap.mmap(-1, end + mmap.PAGESIZE)
        self._rooms.append(room)
        whole = np.frombuffer(room, np.uint8)
        behind = ctypes.c_void_p(whole.ctypes.data + end)
        assert ctypes.CDLL(None).mprotect(behind, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
        placed = whole[end - data.nbytes : end]
        placed[:] = np.ascontiguousarray(data).view(np.uint8)
        return placed.view(data.dtype)

    def row(self) -> np.ndarray:
        return table_of(self.filter, self.probes, self.directory, self.prefix_hosts)


@settings(deadline=None)
@given(st.lists(PROBES, max_size=3), PROBES)
def test_exactly_the_registered_probes_are_found(
    segments: list[list[int]], others: list[int]
) -> None:
    held = [Parts(probes) for probes in segments]
    rows = [part.row() for part in held]
    table = np.stack(rows) if rows else np.empty((0, COLUMNS), np.uint64)
    registered = {probe for probes in segments for probe in probes}
    near = [probe ^ 1 for probe in registered]
    asked = [*others, *registered, *near]
    found = registered_among(table, np.array(asked, np.uint64), many=0)
    assert found is not None
    assert found.tolist() == [n for n, probe in enumerate(asked) if probe in registered]


def test_few_probes_need_no_compiler() -> None:
    table = np.stack([Parts([1, 2]).row()])
    assert registered_among(table, np.array([1, 3], np.uint64)) is None


def test_without_a_compiler_it_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    table = np.stack([Parts([1, 2]).row()])
    assert registered_among(table, np.array([1, 3], np.uint64), many=0) is None


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 100_000])
def test_any_number_of_probes_is_looked_up(count: int) -> None:
    drawn = np.random.default_rng(4)
    held = drawn.integers(0, 2**64, 50_000, dtype=np.uint64)
    part = Parts(held.tolist())
    asked = drawn.integers(0, 2**64, count, dtype=np.uint64)
    asked[::3] = held[: len(asked[::3])]
    asked.setflags(write=False)
    found = registered_among(np.stack([part.row()]), asked, many=0)
    assert found is not None
    assert found.tolist() == np.flatnonzero(np.isin(asked, held)).tolist()


@given(PROBES)
def test_a_directory_says_where_each_value_begins(probes: list[int]) -> None:
    held = column(probes)
    bits = directory_bits(len(held))
    directory = directory_of(held)
    assert directory.dtype == np.uint32
    upper = [probe >> (64 - bits) for probe in sorted(probes)]
    assert directory.tolist() == [
        sum(other < value for other in upper) for value in range(2**bits)
    ] + [len(probes)]


@pytest.mark.parametrize(
    ("count", "bits"), [(0, 0), (1, 0), (15, 0), (16, 1), (31, 1), (32, 2), (10**9, 26)]
)
def test_a_value_of_a_directory_stands_for_8_to_16_probes(count: int, bits: int) -> None:
    assert directory_bits(count) == bits


def test_a_directory_is_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    held = np.sort(np.random.default_rng(5).integers(0, 2**64, 5000, dtype=np.uint64))
    whole = directory_of(held)
    monkeypatch.setattr(tables, "_PIECE", 7)
    assert directory_of(held).tolist() == whole.tolist()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=100))
def test_the_map_of_hosts_has_a_bit_for_each_and_room_for_few_others(hosts: list[int]) -> None:
    made = prefix_hosts_of(np.array(sorted(hosts), np.uint32))
    bits = prefix_host_bits(len(made))
    if not hosts:
        assert (made.tolist(), bits) == ([0], 0)
        return
    distinct = len(set(hosts))
    assert bits == 6 or 16 * distinct <= 2**bits < 32 * distinct
    wanted = {host >> (32 - bits) for host in hosts}
    assert {n for n in range(2**bits) if made[n // 8] >> (n % 8) & 1} == wanted


@pytest.mark.parametrize("size", [0, 2, 4, 7, 9, 24, 2**30])
def test_no_map_of_hosts_has_another_length(size: int) -> None:
    with pytest.raises(ValueError, match="hosts of prefixes"):
        prefix_host_bits(size)


def test_a_row_says_where_everything_lies() -> None:
    part = Parts(list(range(40)), [1 << 40])
    row = part.row().tolist()
    assert row[tables.FILTER] == part.filter.ctypes.data
    assert row[tables.PROBES] == part.probes.ctypes.data
    assert row[tables.COUNT] == 40
    assert row[tables.DIRECTORY] == part.directory.ctypes.data
    assert row[tables.BITS] == 2
    assert row[tables.PREFIX_HOSTS] == part.prefix_hosts.ctypes.data
    assert row[tables.PREFIX_HOST_BITS] == 6
    assert len(row) == COLUMNS


def test_compiled_modules_know_the_same_columns() -> None:
    module = kernels("optout.registry.index.membership_kernels")
    assert module.PREFIX_HOST_BITS == tables.PREFIX_HOST_BITS == 6


def test_parts_that_do_not_belong_together_are_refused() -> None:
    part = Parts(list(range(40)))
    with pytest.raises(ValueError, match="directory"):
        table_of(part.filter, part.probes, part.directory[:-1], part.prefix_hosts)
    with pytest.raises(ValueError, match="filter"):
        table_of(part.filter[:20], part.probes, part.directory, part.prefix_hosts)


@settings(deadline=None, max_examples=200)
@given(PROBES, PROBES, st.randoms(use_true_random=False))
def test_no_damage_makes_compiled_code_read_outside(probes, asked, drawn) -> None:
    """A forged file is looked up in without harm: what lies outside of it is not there to read."""
    part = Parts(probes)
    for data in (part.filter, part.probes, part.directory):
        raw = data.view(np.uint8)
        for _ in range(drawn.randrange(4)):
            if len(raw):
                raw[drawn.randrange(len(raw))] = drawn.randrange(256)
        if len(raw) >= 8 and drawn.random() < 0.3:
            raw[-4:] = 255
    try:
        row = part.row()
    except ValueError:
        return
    keys = np.array([*asked, *probes], np.uint64)
    found = registered_among(np.stack([row]), keys, many=0)
    assert found is not None
    held = set(part.probes.tolist())
    assert all(int(keys[n]) in held for n in found)
