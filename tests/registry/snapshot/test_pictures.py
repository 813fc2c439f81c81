"""Hashes of pictures and their postings, as they are laid out and searched."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from optout.registry.compiled import PLAIN, available
from optout.registry.errors import SnapshotError, SnapshotFault
from optout.registry.identifiers import Grade
from optout.registry.index import BruteForce, MultiIndex, multi_index, pigeonhole, postings
from optout.registry.log import Entry, fold
from optout.registry.snapshot import Snapshot, audit_snapshot, pictures
from optout.registry.snapshot.formats import HASH_SIZES, NOT_IN_OLDER
from optout.registry.snapshot.pictures import Pictures

from .conftest import LogBook, random_picture, replaced, resigned

NEEDED = 40
"""Enough hashes for postings, in these tests."""


@pytest.fixture(autouse=True)
def _few_have_postings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pigeonhole, "FEWEST", NEEDED)
    monkeypatch.setattr(pigeonhole, "MOST_BYTES", 1 << 16)
    monkeypatch.setattr(pigeonhole, "_WIDEST", 12)
    monkeypatch.setattr(multi_index, "COMPARISON", 1e6)  # so that chunks are always the faster way
    monkeypatch.setattr(multi_index, "FEW_PAIRS", -1)


@pytest.fixture
def book() -> LogBook:
    book, drawn = LogBook(), random.Random(8)
    for _ in range(30):
        book.add(random_picture(drawn))
    return book


@pytest.fixture
def snapshot(book: LogBook, tmp_path: Path) -> Snapshot:
    return book.snapshot(tmp_path / "snapshot")


def segment(folder: Path) -> Path:
    (found,) = (folder / "segments").iterdir()
    return found


def near(snapshot: Snapshot, namespace: str, radius: int) -> list[list[int]]:
    drawn = np.random.default_rng(3)
    held = snapshot._segment.images[namespace]["hash"]
    asked = held ^ (np.uint8(1) << drawn.integers(0, 8, held.shape, dtype=np.uint8)) * (
        drawn.random(held.shape) < 0.4
    )
    found = snapshot.near(namespace, asked.astype(np.uint8), radius)
    return [column.tolist() for column in (found.query, found.entry, found.distance)]


@pytest.mark.skipif(not available(), reason="there is no compiler")
@pytest.mark.parametrize("namespace", HASH_SIZES)
@pytest.mark.parametrize("radius", [0, 8, 30])
def test_postings_find_what_comparing_finds(
    snapshot: Snapshot, namespace: str, radius: int
) -> None:
    fast = snapshot._images[namespace]
    assert isinstance(fast, MultiIndex)
    assert (segment(snapshot.path) / f"radius-{namespace}.bin").stat().st_size
    found = near(snapshot, namespace, radius)
    snapshot._images[namespace] = BruteForce(snapshot._segment.images[namespace]["hash"])
    assert found == near(snapshot, namespace, radius)
    assert found[0] or not radius


@pytest.mark.skipif(not available(), reason="there is no compiler")
def test_the_plain_forms_write_the_same_and_find_the_same(
    snapshot: Snapshot, book: LogBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = near(snapshot, "phash256", 30)
    monkeypatch.setenv(PLAIN, "plain")
    plain = book.snapshot(tmp_path / "plain")
    assert plain.digest == snapshot.digest
    assert near(plain, "phash256", 30) == found


def test_a_snapshot_from_before_there_were_postings_finds_the_same(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    older = Path(shutil.copytree(snapshot.path, tmp_path / "older"))
    gone = [f"segments/{segment(older).name}/{name}" for name in NOT_IN_OLDER]
    for name in gone:
        (older / name).unlink()
    resigned(older, lambda document: [document["files"].pop(name) for name in gone])
    opened = Snapshot.open(older)
    opened.check_files()
    assert near(opened, "phash256", 30) == near(snapshot, "phash256", 30)


def test_a_snapshot_with_some_of_the_postings_is_none(snapshot: Snapshot) -> None:
    name = f"segments/{segment(snapshot.path).name}/radius-phash64.bin"
    resigned(snapshot.path, lambda document: document["files"].pop(name))
    with pytest.raises(SnapshotError, match="its files are"):
        Snapshot.open(snapshot.path)


@pytest.mark.parametrize("length", [0, 4, -4, None])
def test_signed_postings_of_another_length_are_refused(
    snapshot: Snapshot, length: int | None
) -> None:
    path = segment(snapshot.path) / "radius-phash256.bin"
    data = path.read_bytes()
    changed = data + b"\0\0\0\0" if length is None else data[:length]
    replaced(snapshot.path, path.relative_to(snapshot.path).as_posix(), changed)
    with pytest.raises(SnapshotFault, match=r"radius-phash256\.bin does not fit the other files"):
        Snapshot.open(snapshot.path)


@pytest.mark.parametrize("layout", [0, 2])
def test_postings_of_another_layout_ask_for_an_upgrade_or_a_new_snapshot(
    snapshot: Snapshot, layout: int
) -> None:
    path = segment(snapshot.path) / "radius-phash256.bin"
    changed = layout.to_bytes(4, "little") + path.read_bytes()[4:]
    replaced(snapshot.path, path.relative_to(snapshot.path).as_posix(), changed)
    said = rf"radius-phash256\.bin was written by another version .* it has the layout {layout}"
    with pytest.raises(SnapshotError, match=said) as told:
        Snapshot.open(snapshot.path)
    assert not isinstance(told.value, SnapshotFault)
    assert "Upgrade optout" in told.value.advice
    assert "new snapshot" in told.value.advice


def test_signed_postings_that_are_damaged_anyhow_do_no_harm(snapshot: Snapshot) -> None:
    path = segment(snapshot.path) / "radius-phash256.bin"
    data, drawn = path.read_bytes(), random.Random(6)
    sound = set(zip(*near(snapshot, "phash256", 30), strict=True))
    for _ in range(30):
        damaged = bytearray(data)
        for _ in range(drawn.choice([1, 50, len(data)])):
            damaged[drawn.randrange(4, len(data))] = drawn.choice([0, 1, 255, drawn.randrange(256)])
        replaced(snapshot.path, path.relative_to(snapshot.path).as_posix(), bytes(damaged))
        found = set(zip(*near(Snapshot.open(snapshot.path), "phash256", 30), strict=True))
        assert found <= sound


def test_an_audit_builds_postings_again(snapshot: Snapshot) -> None:
    path = segment(snapshot.path) / "radius-pdq256.bin"
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    assert all(good for _, good, _ in audit_snapshot(snapshot.path))
    replaced(snapshot.path, path.relative_to(snapshot.path).as_posix(), bytes(damaged))
    found = {name: detail for name, good, detail in audit_snapshot(snapshot.path) if not good}
    assert list(found) == ["rebuilt"]
    assert "radius-pdq256.bin is not what log and openings make it" in found["rebuilt"]


@pytest.mark.skipif(not available(), reason="there is no compiler")
def test_postings_that_miss_something_are_never_published(
    book: LogBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = postings.keys_of

    def cut(hashes: np.ndarray, positions: list[np.ndarray], keys: np.ndarray) -> None:
        keys[:] = sound(hashes, positions).T
        keys[:, ::2] ^= 3

    monkeypatch.setattr(postings, "_cut", cut)
    with pytest.raises(SnapshotError, match=r"radius-phash256\.bin does not find what it should"):
        book.snapshot(tmp_path / "wrong")
    assert not (tmp_path / "wrong" / "snapshot.json").exists()


def laid_out(folder: Path, entries: Iterator[Entry], book: LogBook) -> dict[str, str]:
    folder.mkdir(parents=True)
    with Pictures(folder.parent) as made:
        for entry in entries:
            made.add(entry, book.openings[entry.index].identifier(), 1)
        made.write(folder)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("part", [1, 7, 90, 1000])
def test_the_order_in_which_pictures_come_does_not_matter(
    part: int, book: LogBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PART_VARIANTS", part)
    entries = list(fold(book.leaves).entries.values())
    in_order = laid_out(tmp_path / "a" / "new", iter(entries), book)
    random.Random(1).shuffle(entries)
    assert laid_out(tmp_path / "b" / "new", iter(entries), book) == in_order
    assert list((tmp_path / "b").iterdir()) == [tmp_path / "b" / "new"]
    assert entries[0].grade is Grade.SELF


def test_what_snapshot_json_names_is_there(snapshot: Snapshot) -> None:
    named = json.loads((snapshot.path / "snapshot.json").read_bytes())["files"]
    assert {name for name in named if "radius" in name} == {
        f"segments/{segment(snapshot.path).name}/{name}" for name in NOT_IN_OLDER
    }
