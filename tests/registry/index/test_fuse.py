"""The probe filter misses no key, and its bytes are a function of the keys."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.compiled import kernels
from optout.registry.index import build_filter, check_filter, fuse_plain, write_filter
from optout.registry.index.fuse import FEW, SHARD_KEYS

KEYS = st.lists(
    st.one_of(
        st.integers(0, 2**64 - 1),
        st.integers(0, 40),
        st.integers(0, 40).map(lambda low: 0xABCDEF01 << 32 | low),  # prefixes of one host
        # Hashes to 0 under the seed that says the shard.
        st.just(2**64 - fuse_plain.SHARD_SEED),
    ),
    max_size=300,
)
SHARDS = st.sampled_from([1, 7, 64, SHARD_KEYS])


def column(keys: list[int]) -> np.ndarray:
    return np.array(sorted(keys), np.uint64)


def some(count: int, seed: int = 1) -> np.ndarray:
    return np.unique(np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64))


@settings(deadline=None)
@given(KEYS, SHARDS)
def test_every_key_is_in_its_filter(keys: list[int], shard_keys: int) -> None:
    data = bytes(build_filter(column(keys), shard_keys=shard_keys))
    assert all(fuse_plain.may_hold(data, key) for key in keys)


@settings(deadline=None)
@given(KEYS, SHARDS)
def test_the_compiled_filter_has_the_bytes_of_the_plain_one(
    keys: list[int], shard_keys: int
) -> None:
    plain = build_filter(column(keys), shard_keys=shard_keys, few=len(keys))
    compiled = build_filter(column(keys), shard_keys=shard_keys, few=-1)
    assert bytes(plain) == bytes(compiled)


@pytest.mark.parametrize("count", [FEW - 1, FEW, FEW + 1, 20_000])
@pytest.mark.parametrize("shard_keys", [900, SHARD_KEYS])
def test_larger_ones_have_the_same_bytes_too(count: int, shard_keys: int) -> None:
    keys = some(count)
    made = [bytes(build_filter(keys, shard_keys=shard_keys, few=few)) for few in (-1, FEW, count)]
    assert made[0] == made[1] == made[2]


@given(KEYS, st.data())
def test_keys_that_are_there_twice_change_nothing_but_the_size(keys: list[int], data) -> None:
    again = data.draw(st.permutations(keys))[: len(keys) // 2]
    made = bytes(build_filter(column(keys + again)))
    assert all(fuse_plain.may_hold(made, key) for key in keys)


def test_one_key_in_256_that_is_not_there_may_be_there_all_the_same() -> None:
    data = bytes(build_filter(some(20_000)))
    others = np.random.default_rng(2).integers(0, 2**64, 20_000, dtype=np.uint64).tolist()
    found = sum(fuse_plain.may_hold(data, key) for key in others)
    assert 40 < found < 130


def test_a_filter_takes_little_more_than_a_byte_a_key() -> None:
    assert len(build_filter(some(1_000_000))) / 1_000_000 < 1.15


def test_an_empty_filter_holds_nothing() -> None:
    data = build_filter(column([]))
    check_filter(data)
    assert not fuse_plain.may_hold(bytes(data), 0)


def test_a_filter_is_written_where_the_stream_begins() -> None:
    stream = io.BytesIO()
    write_filter(some(5000), stream, shard_keys=1000)
    assert stream.getvalue() == bytes(build_filter(some(5000), shard_keys=1000))


def test_a_column_that_cannot_be_written_to_is_read(tmp_path) -> None:
    some(5000).tofile(tmp_path / "probes.bin")
    mapped = np.memmap(tmp_path / "probes.bin", "<u8", "r")
    assert bytes(build_filter(mapped)) == bytes(build_filter(some(5000)))


def test_another_seed_is_tried_where_one_fails() -> None:
    building = kernels("optout.registry.index.building_kernels")
    keys = some(12)
    outcomes = set()
    for seed in range(200):
        plain = fuse_plain.build(keys.tolist(), seed, 4, 8)
        room = np.zeros(16, np.uint8)
        count = len(keys) + 1
        held = building.build(
            *(keys, np.uint64(seed), np.uint64(4), np.uint64(8), room),
            *(np.empty(16, np.uint8), np.empty(16, np.uint64)),
            *(np.empty(count, np.uint64), np.empty(count, np.uint8), np.empty(17, np.uint32)),
        )
        assert held == (plain is not None)
        if plain is not None:
            assert bytes(room) == plain
        outcomes.add(held)
    assert outcomes == {True, False}


def test_more_keys_at_a_place_than_can_be_counted_are_another_seeds_matter() -> None:
    assert fuse_plain.build(some(300).tolist(), 1, 1, 1) is None


def damaged(data: np.ndarray, at: int, number: int) -> np.ndarray:
    changed = data.copy()
    changed[8 * at : 8 * at + 8] = np.frombuffer(number.to_bytes(8, "little"), np.uint8)
    return changed


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (0, 3),  # shards that are not there
        (0, 2**20),
        (0, 2**63),
        (1, 2**64 - 1),  # fingerprints that begin elsewhere
        (1, 4000),
        (3, 0),  # segments of no length, of any length, too long
        (3, 3),
        (3, 2**19),
        (4, 0),  # spans that are none
        (4, 129),
        (4, 2**63),
    ],
)
def test_a_filter_that_asks_for_what_lies_outside_of_it_is_refused(at: int, number: int) -> None:
    data = build_filter(some(1000))
    check_filter(data)
    with pytest.raises(ValueError, match="filter"):
        check_filter(damaged(data, at, number))


@pytest.mark.parametrize("size", [0, 7, 8, 39, 100])
def test_a_filter_that_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="filter"):
        check_filter(build_filter(some(1000))[:size])


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_what_passes_the_check_reads_nothing_outside(data: st.DataObject) -> None:
    shards = data.draw(st.integers(0, 3))
    size = data.draw(st.integers(0, 400))
    word = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 400), st.sampled_from([8, 16, 64]))
    header = [shards, *(data.draw(word) for _ in range(4 * shards))]
    made = b"".join(number.to_bytes(8, "little") for number in header) + bytes(size)
    try:
        check_filter(np.frombuffer(made, np.uint8))
    except ValueError:
        return
    for key in data.draw(st.lists(st.integers(0, 2**64 - 1), max_size=20)):
        fuse_plain.may_hold(made, key)  # an index too large would be an IndexError
