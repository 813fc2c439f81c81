"""What compiled code reads of a snapshot is seen to before, whoever signed it."""

from __future__ import annotations

import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Identifier, Kind
from optout.registry.index import COLUMNS, membership, tables
from optout.registry.snapshot import Snapshot

from .conftest import LogBook, large_book, replaced

INDEX = ("filter.bin", "directory.bin", "prefix-hosts.bin")


@pytest.fixture(scope="module")
def book() -> LogBook:
    book = large_book(300)
    for number in range(40):
        book.add(Identifier.prefix(f"host{number % 7}.example/gallery/{number}"))
    return book


@pytest.fixture(scope="module")
def snapshot(book: LogBook, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return book.snapshot(tmp_path_factory.mktemp("index") / "snapshot")


@pytest.fixture
def copy(snapshot: Snapshot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot.path, tmp_path / "copy"))


def segment(folder: Path) -> str:
    (found,) = (folder / "segments").iterdir()
    return f"segments/{found.name}"


def asked(book: LogBook) -> np.ndarray:
    held = [identifier.probe for identifier in book.identifiers().values()]
    others = np.random.default_rng(1).integers(0, 2**64, 3000, dtype=np.uint64)
    return np.concatenate([others, np.array(held, np.uint64), others])


def test_many_probes_are_found_as_few_are(
    snapshot: Snapshot, book: LogBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = snapshot.candidates(asked(book))
    monkeypatch.setattr(membership, "MANY", 1)
    many = snapshot.candidates(asked(book))
    assert len(few[0])
    assert [column.tolist() for column in few] == [column.tolist() for column in many]
    assert [column.dtype for column in many] == [np.int64, np.int64]


def test_the_tables_lead_to_the_files(snapshot: Snapshot, book: LogBook) -> None:
    (row,) = snapshot.probe_tables.tolist()
    assert (snapshot.probe_tables.dtype, len(row)) == (np.uint64, COLUMNS)
    assert row[tables.COUNT] == 340
    assert row[tables.BITS] == 5
    assert row[tables.PREFIX_HOST_BITS] == 7  # 7 hosts of prefixes


def test_the_tables_of_a_snapshot_sent_elsewhere_are_its_own(snapshot: Snapshot) -> None:
    sent = pickle.loads(pickle.dumps(snapshot))
    assert sent.probe_tables[0, tables.COUNT] == snapshot.probe_tables[0, tables.COUNT]
    assert sent.probe_tables[0, tables.PROBES] != snapshot.probe_tables[0, tables.PROBES]


def test_the_hosts_of_prefixes_are_in_their_map(snapshot: Snapshot, book: LogBook) -> None:
    data = (snapshot.path / segment(snapshot.path) / "prefix-hosts.bin").read_bytes()
    seen = int.from_bytes(data, "little")
    prefixes = [i for i in book.identifiers().values() if i.kind is Kind.PREFIX]
    assert len(prefixes) == 40
    assert all(seen >> (identifier.probe >> 57) & 1 for identifier in prefixes)
    assert seen.bit_count() <= 7


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *(("filter.bin", size) for size in (0, 7, 8 + 31, 100)),
        *(("directory.bin", size) for size in (0, 4, 4 * 32, 4 * 34)),
        *(("prefix-hosts.bin", size) for size in (0, 2, 7, 12)),
    ],
)
def test_a_signed_file_of_another_length_is_refused(name: str, size: int, copy: Path) -> None:
    path = f"{segment(copy)}/{name}"
    data = (copy / path).read_bytes()
    replaced(copy, path, (data * 40)[:size])
    with pytest.raises(SnapshotError):
        Snapshot.open(copy)


def test_signed_files_that_are_damaged_anyhow_do_no_harm(
    copy: Path, book: LogBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "MANY", 1)
    drawn = random.Random(4)
    folder = segment(copy)
    whole = {name: (copy / folder / name).read_bytes() for name in (*INDEX, "probes.bin")}
    refused = 0
    for _ in range(150):
        name = drawn.choice(list(whole))
        data = bytearray(whole[name])
        for _ in range(drawn.choice([1, 3, len(data)])):
            # Headers stand first: they are what can lead elsewhere.
            place = drawn.choice([drawn.randrange(min(40, len(data))), drawn.randrange(len(data))])
            data[place] = drawn.choice([0, 1, 255, drawn.randrange(256)])
        replaced(copy, f"{folder}/{name}", bytes(data))
        try:
            opened = Snapshot.open(copy)
        except SnapshotError:
            refused += 1
        else:
            positions, rows = opened.candidates(asked(book))
            assert len(positions) == len(rows)
        replaced(copy, f"{folder}/{name}", whole[name])
    assert 5 < refused < 100
