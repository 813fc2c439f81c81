"""A snapshot is hashed once a node, and again whenever anything about its files is another."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.filter.run import checked
from optout.filter.run.checked import check_snapshot
from optout.registry.errors import SnapshotError
from optout.registry.snapshot import Snapshot


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The snapshots that are hashed, as it happens; with a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checked, "_QUIET_NS", -(10**9))
    seen: list[Path] = []
    plain = Snapshot.check_files

    def noted(self: Snapshot) -> None:
        seen.append(self.path)
        plain(self)

    monkeypatch.setattr(Snapshot, "check_files", noted)
    return seen


@pytest.fixture
def snapshot(world, tmp_path: Path) -> Snapshot:
    return Snapshot.open(shutil.copytree(world.snapshot.path, tmp_path / "snapshot"))


def largest(snapshot: Snapshot) -> Path:
    files = [path for path in snapshot.path.rglob("*") if path.is_file()]
    return max(files, key=lambda path: path.stat().st_size)


def test_it_is_hashed_once(snapshot: Snapshot, hashed: list[Path]) -> None:
    for _ in range(3):
        check_snapshot(snapshot)
    assert hashed == [snapshot.path]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_and_hide(path: Path) -> None:
    state = path.stat()
    flip(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def replace_by_another(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    flip_and_hide(other)
    other.replace(path)


def link_elsewhere(path: Path) -> None:
    other = path.parents[2] / "elsewhere"
    path.rename(other)
    path.symlink_to(other)
    flip_and_hide(other)


@pytest.mark.parametrize("change", [flip, flip_and_hide, replace_by_another, link_elsewhere])
def test_a_change_is_noticed_however_it_hides(
    change: Callable[[Path], None], snapshot: Snapshot, hashed: list[Path]
) -> None:
    check_snapshot(snapshot)
    time.sleep(0.01)  # a tick of the file system's clock
    change(largest(snapshot))
    with pytest.raises(SnapshotError):
        check_snapshot(snapshot)
    assert len(hashed) == 2


def test_a_file_too_many_is_noticed(snapshot: Snapshot, hashed: list[Path]) -> None:
    check_snapshot(snapshot)
    (next(snapshot.path.glob("segments/*")) / "more").touch()
    with pytest.raises(SnapshotError, match="more"):
        check_snapshot(snapshot)


def test_what_changed_just_now_is_not_noted(
    snapshot: Snapshot, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checked, "_QUIET_NS", 10**12)
    check_snapshot(snapshot)
    check_snapshot(snapshot)
    assert len(hashed) == 2


@pytest.mark.parametrize("how", ["damaged", "another's"])
def test_a_note_that_cannot_be_trusted_is_none(
    how: str, snapshot: Snapshot, hashed: list[Path], tmp_path: Path
) -> None:
    check_snapshot(snapshot)
    (note,) = (tmp_path / "cache" / "optout" / "checked").iterdir()
    if how == "damaged":
        note.write_bytes(note.read_bytes()[:-3])
    else:
        note.parent.chmod(0o777)
    check_snapshot(snapshot)
    assert len(hashed) == 2


def test_where_nothing_can_be_noted_it_is_hashed_every_time(
    snapshot: Snapshot, hashed: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "cache").touch()
    check_snapshot(snapshot)
    check_snapshot(snapshot)
    assert len(hashed) == 2
