"""Pictures that are known by their PDQ alone, among others: what a snapshot says of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from optout.registry.identifiers import Identifier
from optout.registry.log import Opening
from optout.registry.snapshot import Snapshot, audit_snapshot

from .conftest import LogBook, random_picture, resigned, some_file

PDQ = bytes.fromhex("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")


@pytest.fixture
def book() -> LogBook:
    """Entries 0 and 2 have every hash, entries 1 and 4 their PDQ alone."""
    book, drawn = LogBook(), random.Random(4)
    for identifier in (
        random_picture(drawn),
        Identifier.image_pdq256(PDQ.hex()),
        random_picture(drawn),
        some_file(1),
        Identifier.image_pdq256("acecf3355e3125c8e24e2f30e0d4ec4f8482b878b3c34cdbdf063278db275992"),
    ):
        book.add(identifier)
    return book


def test_they_are_found_by_their_pdq_and_counted_as_pictures(book: LogBook, tmp_path: Path) -> None:
    snapshot = book.snapshot(tmp_path / "snapshot")
    assert snapshot.counts["by_kind"] == {"image": 4, "file": 1}
    found = snapshot.near("pdq256", np.frombuffer(PDQ, np.uint8).reshape(1, -1), 31)
    assert (found.entry.tolist(), found.distance.tolist(), found.radius.tolist()) == (
        [1],
        [0],
        [31],
    )
    listed = book.openings[1].identifier()
    assert [one.index for one in snapshot.find(listed.kind, listed.digest, listed.probe)] == [1]
    assert [snapshot.has_hash("pdq256", entry) for entry in range(6)] == [True] * 3 + [
        *(False, True, False)
    ]
    assert [snapshot.has_hash("phash256", entry) for entry in range(6)] == [
        *(True, False, True, False, False, False)
    ]
    hashes: tuple[tuple[str, ...], ...] = (("pdq256",), ("phash256",), ("phash64", "pdq256"), ())
    assert [snapshot.held_by(namespaces) for namespaces in hashes] == [4, 2, 4, 0]
    assert all(good for _, good, _ in audit_snapshot(snapshot.path))


def test_a_snapshot_says_that_it_holds_some_by_the_version_of_its_rules(
    book: LogBook, tmp_path: Path
) -> None:
    snapshot = book.snapshot(tmp_path / "snapshot")
    assert (snapshot.has_pdq_alone, snapshot.canonicaliser["version"]) == (True, 2)
    book.withdraw(1)
    assert book.snapshot(tmp_path / "snapshot").has_pdq_alone
    book.erase(4)
    later = book.snapshot(tmp_path / "snapshot")
    assert (later.has_pdq_alone, later.canonicaliser["version"]) == (False, 1)
    assert not later.has_hash("pdq256", 4)


def test_a_snapshot_that_says_too_little_is_found_out(book: LogBook, tmp_path: Path) -> None:
    snapshot = book.snapshot(tmp_path / "snapshot")
    resigned(snapshot.path, lambda document: document["canonicaliser"].update(version=1))
    assert not Snapshot.open(snapshot.path).has_pdq_alone
    found = {name: detail for name, good, detail in audit_snapshot(snapshot.path) if not good}
    assert found == {
        "openings": "they follow the rules of version 2, and snapshot.json says 1",
    }


def test_their_openings_are_what_their_records_commit_to(book: LogBook) -> None:
    opening = book.openings[1]
    again = Opening.of(1, opening.identifier(), opening.salt)
    assert again.commitment() == opening.commitment()
