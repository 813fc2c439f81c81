"""Files of a run are whole or absent, and what a killed run left is told from what is written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from optout.filter.errors import StorageError
from optout.filter.run.storage import LocalStorage
from optout.registry import durable


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "out")


def put(storage: LocalStorage, name: str, data: bytes = b"data") -> None:
    storage.put(name, lambda stream: stream.write(data))


def test_what_was_put_is_there(storage: LocalStorage) -> None:
    assert storage.put("a/b.parquet", lambda stream: stream.write(b"data")) == 4
    assert storage.exists("a/b.parquet")
    assert not storage.exists("a")
    with storage.open("a/b.parquet") as stream:
        assert stream.read() == b"data"
    assert (storage.root / "a/b.parquet").stat().st_mode & 0o777 == 0o644


def test_what_was_put_twice_is_the_second(storage: LocalStorage) -> None:
    put(storage, "a", b"first, and longer")
    put(storage, "a", b"second")
    assert (storage.root / "a").read_bytes() == b"second"


def test_a_writer_that_fails_leaves_what_was_there(storage: LocalStorage) -> None:
    put(storage, "a", b"first")

    def fail(stream) -> None:
        stream.write(b"half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        storage.put("a", fail)
    assert [path.name for path in storage.root.iterdir()] == ["a"]
    assert (storage.root / "a").read_bytes() == b"first"


def test_names_are_listed_in_order(storage: LocalStorage) -> None:
    for name in ("b", "a/z.json", "a/b/c", "ab"):
        put(storage, name)
    assert list(storage.list()) == ["a/b/c", "a/z.json", "ab", "b"]
    assert list(storage.list("a/")) == ["a/b/c", "a/z.json"]
    assert list(LocalStorage(storage.root / "absent").list()) == []


def test_a_deleted_file_is_gone_and_an_absent_one_no_error(storage: LocalStorage) -> None:
    put(storage, "a/b")
    storage.delete("a/b")
    assert not storage.exists("a/b")
    storage.delete("a/b")
    storage.delete("never/was")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a", "a/../b", "a//b", ".", "a/.optout-1"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, storage: LocalStorage) -> None:
    with pytest.raises(StorageError, match="name"):
        put(storage, name)


def test_an_absent_file_is_named(storage: LocalStorage) -> None:
    with pytest.raises(StorageError, match=r"out/a\.parquet: No such file"):
        storage.open("a.parquet")


def test_a_file_in_place_of_a_folder_is_named(storage: LocalStorage) -> None:
    put(storage, "a")
    with pytest.raises(StorageError) as caught:
        put(storage, "a/b")
    assert str(storage.root / "a/b") in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_disk_that_refuses_is_named_and_nothing_changes(
    call: str, code: int, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(storage, "a", b"first")

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        if call == "replace":
            patch.setattr(Path, "replace", refuse)
        elif call != "write":
            patch.setattr(durable.os, call, refuse)
        with pytest.raises(StorageError) as caught:
            storage.put("a", refuse if call == "write" else lambda stream: stream.write(b"second"))
    assert str(storage.root / "a") in caught.value.message
    assert os.strerror(code) in caught.value.message
    assert caught.value.advice
    assert [path.name for path in storage.root.iterdir()] == ["a"]
    assert (storage.root / "a").read_bytes() == b"first"


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    def fill(stream) -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        try:
            os.dup2(full, stream.fileno())
        finally:
            os.close(full)
        stream.write(b"x" * 100_000)

    with pytest.raises(StorageError, match="No space left on device"):
        LocalStorage(tmp_path).put("a", fill)


KILLED = """
import os, signal, sys
from pathlib import Path
from optout.filter.run.storage import LocalStorage
def die(stream):
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
LocalStorage(Path(sys.argv[1])).put("a/b.parquet", die)
"""


def test_what_a_killed_process_left_is_passed_over_and_cleaned(storage: LocalStorage) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(storage.root)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = list((storage.root / "a").iterdir())
    assert len(left) == 1
    assert left[0].read_bytes() == b"half"
    assert list(storage.list()) == []
    assert not storage.exists("a/b.parquet")
    assert storage.clean() == 1
    assert list((storage.root / "a").iterdir()) == []


def test_what_another_run_writes_now_is_not_cleaned(storage: LocalStorage) -> None:
    begun, cleaned = threading.Event(), threading.Event()

    def slowly(stream) -> None:
        stream.write(b"whole")
        begun.set()
        assert cleaned.wait(30)

    writing = threading.Thread(target=storage.put, args=("a", slowly))
    writing.start()
    assert begun.wait(30)
    assert LocalStorage(storage.root).clean() == 0
    cleaned.set()
    writing.join()
    assert (storage.root / "a").read_bytes() == b"whole"


def test_a_file_cleaned_away_before_its_writer_held_it_is_begun_again(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def swept(descriptor: int, how: int, *, real=os.dup) -> int:
        if not tries:  # another run sweeps between the making of the file and its lock
            for path in storage.root.glob(".optout-*"):
                path.unlink()
        tries.append(descriptor)
        return real(descriptor)

    monkeypatch.setattr("optout.filter.run.storage.os.dup", lambda d: swept(d, 0))
    put(storage, "a", b"whole")
    assert len(tries) == 2
    assert (storage.root / "a").read_bytes() == b"whole"


def test_a_file_is_held_until_it_has_its_name(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def swept(path: Path, target: Path) -> Path:
        assert LocalStorage(storage.root).clean() == 0
        return real(path, target)

    monkeypatch.setattr(Path, "replace", swept)
    put(storage, "a", b"whole")
    assert (storage.root / "a").read_bytes() == b"whole"


def test_a_folder_that_is_taken_away_meanwhile_is_made_again(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def removed(folder: Path, *, real=durable.sync_folder) -> None:
        if folder.name == "scan" and not tries:
            tries.append(folder)
            (folder / "a").unlink()
            folder.rmdir()
        real(folder)

    monkeypatch.setattr(durable, "sync_folder", removed)
    put(storage, "scan/a", b"whole")
    assert len(tries) == 1
    assert (storage.root / "scan/a").read_bytes() == b"whole"


def test_leftovers_that_vanish_while_they_are_cleaned_are_no_fault(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(storage, "a")
    (storage.root / ".optout-1").touch()
    listed = list(storage._files())
    (storage.root / ".optout-1").unlink()
    monkeypatch.setattr(storage, "_files", lambda: iter(listed))
    assert storage.clean() == 0


@pytest.mark.parametrize("count", [1, 3, 100])
def test_files_that_were_put_without_are_made_lasting_together(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalStorage(tmp_path / "evidence")
    names = [f"part-{number % 2}/{number}" for number in range(count)]
    for name in names:
        storage.put(name, lambda stream: stream.write(b"x"), lasting=False)
    synced: list[Path] = []
    plain = os.fsync

    def seen(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    storage.settle([*names, "absent"])
    if count == 100:
        assert synced == []  # all of the file system at once
    else:
        paths = {storage.path(name) for name in names}
        assert set(synced) == paths | {path.parent for path in paths}
