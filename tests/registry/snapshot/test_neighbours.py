"""Of crowds of equal pictures only what is wanted is held: the nearest variant of every entry."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError
from optout.registry.snapshot import Neighbours, Snapshot, neighbours
from optout.registry.snapshot.formats import HASH_SIZES

from .conftest import LogBook, picture, random_picture


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    book, drawn = LogBook(), random.Random(5)
    for _ in range(40):
        book.add(random_picture(drawn, radius=drawn.choice([8, 16, 30])))
    for last in (0, 1, 3, 7):
        book.add(picture({"phash256": {"original": bytes(32), "square": bytes([*[0] * 31, last])}}))
    return book.snapshot(tmp_path_factory.mktemp("neighbours") / "snapshot")


def asked(snapshot: Snapshot, namespace: str) -> np.ndarray:
    held = np.ascontiguousarray(snapshot._segment.images[namespace]["hash"])
    held[::3, -1] ^= 0b111
    return np.concatenate([held, ~held[:5]])


def rows(found: Neighbours) -> list[tuple]:
    columns = found.query, found.entry, found.distance, found.grade, found.usage, found.radius
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("namespace", HASH_SIZES)
@pytest.mark.parametrize("radius", [0, 3, 30])
@pytest.mark.parametrize("at_least", [0, 10, 1 << 17])
def test_of_every_entry_the_nearest_variant_is_found_that_is_wanted(
    namespace: str,
    radius: int,
    at_least: int,
    snapshot: Snapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbours, "AT_LEAST", at_least)
    queries = asked(snapshot, namespace)
    owners = np.arange(len(queries)) // 2 + 7
    expected: dict[tuple[int, int], tuple] = {}
    for query, entry, distance, *rest in rows(snapshot.near(namespace, queries, radius)):
        of = int(owners[query]), entry
        if distance <= rest[-1] and entry % 3:
            expected[of] = min(expected.get(of, (999,)), (distance, *rest))
    found = snapshot.nearest(
        namespace, queries, radius, wanted=lambda near: near.entry % 3 > 0, owners=owners
    )
    assert rows(found) == [(*of, *expected[of]) for of in sorted(expected)]
    assert rows(found)


@pytest.mark.parametrize("namespace", HASH_SIZES)
@pytest.mark.parametrize("radius", [-1, 0, 3, 30])
def test_a_hash_meets_something_where_something_is_near(
    namespace: str, radius: int, snapshot: Snapshot
) -> None:
    queries = asked(snapshot, namespace)
    found = snapshot.meets(namespace, queries, radius)
    near = snapshot.near(namespace, queries, radius)
    assert np.flatnonzero(found).tolist() == np.unique(near.query).tolist()
    assert not len(snapshot.meets(namespace, queries[:0], radius))


def test_an_unknown_kind_of_hash_is_named_whatever_is_asked(snapshot: Snapshot) -> None:
    queries = np.zeros((1, 32), np.uint8)
    with pytest.raises(SnapshotError, match="'dhash256'"):
        snapshot.meets("dhash256", queries, 30)
    with pytest.raises(SnapshotError, match="'dhash256'"):
        snapshot.nearest("dhash256", queries, 30, wanted=wanted, owners=np.zeros(1, np.int64))


def wanted(near: Neighbours) -> np.ndarray:
    return near.grade > 0


def crowd(pieces: int, *, grade: int) -> Iterator[Neighbours]:
    """Ten thousand pairs a piece: a thousand queries, each near the same ten entries."""
    query, entry = np.divmod(np.arange(10_000), 10)
    for piece in range(pieces):
        distance = np.full(10_000, 20 - piece % 7)
        ranks = np.full(10_000, grade, np.uint8)
        radius = np.full(10_000, 30, np.uint16)
        yield Neighbours(query, entry, distance, ranks, np.ones(10_000, np.uint32), radius)


@pytest.mark.parametrize("grade", [0, 1], ids=["not wanted", "wanted"])
def test_memory_does_not_grow_with_the_pairs(grade: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "AT_LEAST", 30_000)

    def peak(pieces: int) -> int:
        tracemalloc.start()
        try:
            found = neighbours.nearest(crowd(pieces, grade=grade), wanted, np.arange(1000))
            assert len(found) == (10_000 if grade else 0)
            assert not grade or set(found.distance.tolist()) == {14}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(120) < 1.2 * peak(12) < 20 << 20


def test_a_search_among_equal_pictures_takes_no_memory_for_what_is_not_wanted(
    tmp_path: Path,
) -> None:
    book = LogBook()
    for _ in range(300):
        book.add(picture({"phash256": {name: bytes(32) for name in ("original", "square")}}))
    snapshot = book.snapshot(tmp_path / "snapshot")

    def peak(queries: int) -> int:
        tracemalloc.start()
        try:
            found = snapshot.nearest(
                "phash256",
                np.zeros((queries, 32), np.uint8),
                30,
                wanted=lambda near: near.entry == 1,
                owners=np.arange(queries),
            )
            assert found.query.tolist() == list(range(queries))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(16)
    assert peak(480) < 1.3 * peak(48)
