"""The scan of a shard: what it looks at, what it keeps, and when it is believed again."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.columns import Leaf
from optout.filter.errors import ShardError
from optout.filter.judge import Policy
from optout.filter.parquet import identity
from optout.filter.run.inputs import Shard
from optout.filter.run.place import Place
from optout.filter.run.rehearsal import Rehearsal
from optout.filter.run.scan import (
    ScanAndStore,
    Scanner,
    ShardScan,
    ShardTask,
    _check_columns,
    load_scan,
)
from optout.filter.run.workers import Tell

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"
LEAVES = (Leaf("URL", "url"), Leaf("jpg", "image"), Leaf("url", "url"))
PLAN = "11" * 32


def nobody(rows: int, name: str) -> None:
    """Hears of progress."""


def task(path: Path, name: str) -> ShardTask:
    return ShardTask(Shard(name, path), identity(path))


def met(scan: ShardScan) -> tuple[str, int, list]:
    return scan.summary.shard, scan.summary.rows, scan.summary.entries.tolist()


@pytest.fixture
def scanner(world) -> Scanner:
    return Scanner(world.snapshot, Policy(), LEAVES)


def test_what_speaks_about_rows_is_found_whatever_the_batch_and_however_many_look(
    world, corpus: Path, scanner
) -> None:
    found = []
    for size, threads in ((1, 1), (2000, 3), (16 << 20, 8), (16 << 20, 2)):
        scanner.batch_bytes, scanner.threads, scanner.page_bytes = size, threads, size
        told: list[tuple[int, str]] = []
        tell: Tell = lambda rows, name: told.append((rows, name))  # noqa: E731, B023
        scan = scanner.scan(task(corpus / DOWNLOADED, DOWNLOADED), tell)
        assert sum(rows for rows, _ in told) == scan.summary.rows == 40
        found.append((scan.findings.found.tobytes(), scan.findings.counts, met(scan)))
    assert found[0] == found[1] == found[2] == found[3]
    assert [(entry, rows) for entry, _, _, rows in found[0][2][2]] == [(3, 3), (4, 1)]


def test_a_damaged_row_group_is_told_whoever_reads_it(corpus: Path, scanner) -> None:
    path = corpus / LAION
    data = bytearray(path.read_bytes())
    chunks = [pq.ParquetFile(path).metadata.row_group(number).column(0) for number in (2, 5)]
    for chunk in chunks:
        data[chunk.data_page_offset : chunk.data_page_offset + 8] = b"\xff" * 8
    path.write_bytes(data)
    words = set()
    for threads in (1, 2, 8):
        scanner.threads = threads
        with pytest.raises(ShardError, match=LAION) as caught:
            scanner.scan(task(path, LAION), nobody)
        words.add(caught.value.message)
    assert len(words) == 1


def test_a_scanner_passes_to_another_process(world, corpus: Path, scanner) -> None:
    first = scanner.scan(task(corpus / LAION, LAION), nobody)
    again = pickle.loads(pickle.dumps(scanner)).scan(task(corpus / LAION, LAION), nobody)
    assert met(again) == met(first)


def test_a_changed_input_is_not_scanned(corpus: Path, scanner) -> None:
    planned = task(corpus / LAION, LAION)
    pq.write_table(pa.table({"URL": ["x"]}), corpus / LAION)
    with pytest.raises(ShardError, match=r"laion\.parquet changed while it was filtered"):
        scanner.scan(planned, nobody)


@pytest.mark.parametrize(
    ("table", "required", "words"),
    [
        ({"text": ["x"]}, (), "no column for the planned role image or url (URL, jpg, url)"),
        ({"URL": ["x"]}, ("image",), "no column for the planned role image (jpg)"),
        ({"URL": [1]}, (), "no column for the planned role image or url (URL, jpg, url)"),
        ({"URL": [["x"]], "url": ["x"]}, (), "has URL as list<element: string>, which cannot"),
    ],
)
def test_a_shard_without_what_was_planned_is_named(
    table: dict, required: tuple, words: str, scanner, tmp_path: Path
) -> None:
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    scanner.required = frozenset(required)
    with pytest.raises(ShardError) as caught:
        scanner.scan(task(tmp_path / "a.parquet", "a.parquet"), nobody)
    assert words in caught.value.message
    assert caught.value.advice


def test_a_column_of_nothing_but_nulls_has_nothing_to_miss(scanner, tmp_path: Path) -> None:
    pq.write_table(pa.table({"URL": pa.nulls(3)}), tmp_path / "a.parquet")
    scan = scanner.scan(task(tmp_path / "a.parquet", "a.parquet"), nobody)
    assert scan.findings.counts == {"URL": {"null": 3}}


def test_a_column_of_numbers_beside_one_of_addresses_is_passed_over(
    scanner, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"URL": [1], "url": ["x"]}), tmp_path / "a.parquet")
    scan = scanner.scan(task(tmp_path / "a.parquet", "a.parquet"), nobody)
    assert scan.findings.counts == {"url": {"foreign": 1}}


@pytest.fixture
def stored(corpus: Path, scanner) -> tuple[Place, ShardTask]:
    place, shard = Place.at(corpus.parent / "out"), task(corpus / LAION, LAION)
    ScanAndStore(scanner, place, PLAN)(shard, nobody)
    return place, shard


def test_a_stored_scan_is_what_was_found(corpus: Path, scanner, stored) -> None:
    scan = load_scan(*stored, PLAN)
    fresh = scanner.scan(stored[1], nobody)
    assert scan is not None
    assert met(scan) == met(fresh)
    assert np.array_equal(scan.findings.found, fresh.findings.found)
    assert scan.findings.counts == fresh.findings.counts


def test_a_stored_scan_spares_the_next_one(corpus: Path, scanner, stored) -> None:
    place, shard = stored
    told: list[int] = []
    (corpus / LAION).unlink()  # nobody needs it
    ScanAndStore(scanner, place, PLAN)(shard, lambda rows, _: told.append(rows))
    assert told == [240]


@pytest.mark.parametrize("end", [".json", ".npy"])
@pytest.mark.parametrize("damage", [b"", b"{}\n", None])
def test_a_damaged_or_lost_scan_is_none(end: str, damage: bytes | None, stored) -> None:
    place, shard = stored
    name = place.evidence.scan(LAION, f".scan{end}".removeprefix(".scan"))
    if damage is None:
        place.beside.delete(name)
    else:
        place.beside.put(name, lambda stream: stream.write(damage))
    assert load_scan(place, shard, PLAN) is None


def test_a_scan_of_another_plan_or_input_is_none(corpus: Path, stored) -> None:
    place, shard = stored
    assert load_scan(place, shard, "22" * 32) is None
    pq.write_table(pa.table({"URL": ["x"]}), corpus / LAION)
    assert load_scan(place, task(corpus / LAION, LAION), PLAN) is None


def test_rows_of_one_pattern_are_counted_together(world, corpus: Path, scanner) -> None:
    rehearsed = Rehearsal(scanner)(task(corpus / DOWNLOADED, DOWNLOADED), nobody)
    # The picture three times, the file once, the broken picture once.
    assert sorted(rehearsed.rows.tolist()) == [1, 1, 3]
    outcome = rehearsed.outcome(scanner, ())
    assert (outcome.rows_dropped, outcome.rows_quarantined, outcome.rows_kept) == (4, 1, 35)
    assert outcome.dropped_by_kind == {"file": 1, "image": 3}
    held = rehearsed.outcome(scanner, {3})
    assert (held.rows_dropped, held.dropped_by_kind) == (1, {"file": 1})


def test_a_column_that_was_not_read_lets_nothing_pass() -> None:
    batch = pa.record_batch({"url": ["x"]})
    _check_columns("a.parquet", ["url"], batch)
    with pytest.raises(ShardError, match="has a column jpg that cannot be read alone"):
        _check_columns("a.parquet", ["jpg", "url"], batch)


def test_a_stored_scan_is_not_forced_to_the_disk(
    corpus: Path, scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, shard = Place.at(tmp_path / "out"), task(corpus / LAION, LAION)
    place.beside.put(place.evidence.plan, lambda stream: stream.write(b"x"))
    (place.evidence.folder / "scan").mkdir()
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    ScanAndStore(scanner, place, PLAN)(shard, nobody)
    place.forget_scans([LAION])
    assert not forced
    place.beside.put("kept", lambda stream: stream.write(b"x"))
    assert len(forced) == 2  # the file, and its name in the folder
