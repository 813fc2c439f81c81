"""A search by chunks finds what comparing everything finds, whatever the hashes are."""

from __future__ import annotations

import itertools
import threading
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.compiled import PLAIN, available
from optout.registry.index import BruteForce, MultiIndex, Within, multi_index, radius_index
from optout.registry.index.pigeonhole import FEWEST, Chunks
from optout.registry.index.postings import LAYOUT, built

pytestmark = pytest.mark.skipif(not available(), reason="there is no compiler")


@pytest.fixture(autouse=True)
def _many_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multi_index, "FEW_PAIRS", -1)


def drawn(rows: int, size: int, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (rows, size), dtype=np.uint8)


def flipped(hashes: np.ndarray, bits: list[int], seed: int = 2) -> np.ndarray:
    """Hashes that differ from the given ones in so many bits each."""
    random, found = np.random.default_rng(seed), hashes.copy()
    for row, count in enumerate(bits):
        for bit in random.choice(8 * hashes.shape[1], count, replace=False):
            found[row, bit // 8] ^= 128 >> (bit % 8)
    return found


def same(one: Within, other: Within) -> bool:
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


def met_in(found: Within, queries: int) -> np.ndarray:
    met = np.zeros(queries, bool)
    met[found.query] = True
    return met


def hashes_of(sort: str, size: int, rows: int) -> np.ndarray:
    hashes = drawn(rows, size)
    if sort == "clustered":
        return flipped(hashes[np.arange(rows) % 40], [n % 30 for n in range(rows)])
    if sort == "equal":
        return np.repeat(hashes[:1], rows, axis=0)
    if sort == "one chunk":
        # Somebody who knows the permutation gives all hashes a chunk and its sketch in common.
        chunks = Chunks.of(8 * size, rows)
        chunk = np.concatenate([chunks.positions()[0], chunks.sketched()[0]])
        bits = np.unpackbits(hashes, axis=1)
        bits[:, chunk] = bits[0, chunk]
        return np.packbits(bits, axis=1)
    if sort == "few bits":
        return np.uint8(1) << (hashes & 7) & hashes
    return hashes


SORTS = ("even", "clustered", "equal", "one chunk", "few bits")
ROWS = FEWEST + 777
_known: dict[tuple[str, int], tuple[np.ndarray, MultiIndex]] = {}


def index_of(sort: str, size: int) -> tuple[np.ndarray, MultiIndex]:
    if (sort, size) not in _known:
        hashes = hashes_of(sort, size, ROWS)
        index = radius_index(hashes, built(hashes))
        assert isinstance(index, MultiIndex)
        _known[sort, size] = hashes, index
    return _known[sort, size]


@settings(max_examples=150, deadline=None)
@given(
    sort=st.sampled_from(SORTS),
    size=st.sampled_from([8, 32]),
    radius=st.integers(0, 64),
    seed=st.integers(0, 2**32),
    queries=st.integers(0, 12),
)
def test_every_pair_within_the_radius_is_found_and_no_other(
    sort: str, size: int, radius: int, seed: int, queries: int
) -> None:
    hashes, index = index_of(sort, size)
    if sort != "even":
        queries = min(queries, 3)
    random = np.random.default_rng(seed)
    bits = np.clip(random.integers(radius - 3, radius + 4, queries), 0, 8 * size).tolist()
    near = flipped(hashes[random.integers(0, len(hashes), queries)], bits, seed)
    asked = np.concatenate([near, drawn(1, size, seed)])
    expected = BruteForce(hashes).within(asked, radius)
    assert same(index.within(asked, radius), expected)
    assert np.array_equal(index.meets(asked, radius), met_in(expected, len(asked)))


@pytest.mark.parametrize("size", [8, 32])
@pytest.mark.parametrize("bits", range(41))
def test_planted_pairs_are_found_at_every_distance(size: int, bits: int) -> None:
    hashes, index = index_of("even", size)
    planted = np.arange(0, len(hashes), 1500)
    asked = flipped(hashes[planted], [bits] * len(planted), bits)
    found = index.within(asked, bits)
    own = found.row == planted[found.query]
    assert own.sum() == len(planted)
    assert (found.distance[own] == bits).all()
    assert index.meets(asked, bits).all()


@pytest.mark.parametrize("rows", [0, 1, 2, FEWEST - 1, FEWEST, FEWEST + 1])
@pytest.mark.parametrize("size", [8, 32])
def test_the_number_of_hashes_does_not_matter(rows: int, size: int) -> None:
    hashes = drawn(rows, size)
    index = radius_index(hashes, built(hashes))
    asked = np.concatenate([drawn(3, size, 9), flipped(hashes[-2:], [3] * len(hashes[-2:]))])
    for radius in (-1, 0, 4, 8 * size):
        some = asked if radius < 8 else asked[:1]
        expected = BruteForce(hashes).within(some, radius)
        assert same(index.within(some, radius), expected)
        assert np.array_equal(index.meets(some, radius), met_in(expected, len(some)))
        assert np.array_equal(BruteForce(hashes).meets(some, radius), met_in(expected, len(some)))


def test_a_field_of_records_is_searched_like_a_column() -> None:
    records = np.zeros(ROWS, [("before", "u1", (3,)), ("hash", "u1", (32,)), ("after", "<u8")])
    records["hash"] = index_of("even", 32)[0]
    index = radius_index(records["hash"], built(records["hash"]))
    assert isinstance(index, MultiIndex)
    asked = flipped(records["hash"][::4000].copy(), [20] * len(records[::4000]))
    assert same(index.within(asked, 30), index_of("even", 32)[1].within(asked, 30))


@pytest.mark.parametrize("radius", [8, 100])
def test_what_cannot_be_written_can_be_asked(radius: int) -> None:
    hashes, index = index_of("even", 32)
    asked = np.frombuffer(hashes[:5].tobytes(), np.uint8).reshape(5, 32)
    registered = np.frombuffer(hashes.tobytes(), np.uint8).reshape(hashes.shape)
    postings = np.frombuffer(built(registered).tobytes(), np.uint32)
    found = radius_index(registered, postings).within(asked, radius)
    assert same(found, BruteForce(hashes).within(asked, radius))
    assert same(found, index.within(asked[::1], radius))


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[::3]], ids=["backwards", "every third"])
def test_hashes_that_lie_otherwise_are_found_too(view: slice) -> None:
    hashes = drawn(3 * ROWS, 32)[view]
    index = radius_index(hashes, built(hashes))
    asked = flipped(hashes[::5000].copy(), [20] * len(hashes[::5000]))
    assert same(index.within(asked, 30), BruteForce(hashes).within(asked, 30))


def test_no_query_has_more_candidates_than_can_be_compared_in_the_time() -> None:
    hashes, index = index_of("one chunk", 32)
    looked = index._look_ups(16)
    assert looked is not None
    crowded = np.zeros(3, np.uint8)
    assert not list(index._found(hashes[:3].view(np.uint64), 16, looked, crowded))
    assert crowded.all()
    met = np.zeros(3, np.uint8)
    elsewhere = hashes[:3] ^ ~chunk_mask(256, len(hashes))
    index._meet(elsewhere.view(np.uint64), 16, looked, met)
    assert (met == multi_index._LEFT).all()
    assert not index.meets(elsewhere, 16).any()


def chunk_mask(bits: int, rows: int) -> np.ndarray:
    """The bits of the first chunk and its sketch."""
    chunks = Chunks.of(bits, rows)
    of = np.zeros(bits, np.uint8)
    of[np.concatenate([chunks.positions()[0], chunks.sketched()[0]])] = 1
    return np.packbits(of)


@pytest.mark.parametrize("room", [1, 2, 7])
def test_more_pairs_than_there_is_room_for_are_found_all_the_same(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multi_index, "_ROOM", room)
    hashes, _ = index_of("clustered", 32)
    some = np.concatenate([drawn(ROWS, 32), hashes[:200]])
    index = radius_index(some, built(some))
    asked = hashes[:60]
    assert same(index.within(asked, 30), BruteForce(some).within(asked, 30))


def test_what_is_equal_a_million_times_takes_no_more_memory_than_what_is_found() -> None:
    hashes = np.repeat(drawn(1, 32), 1_000_000, axis=0)
    index = radius_index(hashes, built(hashes))
    asked = np.concatenate([drawn(200, 32, 5), hashes[:1]])
    tracemalloc.start()
    try:
        found = index.within(asked, 30)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.row) == 1_000_000
    assert peak < 160 << 20
    assert index.meets(asked, 30).tolist() == [False] * 200 + [True]


def test_threads_ask_one_index_at_the_same_time() -> None:
    hashes, index = index_of("even", 32)
    asked = flipped(hashes[:400], [n % 30 for n in range(400)])
    expected = index.within(asked, 30)
    found: list[Within] = []
    threads = [
        threading.Thread(target=lambda: found.append(index.within(asked, 30))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(same(each, expected) for each in found)


def forged() -> Iterator[tuple[str, np.ndarray]]:
    """What may stand behind the number of the layout."""
    sound = built(index_of("even", 32)[0])[1:]
    random = np.random.default_rng(3)
    yield "all ones", np.full_like(sound, 2**32 - 1)
    yield "zeros", np.zeros_like(sound)
    yield "noise", random.integers(0, 2**32, len(sound), dtype=np.uint32)
    yield "rows from end to beginning", sound[::-1].copy()
    every = sound.copy()
    every[::2], every[1::2] = 0, ROWS
    yield "every value has every row", every
    few = sound.copy()
    few[random.integers(0, len(few), 5000)] = random.integers(0, 2**32, 5000, dtype=np.uint32)
    yield "some numbers changed", few


def test_forged_postings_lead_nowhere_else() -> None:
    hashes, _ = index_of("even", 32)
    asked = np.concatenate([hashes[:20], drawn(20, 32, 6)])
    for (name, numbers), radius in itertools.product(forged(), (0, 16, 24)):
        postings = np.append(np.uint32(LAYOUT), numbers)
        found = radius_index(hashes, postings).within(asked, radius)
        # What is found is near, whatever is missing.
        distance = np.bitwise_count(asked[found.query] ^ hashes[found.row]).sum(axis=1)
        assert np.array_equal(distance, found.distance), name
        assert (distance <= radius).all(), name
        near = met_in(BruteForce(hashes).within(asked, radius), len(asked))
        assert not (radius_index(hashes, postings).meets(asked, radius) & ~near).any(), name


@pytest.mark.parametrize("change", [-1, 1, None])
def test_postings_of_another_length_are_refused(change: int | None) -> None:
    hashes, _ = index_of("even", 32)
    length = 0 if change is None else len(built(hashes)) + change
    postings = np.full(length, LAYOUT, np.uint32)
    with pytest.raises(ValueError, match="numbers of postings"):
        radius_index(hashes, postings)


def test_postings_of_few_hashes_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers of postings"):
        radius_index(drawn(10, 32), np.zeros(1, np.uint32))


def test_without_a_compiler_everything_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes, index = index_of("even", 32)
    postings = built(hashes)
    monkeypatch.setenv(PLAIN, "plain")
    plain = radius_index(hashes, postings)
    assert isinstance(plain, BruteForce)
    assert same(plain.within(hashes[:4], 30), index.within(hashes[:4], 30))
    assert plain.meets(hashes[:4], 30).all()


def test_what_does_not_fit_is_refused_as_by_comparing() -> None:
    _, index = index_of("even", 32)
    with pytest.raises(ValueError, match="queries of 8 bytes for 32"):
        index.within(drawn(2, 8), 3)
    with pytest.raises(ValueError, match="queries of 8 bytes for 32"):
        index.meets(drawn(2, 8), 3)
    with pytest.raises(ValueError, match="hashes of the type"):
        index.within(np.zeros(32, np.uint8), 3)
    with pytest.raises(ValueError, match="hashes of the type"):
        index.meets(np.zeros(32, np.uint8), 3)


def test_many_queries_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multi_index, "_TOGETHER", 7)
    hashes, index = index_of("clustered", 32)
    asked = flipped(np.concatenate([hashes[:20], drawn(20, 32)]), [30] * 40)
    expected = BruteForce(hashes).within(asked, 30)
    assert np.array_equal(index.meets(asked, 30), met_in(expected, len(asked)))
