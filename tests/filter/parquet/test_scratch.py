"""Memory that is filled again: by one at a time, and no more of it than is needed."""

from __future__ import annotations

import mmap

import pytest
from optout.filter.parquet import scratch
from optout.filter.parquet.scratch import Scratch


def test_a_block_that_was_given_back_is_used_again() -> None:
    memory = Scratch()
    first, other = memory.take(5 << 20), memory.take(5 << 20)
    assert first is not other
    memory.give_back(first)
    assert memory.take(7 << 20) is first


def test_a_small_piece_does_not_take_the_block_of_a_large_one() -> None:
    memory = Scratch()
    large = memory.take(100 << 20)
    memory.give_back(large)
    assert len(memory.take(5 << 20)) == 8 << 20


def test_sizes_that_nobody_needs_any_more_are_not_kept() -> None:
    memory = Scratch()
    for size in range(3, 8):
        memory.give_back(memory.take(1 << 20 << size))
    assert len(memory._spare) == 1


def test_what_there_is_no_room_for_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> mmap.mmap:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(scratch.mmap, "mmap", full)
    with pytest.raises(MemoryError, match="Cannot allocate memory"):
        Scratch().take(1)


def test_a_system_without_huge_pages_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch.mmap, "MADV_HUGEPAGE", 1 << 20)
    assert len(Scratch().take(5 << 20)) == 8 << 20
    monkeypatch.delattr(scratch.mmap, "MADV_HUGEPAGE")
    assert len(Scratch().take(5 << 20)) == 8 << 20
