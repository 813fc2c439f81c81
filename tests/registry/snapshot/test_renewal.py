"""Renewing a snapshot: readers find the old one or the new one whole, whatever is killed."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Kind
from optout.registry.snapshot import Snapshot, audit_snapshot

from .conftest import KEY, LogBook, large_book, small_book, some_file

KILLED_AT_STEPS = """
import os, pickle, shutil, sys
from pathlib import Path
from optout.registry.log import SigningKey
from optout.registry.snapshot import build_snapshot

place, old, stride = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
given = pickle.load(sys.stdin.buffer)
given["key"] = SigningKey.parse(given["key"])
STEPS = {"open", "os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.truncate"}
left = None

def count(event, arguments):
    global left
    if left is not None and event in STEPS and str(place) in str(arguments):
        if left == 0:
            os._exit(9)
        left -= 1

sys.addaudithook(count)
step, status = 0, 9
while status:
    folder = place / str(step)
    if old.exists():
        shutil.copytree(old, folder)
    child = os.fork()
    if not child:
        left = step
        build_snapshot(folder, **given)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
    step += stride
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def kill_at_steps(book: LogBook, place: Path, old: Path, stride: int = 1) -> list[Path]:
    """Builds, each in a copy of `old` of its own and killed `stride` steps after the last one."""
    place.mkdir()
    given = {
        "leaves": book.leaves,
        "openings": book.in_force(),
        "checkpoint": book.checkpoint,
        "key": book.key.text(),
    }
    subprocess.run(
        # Threads that numpy starts do not outlive a fork; nobody waits for them here.
        [sys.executable, "-W", "ignore", "-c", KILLED_AT_STEPS, str(place), str(old), str(stride)],
        input=pickle.dumps(given),
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        check=True,
        timeout=120,
    )
    folders = sorted(place.iterdir(), key=lambda folder: int(folder.name))
    assert len(folders) > 40 // stride, "a build has more steps than that"
    return folders


@pytest.mark.long
def test_a_killed_renewal_leaves_the_old_snapshot_or_the_new_one_whole(tmp_path: Path) -> None:
    old = large_book(12).snapshot(tmp_path / "old")
    new = small_book().snapshot(tmp_path / "new")
    found = []
    for number, folder in enumerate(kill_at_steps(small_book(), tmp_path / "killed", old.path)):
        opened = Snapshot.open(folder)
        opened.check_files()
        assert all(ok for _, ok, _ in audit_snapshot(opened.path))
        assert pickle.loads(pickle.dumps(opened)).digest == opened.digest
        found.append(opened.digest)
        if number % 4 == 0:
            small_book().snapshot(folder)
            assert contents(folder) == contents(new.path)
    # First the old one, from some step on the new one.
    turn = found.index(new.digest)
    assert found == [old.digest] * turn + [new.digest] * (len(found) - turn)
    assert turn > 10
    assert len(found) - turn > 10


def test_a_killed_first_build_leaves_nothing_or_a_whole_snapshot(tmp_path: Path) -> None:
    new = small_book().snapshot(tmp_path / "new")
    outcomes = set()
    for folder in kill_at_steps(small_book(), tmp_path / "killed", tmp_path / "none", 4):
        try:
            Snapshot.open(folder).check_files()
            outcomes.add("whole")
        except SnapshotError as fault:
            outcomes.add("nothing" if "is no snapshot" in fault.message else fault.message)
        small_book().snapshot(folder)
        assert contents(folder) == contents(new.path)
    assert outcomes == {"nothing", "whole"}


def test_who_has_the_old_snapshot_open_goes_on_reading_it(tmp_path: Path) -> None:
    old = large_book(50).snapshot(tmp_path / "snapshot")
    asked = some_file(7)
    before = old.find(Kind.FILE, asked.digest, asked.probe)
    LogBook().snapshot(tmp_path / "snapshot")
    assert old.find(Kind.FILE, asked.digest, asked.probe) == before
    assert before
    assert len(old.near("phash256", np.zeros((1, 32), np.uint8), 256).query) == 15
    with pytest.raises(SnapshotError, match="is no longer the one that was opened"):
        old.check_files()


def test_readers_and_builders_at_once_see_nothing_half_done(tmp_path: Path) -> None:
    books = [large_book(20), small_book(), LogBook()]
    digests = {book.snapshot(tmp_path / str(n)).digest for n, book in enumerate(books)}
    folder = tmp_path / "snapshot"
    books[0].snapshot(folder)
    over = threading.Event()
    seen: list[str] = []
    faults: list[BaseException] = []

    def read() -> None:
        try:
            while not over.is_set():
                opened = Snapshot.open(folder, KEY.verifier)
                seen.append(opened.digest)
        except BaseException as fault:
            faults.append(fault)

    def build(turn: int) -> None:
        try:
            for number in range(8):
                books[(turn + number) % 3].snapshot(folder)
        except BaseException as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(2)]
    builders = [threading.Thread(target=build, args=(turn,)) for turn in range(2)]
    for thread in (*readers, *builders):
        thread.start()
    for thread in builders:
        thread.join()
    over.set()
    for thread in readers:
        thread.join()
    assert not faults, faults
    assert set(seen) <= digests
    Snapshot.open(folder).check_files()


def test_where_files_cannot_be_linked_they_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    expected = contents(small_book().snapshot(tmp_path / "linked").path)
    monkeypatch.setattr(os, "link", refuse)
    large_book(3).snapshot(tmp_path / "copied")
    small_book().snapshot(tmp_path / "copied")
    assert contents(tmp_path / "copied") == expected


def test_a_finished_snapshot_shares_no_file_with_anything(tmp_path: Path) -> None:
    for path in small_book().snapshot(tmp_path / "snapshot").path.rglob("*"):
        assert path.is_dir() or path.stat().st_nlink == 1


def test_a_copied_half_renewed_folder_is_read_as_the_new_snapshot(tmp_path: Path) -> None:
    new = small_book().snapshot(tmp_path / "new")
    old = large_book(3).snapshot(tmp_path / "old")
    shutil.copytree(new.path, old.path / ".optout-next")
    assert Snapshot.open(old.path).digest == new.digest
