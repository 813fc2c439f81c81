"""An audit says of a snapshot what is not as its log says, and never breaks off with an error."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import LogFault
from optout.registry.log import Checkpoint, leaf_hash, root
from optout.registry.snapshot import Snapshot, audit_snapshot
from optout.registry.snapshot.formats import IDENTIFIER, image_type
from optout.registry.snapshot.lines import read_lines

from .conftest import KEY, LogBook, large_book, replaced, resigned, small_book

CHECKS = ["snapshot", "files", "tree", "fold", "counts", "openings", "rebuilt"]


@pytest.fixture
def copy(snapshot: Snapshot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot.path, tmp_path / "copy"))


def faults(folder: Path) -> dict[str, str]:
    return {name: detail for name, ok, detail in audit_snapshot(folder) if not ok}


def segment_file(folder: Path, name: str) -> str:
    (path,) = folder.rglob(name)
    return path.relative_to(folder).as_posix()


def relogged(folder: Path, leaves: list[bytes]) -> None:
    """Replace the log, and have checkpoint and `snapshot.json` say that this is right."""
    replaced(folder, "audit/leaves.jsonl", b"".join(leaf + b"\n" for leaf in leaves))
    tree = root(map(leaf_hash, leaves))
    checkpoint = Checkpoint(KEY.name, len(leaves), tree).sign(KEY)
    resigned(
        folder,
        lambda document: document.update(checkpoint=checkpoint, size=len(leaves), root=tree.hex()),
    )


def changed_record(
    folder: Path, file: str, record: np.dtype, row: int, **fields: int | bytes
) -> None:
    name = segment_file(folder, file)
    records = np.frombuffer((folder / name).read_bytes(), record).copy()
    for field, value in fields.items():
        shown = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
        assert not np.array_equal(records[field][row], shown)
        records[field][row] = shown
    replaced(folder, name, records.tobytes())


@pytest.mark.parametrize("book", [small_book(), large_book(40), LogBook()])
def test_an_honest_snapshot_passes_every_check(book: LogBook, tmp_path: Path) -> None:
    checks = list(audit_snapshot(book.snapshot(tmp_path / "snapshot").path))
    assert [name for name, _, _ in checks] == CHECKS
    assert all(ok for _, ok, _ in checks)
    assert all(detail for _, _, detail in checks)


def test_erased_entries_are_counted_and_are_no_fault(copy: Path) -> None:
    (said,) = [detail for name, _, detail in audit_snapshot(copy) if name == "fold"]
    assert "1 erased" in said


def test_a_snapshot_that_cannot_be_opened_is_one_failed_check(copy: Path) -> None:
    (copy / "snapshot.json").write_bytes(b"{}")
    ((name, ok, detail),) = audit_snapshot(copy)
    assert (name, ok) == ("snapshot", False)
    assert "snapshot.json" in detail


def test_a_folder_that_is_not_there_is_one_failed_check(tmp_path: Path) -> None:
    ((name, ok, detail),) = audit_snapshot(tmp_path / "nowhere")
    assert (name, ok) == ("snapshot", False)
    assert "nowhere" in detail


def test_a_file_with_another_digest_is_named(copy: Path) -> None:
    name = segment_file(copy, "images-phash256.bin")
    data = bytearray((copy / name).read_bytes())
    data[0] ^= 1
    (copy / name).write_bytes(data)
    found = faults(copy)
    assert found.keys() == {"files", "rebuilt"}
    assert all("images-phash256.bin" in detail for detail in found.values())


def test_a_changed_record_of_the_log_is_noticed_by_the_tree(copy: Path, book: LogBook) -> None:
    leaves = [leaf.replace(b"asked for", b"asked 4us") for leaf in book.leaves]
    replaced(copy, "audit/leaves.jsonl", b"".join(leaf + b"\n" for leaf in leaves))
    assert faults(copy).keys() == {"tree"}


def test_a_log_whose_last_line_does_not_end_is_noticed(copy: Path) -> None:
    data = (copy / "audit" / "leaves.jsonl").read_bytes()
    replaced(copy, "audit/leaves.jsonl", data[:-1])
    assert faults(copy).keys() == {"tree", "fold"}


def test_a_step_that_the_log_does_not_allow_is_named(copy: Path, book: LogBook) -> None:
    relogged(copy, [*book.leaves, book.leaves[-1].replace(b'"entry":0', b'"entry":7')])
    found = faults(copy)
    assert found.keys() == {"fold"}
    assert "record 15" in found["fold"]


def test_an_entry_that_is_missing_without_a_record_is_a_fault(copy: Path, book: LogBook) -> None:
    lines = (copy / "audit" / "openings.jsonl").read_bytes().splitlines(keepends=True)
    replaced(copy, "audit/openings.jsonl", b"".join(lines[:2] + lines[3:]))
    found = faults(copy)
    assert found.keys() == {"openings"}
    assert "entry 2 is in force, and its opening is missing" in found["openings"]


def test_a_withdrawal_that_only_the_log_knows_is_a_fault(copy: Path, book: LogBook) -> None:
    longer = LogBook(leaves=list(book.leaves))
    longer.withdraw(2)
    relogged(copy, longer.leaves)
    found = faults(copy)
    assert found.keys() == {"counts", "openings"}
    assert "entry 2, which is not in force" in found["openings"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'"salt":"', b'"salt":"0', "no opening"),
        (b'"index":1,', b'"index":01,', "no opening"),
        (b'"index":1,', b'"index": 1,', "not in canonical form"),
        (b'"index":1,', b'"index":3,', "entry 1 is in force, and its opening is missing"),
        (b'"index":1,', b'"index":true,', "no opening"),
        (b'"index":1,', b'"index":1,"more":1,', "no opening"),
        (b'"kind":"site"', b'"kind":"url"', "does not open entry 1"),
        (b'"kind":"site"', b'"kind":"site","more":1', "does not open entry 1"),
        (b"{", b"[", "no opening"),
        (b"\n", b"\xff\n", "no opening"),
    ],
)
def test_an_opening_that_does_not_open_its_entry_is_named(
    copy: Path, old: bytes, new: bytes, named: str
) -> None:
    lines = (copy / "audit" / "openings.jsonl").read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(old, new, 1)
    replaced(copy, "audit/openings.jsonl", b"".join(lines))
    found = faults(copy)
    assert found.keys() == {"openings"}
    assert named in found["openings"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("entry", 99), ("usage", 0), ("kind", 9), ("grade", 7), ("digest", bytes(32))],
)
def test_a_field_that_filters_read_and_the_log_does_not_say_is_a_fault(
    copy: Path, field: str, value: int | bytes
) -> None:
    changed_record(copy, "identifiers.bin", IDENTIFIER, 3, **{field: value})
    found = faults(copy)
    assert found.keys() == {"rebuilt"}
    assert "identifiers.bin is not what log and openings make it" in found["rebuilt"]


@pytest.mark.parametrize("namespace", ["phash256", "phash64", "pdq256"])
@pytest.mark.parametrize(
    ("field", "value"), [("radius", 0), ("usage", 2), ("grade", 0), ("entry", 0), ("variant", 7)]
)
def test_a_field_of_a_picture_that_the_log_does_not_say_is_a_fault(
    copy: Path, namespace: str, field: str, value: int
) -> None:
    changed_record(copy, f"images-{namespace}.bin", image_type(namespace), 0, **{field: value})
    found = faults(copy)
    assert found.keys() == {"rebuilt"}
    assert f"images-{namespace}.bin" in found["rebuilt"]


def test_a_probe_that_nobody_would_find_is_a_fault(copy: Path) -> None:
    name = segment_file(copy, "probes.bin")
    probes = np.frombuffer((copy / name).read_bytes(), "<u8").copy()
    probes[2] += 1
    replaced(copy, name, probes.tobytes())
    assert faults(copy).keys() == {"rebuilt"}


def test_a_picture_that_is_left_out_is_a_fault(copy: Path) -> None:
    replaced(copy, segment_file(copy, "images-phash256.bin"), b"")
    assert faults(copy).keys() == {"rebuilt"}


def more_erasures(document: dict) -> None:
    document["erasures"] = 2


def other_kinds(document: dict) -> None:
    document["counts"]["by_kind"].update(url=1, site=2)


def other_grades(document: dict) -> None:
    document["counts"]["by_grade"].update(self=2, reviewed=2)


@pytest.mark.parametrize("change", [more_erasures, other_kinds, other_grades])
def test_numbers_that_the_log_does_not_have_are_a_fault(
    copy: Path, change: Callable[[dict], None]
) -> None:
    resigned(copy, change)
    assert faults(copy).keys() == {"counts"}


def test_a_segment_under_another_name_is_a_fault(copy: Path) -> None:
    (segment,) = (copy / "segments").iterdir()
    other = "segments/0123456789abcdef"
    segment.rename(copy / other)

    def change(document: dict) -> None:
        files = document["files"]
        for path in [path for path in files if path.startswith("segments/")]:
            files[f"{other}/{path.rpartition('/')[2]}"] = files.pop(path)

    resigned(copy, change)
    assert faults(copy).keys() == {"rebuilt"}


@pytest.mark.long
def test_signed_damage_of_any_kind_is_a_failed_check_and_no_error(
    copy: Path, snapshot: Snapshot
) -> None:
    drawn = random.Random(4)
    names = json.loads((copy / "snapshot.json").read_bytes())["files"]
    for name in sorted(names):
        data = (snapshot.path / name).read_bytes()
        for _ in range(25 if data else 0):
            damaged = bytearray(data)
            for _ in range(drawn.randint(1, 4)):
                damaged[drawn.randrange(len(data))] = drawn.randrange(256)
            if name.startswith("audit/") and drawn.random() < 0.3:
                del damaged[drawn.randrange(len(data)) :]
            if damaged != data:
                replaced(copy, name, bytes(damaged))
                assert faults(copy), f"{name} was changed, and nobody noticed"
        replaced(copy, name, data)
    assert not faults(copy)


@pytest.mark.parametrize("name", ["audit/leaves.jsonl", "audit/openings.jsonl"])
def test_a_line_without_end_is_not_read_whole(copy: Path, name: str) -> None:
    with (copy / name).open("r+b") as stream:
        stream.truncate(1 << 38)  # a hole: it takes no room
    with pytest.raises(LogFault, match=r"line \d+ of .* is too long"):
        list(read_lines(copy / name))
