"""A snapshot is a function of a log and its openings, or it is not made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from optout.registry.errors import LogFault, OptOutError, SnapshotError, UsageError
from optout.registry.identifiers import Identifier
from optout.registry.log import Checkpoint, Opening
from optout.registry.snapshot import Snapshot, build_snapshot

from .conftest import KEY, OTHER_KEY, LogBook, large_book, small_book, some_file


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_log_and_openings_make_the_same_bytes(tmp_path: Path) -> None:
    once, again = small_book().snapshot(tmp_path / "a"), small_book().snapshot(tmp_path / "b")
    assert contents(once.path) == contents(again.path)
    assert once.digest == again.digest


def test_a_renewed_snapshot_has_the_bytes_of_a_new_one(tmp_path: Path) -> None:
    large_book(30).snapshot(tmp_path / "renewed")
    renewed = small_book().snapshot(tmp_path / "renewed")
    made = small_book().snapshot(tmp_path / "made")
    assert contents(renewed.path) == contents(made.path)


def test_what_is_told_of_a_snapshot_is_what_the_log_says(snapshot: Snapshot, book: LogBook) -> None:
    checkpoint = Checkpoint.open(snapshot.checkpoint, KEY.verifier)
    assert snapshot.origin == checkpoint.origin == "registry.example"
    assert snapshot.size == checkpoint.size == len(book.leaves)
    assert snapshot.root == checkpoint.root.hex()
    assert snapshot.key == KEY.verifier
    assert snapshot.erasures == 1
    assert snapshot.canonicaliser["version"] == 1
    assert snapshot.counts == {
        "entries": 7,
        "by_kind": {"url": 2, "site": 1, "file": 2, "image": 2},
        "by_grade": {"self": 3, "account": 1, "domain": 2, "reviewed": 1},
    }


def test_the_log_is_there_record_by_record(snapshot: Snapshot, book: LogBook) -> None:
    lines = (snapshot.path / "audit" / "leaves.jsonl").read_bytes().split(b"\n")
    assert lines == [*book.leaves, b""]


def test_nothing_of_an_erased_entry_is_left(tmp_path: Path) -> None:
    book = small_book()
    entry = book.add(Identifier.url("https://erased.example/"))
    opening = book.openings[entry]
    book.snapshot(tmp_path / "snapshot")
    book.erase(entry)
    book.snapshot(tmp_path / "snapshot")
    digest = opening.identifier().digest
    for data in contents(tmp_path / "snapshot").values():
        for trace in (opening.salt, digest, opening.salt.hex().encode(), digest.hex().encode()):
            assert trace not in data


def test_what_killed_builds_left_is_cleaned_away(tmp_path: Path) -> None:
    folder = small_book().snapshot(tmp_path / "snapshot").path
    (folder / ".optout-0123" / "audit").mkdir(parents=True)
    (folder / ".optout-0123" / "audit" / "leaves.jsonl").write_bytes(b"x")
    (folder / "audit" / ".optout-4567").write_bytes(b"x")
    Snapshot.open(folder).check_files()
    (folder / "audit" / "link").symlink_to("../segments")
    (folder / "segments" / "0123456789abcdef").mkdir()
    (folder / "segments" / "0123456789abcdef" / "probes.bin").write_bytes(b"x")
    small_book().snapshot(folder)
    small_book().snapshot(tmp_path / "made")
    assert contents(folder) == contents(tmp_path / "made")
    Snapshot.open(folder).check_files()


def test_no_empty_folder_of_an_older_snapshot_is_left(tmp_path: Path) -> None:
    large_book(3).snapshot(tmp_path / "snapshot")
    small_book().snapshot(tmp_path / "snapshot")
    assert len(list((tmp_path / "snapshot" / "segments").iterdir())) == 1


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    small_book().snapshot(tmp_path).check_files()


def test_folders_above_are_made(tmp_path: Path) -> None:
    small_book().snapshot(tmp_path / "a" / "b" / "c").check_files()


@pytest.mark.parametrize("name", ["notes.txt", "audit", "snapshot.json"])
def test_a_folder_that_holds_something_else_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError, match="something other than a snapshot"):
        small_book().snapshot(tmp_path)
    assert contents(tmp_path) == {name: b"{}"}


def test_a_snapshot_beside_something_else_is_refused(tmp_path: Path) -> None:
    before = contents(small_book().snapshot(tmp_path).path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="something other than a snapshot"):
        large_book(3).snapshot(tmp_path)
    assert contents(tmp_path) == before | {"notes.txt": b"mine"}


def test_a_snapshot_of_another_format_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_text('{"format": "optout/v2/snapshot"}')
    with pytest.raises(UsageError, match="something other than a snapshot of this version"):
        small_book().snapshot(tmp_path)


@pytest.mark.parametrize("name", ["audit", "segments", ".optout-next"])
def test_what_a_link_in_the_folder_leads_to_is_left_alone(name: str, tmp_path: Path) -> None:
    folder = small_book().snapshot(tmp_path / "snapshot").path
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "thesis.txt").write_text("mine")
    (elsewhere / "snapshot.json").write_bytes((folder / "snapshot.json").read_bytes())
    before = contents(elsewhere)
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(UsageError, match="something other than a snapshot"):
        small_book().snapshot(folder)
    assert contents(elsewhere) == before


def test_a_link_in_place_of_a_segment_is_not_written_through(tmp_path: Path) -> None:
    folder = small_book().snapshot(tmp_path / "snapshot").path
    (segment,) = (folder / "segments").iterdir()
    shutil.rmtree(segment)
    (tmp_path / "elsewhere").mkdir()
    segment.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="something other than a snapshot"):
        small_book().snapshot(folder)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_is_not_taken_for_a_half_renewed_snapshot_by_a_name(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    (tmp_path / ".optout-next").mkdir()
    with pytest.raises(UsageError, match="something other than a snapshot"):
        small_book().snapshot(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("name", ["a\0b", "\ud800"], ids=ascii)
def test_a_path_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the path of a folder"):
        small_book().snapshot(tmp_path / name)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SnapshotError, match="cannot be written"):
        small_book().snapshot(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def without_first(openings: list[Opening]) -> list[Opening]:
    return openings[1:]


def without_last(openings: list[Opening]) -> list[Opening]:
    return openings[:-1]


def one_twice(openings: list[Opening]) -> list[Opening]:
    return [openings[0], *openings]


def another_salt(openings: list[Opening]) -> list[Opening]:
    return [Opening(openings[0].index, bytes(16), openings[0].matter), *openings[1:]]


def of_what_is_withdrawn(openings: list[Opening]) -> list[Opening]:
    return sorted([*openings, small_book().openings[6]], key=lambda opening: opening.index)


def one_too_many(openings: list[Opening]) -> list[Opening]:
    return [*openings, Opening.of(99, some_file(1), bytes(16))]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (without_first, "entry 0 is in force, and its opening is missing"),
        (without_last, "entry 8 is in force, and its opening is missing"),
        (one_twice, "opening of entry 0, which is not in force"),
        (another_salt, "does not open entry 0"),
        (of_what_is_withdrawn, "opening of entry 6, which is not in force"),
        (one_too_many, "opening of entry 99, which is not in force"),
    ],
)
def test_openings_that_are_not_those_of_what_is_in_force_are_refused(
    change: Callable[[list[Opening]], list[Opening]], named: str, tmp_path: Path
) -> None:
    book = small_book()
    with pytest.raises(LogFault, match=named):
        build_snapshot(
            tmp_path / "snapshot",
            leaves=book.leaves,
            openings=change(book.in_force()),
            checkpoint=book.checkpoint,
            key=KEY,
        )
    assert not (tmp_path / "snapshot").exists()


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    book = small_book()
    with pytest.raises(LogFault, match="not that of its checkpoint"):
        build_snapshot(
            tmp_path / "snapshot",
            leaves=book.leaves,
            openings=book.in_force(),
            checkpoint=large_book(3).checkpoint,
            key=KEY,
        )


def test_a_checkpoint_of_another_key_is_refused(tmp_path: Path) -> None:
    book = small_book()
    with pytest.raises(LogFault):
        build_snapshot(
            tmp_path / "snapshot",
            leaves=book.leaves,
            openings=book.in_force(),
            checkpoint=book.checkpoint,
            key=OTHER_KEY,
        )


def test_a_build_that_fails_leaves_the_old_snapshot_as_it_was(tmp_path: Path) -> None:
    before = contents(large_book(5).snapshot(tmp_path / "snapshot").path)
    book = small_book()
    with pytest.raises(LogFault):
        build_snapshot(
            tmp_path / "snapshot",
            leaves=book.leaves,
            openings=[],
            checkpoint=book.checkpoint,
            key=KEY,
        )
    assert contents(tmp_path / "snapshot") == before


def test_a_full_disk_is_an_error_that_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(large_book(5).snapshot(tmp_path / "snapshot").path)

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OptOutError, match=r"snapshot: No space left on device"):
        small_book().snapshot(tmp_path / "snapshot")
    monkeypatch.undo()
    assert contents(tmp_path / "snapshot") == before
