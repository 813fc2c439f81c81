"""How work is divided: a function of what there is, within cores and memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import Leaf
from optout.filter.run.division import (
    LEAST_MEMORY,
    MANY,
    PROCESS_MEMORY,
    THREADS,
    Division,
    Load,
    divide,
    is_interpreted,
    shortage,
)

GIB = 1 << 30
LARGE = 512 << 20


def load(shards: int, groups: int, *, size: int = LARGE, interpreted: bool = False) -> Load:
    return Load((size,) * shards, shards * groups, interpreted)


def shape(division: Division) -> tuple[int, int]:
    return division.processes, division.threads


@pytest.mark.parametrize(
    ("cores", "memory", "given", "expected"),
    [
        (2, 2 * GIB, load(100, 20), (1, 2)),  # a small machine: one process, and threads
        (2, 2 * GIB, load(1, 20), (1, 2)),
        (2, 2 * GIB, load(100, 1), (2, 1)),  # nothing to share within a shard
        (64, 64 * GIB, load(1000, 20), (16, 4)),  # a large one: a process a shard, some threads
        (64, 64 * GIB, load(2, 20), (2, 32)),
        (64, 64 * GIB, load(1, 20), (1, 64)),
        (64, 64 * GIB, load(1000, 2), (32, 2)),
        (2, 2 * GIB, load(100, 20, interpreted=True), (2, 1)),  # pictures: processes
        (8, 8 * GIB, load(100, 20, interpreted=True), (8, 1)),
        (8, 8 * GIB, load(2, 20, interpreted=True), (2, 4)),
        (8, 2 * GIB, load(100, 20, interpreted=True), (2, 1)),  # as many as fit
        (8, 256 << 20, load(100, 20), (1, 1)),
        (8, 512 << 20, load(100, 20), (2, 1)),
        (8, 8 * GIB, load(10, 20, size=1 << 20), (1, 8)),  # little: no process is started
        (8, 8 * GIB, load(MANY, 1, size=1), (8, 1)),  # many wait for the disk side by side
        (1, 2 * GIB, load(100, 20), (1, 1)),
        (8, 2 * GIB, load(0, 0), (1, 8)),
    ],
)
def test_processes_and_threads(cores, memory, given, expected) -> None:
    assert shape(divide(cores, memory, given)) == expected


@given(
    cores=st.integers(1, 256),
    memory=st.integers(LEAST_MEMORY, 1 << 40),
    shards=st.integers(0, 3000),
    groups=st.integers(0, 500),
    size=st.integers(0, 1 << 32),
    interpreted=st.booleans(),
)
def test_law_neither_cores_nor_memory_are_exceeded(
    cores: int, memory: int, shards: int, groups: int, size: int, interpreted: bool
) -> None:
    given = load(shards, groups, size=size, interpreted=interpreted)
    division = divide(cores, memory, given)
    busy = division.processes * division.threads
    assert 1 <= busy <= cores
    assert division.processes <= max(1, shards)
    assert division.processes * division.encoders <= cores
    assert division.processes * division.memory <= memory
    assert division.encoders == 1 or division.encoders * PROCESS_MEMORY <= division.memory
    assert not interpreted or division.threads <= THREADS
    assert division.threads * division.batch_bytes <= max(division.memory, division.threads << 20)


def test_what_does_not_fit_is_told_once_it_matters() -> None:
    pictures = load(100, 20, interpreted=True)
    assert shortage(64, 3 * GIB, pictures) == (
        "3 of 64 workers fit into the memory allowed; 64GiB would do for all"
    )
    assert shortage(2, 2 * GIB, pictures) == ""
    assert shortage(64, 3 * GIB, load(100, 20, size=1, interpreted=True)) == ""
    assert shortage(8, 1 * GIB, load(100, 20)).startswith("4 of 8 workers fit")
    enough = divide(8, 2 * GIB, load(100, 20))
    assert enough.processes * enough.threads == 8


def test_pictures_and_json_are_looked_at_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPTOUT_KERNELS", raising=False)
    assert not is_interpreted([Leaf("url", "url"), Leaf("owner", "account:github")])
    assert is_interpreted([Leaf("url", "url"), Leaf("jpg", "image")])
    assert is_interpreted([Leaf("metadata{}.url", "url")])
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    assert is_interpreted([Leaf("url", "url")])
