"""What a filter asks of a snapshot is answered as a plain search of the log would answer it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import (
    Grade,
    Identifier,
    Key,
    KeyColumns,
    Kind,
    file_key,
    url_keys,
    usage_mask,
)
from optout.registry.log import fold
from optout.registry.snapshot import Snapshot, SnapshotEntry

from .conftest import LogBook, large_book, picture, random_picture, some_file


@dataclass(frozen=True)
class Plain:
    """What is in force, as a list that is searched from its beginning."""

    entries: list[tuple[SnapshotEntry, Identifier]]

    @classmethod
    def of(cls, book: LogBook) -> Plain:
        entries = fold(book.leaves).entries
        return cls(
            [
                (
                    SnapshotEntry(
                        index,
                        identifier.kind,
                        entries[index].grade,
                        usage_mask(entries[index].usage),
                    ),
                    identifier,
                )
                for index, identifier in book.identifiers().items()
            ]
        )

    def find(self, kind: Kind, digest: bytes) -> list[SnapshotEntry]:
        return [
            entry
            for entry, identifier in self.entries
            if (identifier.kind, identifier.digest) == (kind, digest)
        ]

    def near(self, namespace: str, queries: list[bytes], radius: int) -> list[tuple]:
        return sorted(
            (query, entry.index, distance, entry.grade.rank, entry.usage, identifier.radius)
            for query, asked in enumerate(queries)
            for entry, identifier in self.entries
            for packed in identifier.hashes.get(namespace, {}).values()
            if (distance := (int.from_bytes(packed) ^ int.from_bytes(asked)).bit_count()) <= radius
        )


def near(snapshot: Snapshot, namespace: str, queries: list[bytes], radius: int) -> list[tuple]:
    packed = np.frombuffer(b"".join(queries), np.uint8).reshape(len(queries), -1)
    found = snapshot.near(namespace, packed, radius)
    columns = (
        found.query,
        found.entry,
        found.distance,
        found.grade,
        found.usage,
        found.radius,
    )
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    return sorted(rows)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plain, Snapshot]:
    book = large_book(600)
    for entry in range(0, 600, 7):
        book.withdraw(entry)
    for entry in range(1, 600, 14):
        book.add(book.openings[entry].identifier(), grade=Grade.REVIEWED, usage=("search",))
    return Plain.of(book), book.snapshot(tmp_path_factory.mktemp("large") / "snapshot")


def test_an_address_is_found_by_its_own_keys(snapshot: Snapshot) -> None:
    keys = url_keys("http://ANNA.example:80/harbour.jpg#top")
    assert keys is not None
    probes = np.array([key.probe for key in keys], np.uint64)
    positions, _ = snapshot.candidates(probes)
    found = {
        entry.index
        for position in set(positions.tolist())
        for entry in snapshot.find(
            *(getattr(keys[position], n) for n in ("kind", "digest", "probe"))
        )
    }
    assert found == {0, 1, 5}


def test_two_claims_of_one_thing_are_two_entries(snapshot: Snapshot) -> None:
    asked = Identifier.url("https://anna.example/harbour.jpg")
    assert snapshot.find(Kind.URL, asked.digest, asked.probe) == [
        SnapshotEntry(0, Kind.URL, Grade.DOMAIN, usage_mask(["train-ai"])),
        SnapshotEntry(5, Kind.URL, Grade.SELF, usage_mask(["search"])),
    ]


@pytest.mark.parametrize(("number", "status"), [(2, "withdrawn"), (3, "erased")])
def test_what_is_no_longer_in_force_is_not_found(
    snapshot: Snapshot, number: int, status: str
) -> None:
    gone = some_file(number)
    assert snapshot.find(Kind.FILE, gone.digest, gone.probe) == []
    assert not len(snapshot.candidates(np.array([gone.probe], np.uint64))[0])


@pytest.mark.parametrize(("number", "status"), [(1, "disputed"), (4, "restored")])
def test_what_is_in_force_is_found(snapshot: Snapshot, number: int, status: str) -> None:
    held = some_file(number)
    assert len(snapshot.find(Kind.FILE, held.digest, held.probe)) == 1


def test_a_forged_probe_confirms_nothing(snapshot: Snapshot) -> None:
    held, other = some_file(1), some_file(77)
    assert snapshot.find(Kind.FILE, other.digest, held.probe) == []
    assert snapshot.find(Kind.URL, held.digest, held.probe) == []


def test_many_entries_under_one_forged_probe_are_told_apart(tmp_path: Path) -> None:
    book = LogBook()
    matter = some_file(0).matter()
    forged = [
        Identifier.from_matter(matter | {"digest": some_file(n).digest.hex()}) for n in range(50)
    ]
    for identifier in forged:
        book.add(identifier)
    snapshot = book.snapshot(tmp_path / "snapshot")
    for index, identifier in enumerate(forged):
        found = snapshot.find(Kind.FILE, identifier.digest, identifier.probe)
        assert [entry.index for entry in found] == [index]
    positions, rows = snapshot.candidates(np.array([forged[0].probe], np.uint64))
    assert positions.tolist() == [0] * 50
    assert rows.tolist() == list(range(50))


def test_find_and_candidates_agree_with_a_plain_search(large: tuple[Plain, Snapshot]) -> None:
    plain, snapshot = large
    held = [identifier for _, identifier in plain.entries]
    asked = [file_key(some_file(number).digest.hex()) for number in range(300)]
    asked += [*held, *map(some_file, range(700))]
    random.Random(1).shuffle(asked)
    probes = [key.probe for key in asked]
    positions, rows = snapshot.candidates(np.array(probes, np.uint64))
    column = sorted(identifier.probe for identifier in held)
    assert list(zip(positions.tolist(), rows.tolist(), strict=True)) == [
        (place, row)
        for place, probe in enumerate(probes)
        for row, other in enumerate(column)
        if probe == other
    ]
    for key in asked:
        found = snapshot.find(key.kind, key.digest, key.probe)
        assert found == plain.find(key.kind, key.digest)


def test_many_things_are_found_as_each_alone(large: tuple[Plain, Snapshot]) -> None:
    plain, snapshot = large
    asked = [identifier for _, identifier in plain.entries] + [*map(some_file, range(700))]
    random.Random(2).shuffle(asked)
    keys = [Key(each.kind, each.digest, each.probe) for each in asked]
    # One whose probe is another's: found where the probe is, and not confirmed.
    keys.append(Key(Kind.URL, b"x" * 32, asked[0].probe))
    places, found = snapshot.confirmed(KeyColumns.of(keys))
    assert list(zip(places.tolist(), found.tolist(), strict=True)) == [
        (place, (entry.index, entry.grade.rank, entry.usage))
        for place, key in enumerate(keys)
        for entry in plain.find(key.kind, key.digest)
    ]
    assert [len(column) for column in snapshot.confirmed(KeyColumns.of([]))] == [0, 0]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    radius=st.integers(0, 64),
    namespace=st.sampled_from(["phash256", "phash64", "pdq256"]),
)
def test_near_agrees_with_a_plain_search(
    large: tuple[Plain, Snapshot], seed: int, radius: int, namespace: str
) -> None:
    plain, snapshot = large
    drawn = random.Random(seed)
    hashes = [
        packed
        for _, identifier in plain.entries
        for packed in identifier.hashes.get(namespace, {}).values()
    ]
    queries = [drawn.randbytes(len(hashes[0]))]
    for packed in drawn.sample(hashes, 5):
        number = int.from_bytes(packed)
        for bit in drawn.sample(range(8 * len(packed)), min(radius, 40)):
            number ^= 1 << bit
        queries.append(number.to_bytes(len(packed)))
    assert near(snapshot, namespace, queries, radius) == plain.near(namespace, queries, radius)


def test_a_picture_is_near_by_each_of_its_variants_with_its_own_radius(tmp_path: Path) -> None:
    book = LogBook()
    same = random_picture(random.Random(8), radius=12)
    book.add(some_file(0))
    book.add(same, grade=Grade.DOMAIN, usage=("train-ai", "search"))
    variants = same.hashes["phash256"]
    snapshot = book.snapshot(tmp_path / "snapshot")
    for packed in variants.values():
        assert near(snapshot, "phash256", [packed], 0) == [(0, 1, 0, Grade.DOMAIN.rank, 3, 12)]


def test_two_variants_of_one_picture_that_are_both_near_are_two_rows(tmp_path: Path) -> None:
    book = LogBook()
    book.add(picture({"phash256": {"original": bytes(32), "square": bytes(31) + b"\x03"}}))
    found = near(book.snapshot(tmp_path / "snapshot"), "phash256", [bytes(32)], 30)
    assert [(entry, distance) for _, entry, distance, *_ in found] == [(0, 0), (0, 2)]


def test_columns_have_the_types_that_are_promised(snapshot: Snapshot) -> None:
    found = snapshot.near("phash64", np.zeros((1, 8), np.uint8), 64)
    assert len(found.query) == 3
    assert [
        column.dtype.name
        for column in (
            found.query,
            found.entry,
            found.distance,
            found.grade,
            found.usage,
            found.radius,
        )
    ] == ["int64", "int64", "int64", "uint8", "uint32", "uint16"]


def test_an_unknown_kind_of_hash_is_named(snapshot: Snapshot) -> None:
    with pytest.raises(SnapshotError, match="'dhash256'"):
        snapshot.near("dhash256", np.zeros((1, 32), np.uint8), 30)


def test_an_empty_snapshot_answers_that_it_has_nothing(tmp_path: Path) -> None:
    snapshot = LogBook().snapshot(tmp_path / "snapshot")
    asked = some_file(1)
    assert snapshot.counts == {"entries": 0, "by_kind": {}, "by_grade": {}}
    assert snapshot.find(Kind.FILE, asked.digest, asked.probe) == []
    assert not len(snapshot.candidates(np.array([asked.probe], np.uint64))[0])
    assert near(snapshot, "phash256", [bytes(32)], 64) == []
    snapshot.check_files()


def test_no_question_is_answered_with_nothing(snapshot: Snapshot) -> None:
    positions, rows = snapshot.candidates(np.empty(0, np.uint64))
    assert len(positions) == len(rows) == 0
    assert not len(snapshot.near("phash256", np.empty((0, 32), np.uint8), 30).query)
