"""A search within a radius finds every pair that is near enough, and no other."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.index import BruteForce, Within


def packed(hashes: list[bytes], size: int) -> np.ndarray:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, size)


def compared(registered: list[bytes], asked: list[bytes], radius: int) -> list[tuple]:
    """The same by plain Python."""
    return [
        (query, row, distance)
        for query, one in enumerate(asked)
        for row, other in enumerate(registered)
        if (distance := (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()) <= radius
    ]


def pairs(found: Within) -> list[tuple]:
    assert {column.dtype for column in found} == {np.dtype(np.int64)}
    return list(zip(*(column.tolist() for column in found), strict=True))


def flipped(data: bytes, bits: int, drawn: random.Random) -> bytes:
    number = int.from_bytes(data)
    for bit in drawn.sample(range(8 * len(data)), bits):
        number ^= 1 << bit
    return number.to_bytes(len(data))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size=st.sampled_from([8, 16, 32, 64, 72]),
    radius=st.integers(-1, 70),
    data=st.data(),
)
def test_a_search_finds_what_comparing_bit_by_bit_finds(
    seed: int, size: int, radius: int, data: st.DataObject
) -> None:
    drawn = random.Random(seed)
    registered = [drawn.randbytes(size) for _ in range(data.draw(st.integers(0, 12)))]
    asked = [drawn.randbytes(size) for _ in range(data.draw(st.integers(0, 3)))]
    for each in registered:
        near = max(0, min(size * 8, radius + drawn.randint(-2, 2)))
        asked.append(flipped(each, near, drawn))
    index, queries = BruteForce(packed(registered, size)), packed(asked, size)
    expected = compared(registered, asked, radius)
    assert pairs(index.within(queries, radius)) == expected
    assert sorted(p for piece in index.pieces(queries, radius) for p in pairs(piece)) == expected
    met = index.meets(queries, radius)
    assert met.dtype == bool
    assert np.flatnonzero(met).tolist() == sorted({query for query, _, _ in expected})


@pytest.mark.parametrize("bits", range(34))
def test_the_radius_itself_is_within(bits: int) -> None:
    one = random.Random(bits).randbytes(32)
    other = flipped(one, bits, random.Random(bits + 1))
    found = BruteForce(packed([one], 32)).within(packed([other], 32), 30)
    assert pairs(found) == ([(0, 0, bits)] if bits <= 30 else [])


@pytest.mark.parametrize("size", [8, 32, 64, 72])
def test_opposite_hashes_are_as_far_apart_as_they_are_long(size: int) -> None:
    index = BruteForce(packed([bytes(size)], size))
    opposite = packed([b"\xff" * size], size)
    assert pairs(index.within(opposite, 8 * size)) == [(0, 0, 8 * size)]
    assert pairs(index.within(opposite, 8 * size - 1)) == []


def test_pairs_on_both_sides_of_every_block_are_found_in_order() -> None:
    random_ = np.random.default_rng(3)
    hashes = random_.integers(0, 256, (20_000, 32), dtype=np.uint8)
    asked = random_.integers(0, 256, (100, 32), dtype=np.uint8)
    planted = [(0, 19_999), (15, 8191), (16, 8192), (16, 12_000), (17, 0), (99, 16_384)]
    for query, row in planted:
        hashes[row] = asked[query]
    found = BruteForce(hashes).within(asked, 30)
    assert pairs(found) == [(query, row, 0) for query, row in planted]


def test_a_field_of_records_is_searched_like_a_column() -> None:
    records = np.zeros(9, [("before", "u1", (3,)), ("hash", "u1", (32,)), ("after", "<u8")])
    records["hash"] = np.random.default_rng(4).integers(0, 256, (9, 32), dtype=np.uint8)
    found = BruteForce(records["hash"]).within(np.ascontiguousarray(records["hash"]), 0)
    assert pairs(found) == [(n, n, 0) for n in range(9)]


def test_memory_is_bounded_whatever_is_compared() -> None:
    random_ = np.random.default_rng(5)
    hashes = random_.integers(0, 256, (100_000, 32), dtype=np.uint8)
    asked = random_.integers(0, 256, (200, 32), dtype=np.uint8)
    tracemalloc.start()
    try:
        found = BruteForce(hashes).within(asked, 30)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not len(found.query)
    assert peak < 8 << 20


@pytest.mark.parametrize(
    "hashes",
    [np.zeros(32, np.uint8), np.zeros((2, 31), np.uint8), np.zeros((2, 4), np.uint64)],
    ids=["one dimension", "31 bytes", "numbers"],
)
def test_what_is_no_table_of_hashes_is_refused(hashes: np.ndarray) -> None:
    with pytest.raises(ValueError, match="hashes of the type"):
        BruteForce(hashes)
    with pytest.raises(ValueError, match="hashes of the type"):
        BruteForce(np.zeros((1, 32), np.uint8)).within(hashes, 3)


def test_queries_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="queries of 8 bytes for 32"):
        BruteForce(np.zeros((1, 32), np.uint8)).within(np.zeros((1, 8), np.uint8), 3)
