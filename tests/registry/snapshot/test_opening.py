"""A snapshot is opened only where it is whole and signed by whom it must be."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from optout.registry import documents
from optout.registry.errors import SnapshotError, UsageError
from optout.registry.identifiers import Kind
from optout.registry.snapshot import Snapshot

from .conftest import KEY, OTHER_KEY, LogBook, large_book, resigned, small_book, some_file


@pytest.fixture
def copy(snapshot: Snapshot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot.path, tmp_path / "copy"))


def test_a_copy_is_the_same_snapshot(snapshot: Snapshot, copy: Path) -> None:
    opened = Snapshot.open(copy)
    assert opened.path == copy
    assert opened.digest == snapshot.digest


def test_a_path_may_be_text_and_relative(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy.parent)
    opened = Snapshot.open("copy")
    monkeypatch.chdir("/")
    assert opened.path == copy
    opened.check_files()


@pytest.mark.parametrize("key", [KEY.verifier, str(KEY.verifier)], ids=["key", "text"])
def test_the_expected_key_opens_it(copy: Path, key: object) -> None:
    assert Snapshot.open(copy, key=key).key == KEY.verifier  # type: ignore[arg-type]


def test_another_key_does_not_open_it(copy: Path) -> None:
    with pytest.raises(SnapshotError, match=r"snapshot\.json is signed by registry\.example.* ins"):
        Snapshot.open(copy, OTHER_KEY.verifier)


def test_a_key_of_the_same_name_does_not_open_it(copy: Path) -> None:
    impostor = LogBook(key=type(KEY)(KEY.name, bytes(32)))
    impostor.snapshot(copy)
    with pytest.raises(SnapshotError, match="is signed by"):
        Snapshot.open(copy, str(KEY.verifier))


def test_what_is_no_key_is_the_callers_fault(copy: Path) -> None:
    with pytest.raises(UsageError):
        Snapshot.open(copy, "registry.example")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nowhere is no snapshot: there is no such folder"):
        Snapshot.open(tmp_path / "nowhere")


def test_a_folder_without_snapshot_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"is no snapshot: it has no snapshot\.json"):
        Snapshot.open(tmp_path)


def test_a_path_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(SnapshotError, match="file is no snapshot"):
        Snapshot.open(tmp_path / "file")


@pytest.mark.parametrize(
    "name", ["a\0b", "\ud800", "x" * 300, "x/" * 3000], ids=lambda n: ascii(n[:4])
)
def test_a_path_that_cannot_be_is_no_snapshot(name: str) -> None:
    with pytest.raises(SnapshotError, match="cannot be"):
        Snapshot.open(name)


def test_a_folder_that_is_gone_is_told_of(tmp_path: Path, run_python) -> None:
    told = run_python(f"""
        import os
        from optout.registry.errors import SnapshotError
        from optout.registry.snapshot import Snapshot

        gone = os.path.join({str(tmp_path)!r}, "gone")
        os.mkdir(gone)
        os.chdir(gone)
        os.rmdir(gone)
        try:
            Snapshot.open("snapshot")
        except SnapshotError as fault:
            print("told", fault.message)
    """)
    assert told.startswith("told snapshot cannot be read")


@pytest.mark.parametrize("depth", range(50, 1000, 50))
def test_a_snapshot_json_that_nests_deeply_is_no_snapshot(copy: Path, depth: int) -> None:
    document = json.loads((copy / "snapshot.json").read_bytes())
    for _ in range(depth):
        document["counts"] = [document["counts"]]
    with suppress(RecursionError):
        (copy / "snapshot.json").write_bytes(documents.render(document))
        with pytest.raises(SnapshotError):
            Snapshot.open(copy)


@pytest.mark.parametrize("address", ["ftp://example.org/snapshot", "file:///tmp", "s3://bucket/s"])
def test_addresses_of_another_kind_are_refused(address: str) -> None:
    with pytest.raises(SnapshotError, match="is not http or https"):
        Snapshot.open(address)


def test_a_newer_format_asks_for_an_upgrade(copy: Path) -> None:
    resigned(copy, lambda document: document.update(format="optout/v2/snapshot"))
    with pytest.raises(SnapshotError, match=r"snapshot\.json.*optout/v2/snapshot.*Upgrade"):
        Snapshot.open(copy)


def test_newer_rules_of_canonical_form_ask_for_an_upgrade(copy: Path) -> None:
    resigned(copy, lambda document: document["canonicaliser"].update(version=3))
    with pytest.raises(SnapshotError, match=r"rules of version 3.*Upgrade"):
        Snapshot.open(copy)


def test_an_unknown_kind_asks_for_an_upgrade(copy: Path) -> None:
    def change(document: dict) -> None:
        kinds = document["counts"]["by_kind"]
        kinds["voice"] = kinds.pop("url")

    resigned(copy, change)
    with pytest.raises(SnapshotError, match=r"entries of 'voice'.*Upgrade"):
        Snapshot.open(copy)


def test_another_json_file_is_no_snapshot(copy: Path) -> None:
    (copy / "snapshot.json").write_text('{\n  "format": "something"\n}\n')
    with pytest.raises(SnapshotError, match="does not describe a snapshot"):
        Snapshot.open(copy)


def test_a_huge_snapshot_json_is_not_read(copy: Path) -> None:
    with (copy / "snapshot.json").open("r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(SnapshotError, match=r"snapshot\.json is too large"):
        Snapshot.open(copy)


def test_opening_reads_nothing_but_snapshot_json(copy: Path) -> None:
    for path in copy.rglob("*"):
        if path.is_file() and path.name != "snapshot.json":
            size = path.stat().st_size
            path.write_bytes(bytes(size))  # nobody looks, yet
    opened = Snapshot.open(copy)
    with pytest.raises(SnapshotError, match="was changed"):
        opened.check_files()


def answers(snapshot: Snapshot) -> tuple:
    held = some_file(1)
    near = snapshot.near("phash256", np.arange(32, dtype=np.uint8)[None, :], 64)
    return (
        snapshot.digest,
        snapshot.find(Kind.FILE, held.digest, held.probe),
        near.entry.tolist(),
        os.getpid(),
    )


@pytest.mark.parametrize("start", ["spawn", "forkserver"])
def test_a_snapshot_can_be_sent_to_another_process(snapshot: Snapshot, start: str) -> None:
    context = multiprocessing.get_context(start)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        *found, process = pool.submit(answers, snapshot).result()
    assert found == list(answers(snapshot)[:-1])
    assert process != os.getpid()


def test_a_snapshot_that_was_renewed_is_not_taken_for_the_one_that_was_sent(
    tmp_path: Path,
) -> None:
    sent = pickle.dumps(small_book().snapshot(tmp_path / "snapshot"))
    large_book(3).snapshot(tmp_path / "snapshot")
    with pytest.raises(SnapshotError, match="was renewed while it was in use"):
        pickle.loads(sent)


def test_it_shows_where_and_whose_it_is(snapshot: Snapshot) -> None:
    assert repr(snapshot) == (
        f"<Snapshot {snapshot.path} of registry.example, 15 records, {snapshot.digest[:8]}>"
    )
