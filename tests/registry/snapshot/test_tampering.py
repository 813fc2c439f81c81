"""One changed byte, anywhere in a snapshot, is noticed, and the file is named."""

from __future__ import annotations

import base64
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError, SnapshotFault
from optout.registry.identifiers import Identifier, Key, KeyColumns
from optout.registry.snapshot import Snapshot
from optout.registry.snapshot.formats import NOT_IN_OLDER, RECORDS

from .conftest import KEY, replaced, resigned

PLACES = 40
"""Places that are changed in each file but `snapshot.json`, where every byte is."""


@pytest.fixture
def copy(snapshot: Snapshot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot.path, tmp_path / "copy"))


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def assert_noticed(folder: Path, name: str) -> None:
    with pytest.raises(SnapshotError) as noticed:
        Snapshot.open(folder).check_files()
    assert name in noticed.value.message


def test_an_untouched_copy_is_whole(copy: Path) -> None:
    Snapshot.open(copy).check_files()


def test_a_changed_byte_of_snapshot_json_is_noticed_everywhere(copy: Path) -> None:
    path = copy / "snapshot.json"
    data = path.read_bytes()
    drawn = random.Random(1)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << drawn.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(SnapshotError) as noticed:
            Snapshot.open(copy)
        assert "snapshot.json" in noticed.value.message, f"byte {place}"


def test_a_changed_byte_of_any_other_file_is_noticed(copy: Path) -> None:
    drawn = random.Random(2)
    files = [name for name in names(copy) if name != "snapshot.json"]
    assert len(files) == 13
    for name in files:
        data = (copy / name).read_bytes()
        if name.rpartition("/")[2] in NOT_IN_OLDER:
            assert not data  # so few hashes have no postings
            continue
        for place in {0, len(data) - 1, *drawn.choices(range(len(data)), k=PLACES)}:
            changed = bytearray(data)
            changed[place] ^= 1 << drawn.randrange(8)
            (copy / name).write_bytes(changed)
            assert_noticed(copy, name)
        (copy / name).write_bytes(data)
    Snapshot.open(copy).check_files()


def test_a_file_that_is_missing_longer_or_shorter_is_noticed_when_opening(copy: Path) -> None:
    for name in names(copy):
        data = (copy / name).read_bytes()
        for changed in {None, data + b"\0", data[:-1], b""} - {data}:
            (copy / name).unlink()
            if changed is not None:
                (copy / name).write_bytes(changed)
            with pytest.raises(SnapshotError) as noticed:
                Snapshot.open(copy)
            assert name in noticed.value.message
            (copy / name).write_bytes(data)


@pytest.mark.parametrize(
    "name", ["segments/0123456789abcdef/probes.bin", "segments/x.bin", "audit/.hidden"]
)
def test_a_file_that_snapshot_json_does_not_name_is_noticed(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_bytes(b"x")
    assert_noticed(copy, name)


@pytest.mark.parametrize("target", ["nowhere", "../segments"])
def test_a_link_is_a_file_like_any_other(copy: Path, target: str) -> None:
    (copy / "audit" / "link").symlink_to(target)
    assert_noticed(copy, "audit/link")


def test_a_change_after_opening_is_noticed(copy: Path) -> None:
    opened = Snapshot.open(copy)
    opened.check_files()
    resigned(copy, lambda document: document.update(erasures=0))
    with pytest.raises(SnapshotError, match=r"snapshot\.json is no longer the one"):
        opened.check_files()


def test_a_removed_folder_is_noticed(copy: Path) -> None:
    opened = Snapshot.open(copy)
    shutil.rmtree(copy)
    with pytest.raises(SnapshotError, match=r"snapshot\.json is no longer the one"):
        opened.check_files()


def test_a_file_that_cannot_be_read_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "audit")
    (copy / "audit").mkdir()
    (copy / "audit" / "leaves.jsonl").mkdir()
    with pytest.raises(SnapshotError, match=r"leaves\.jsonl is missing"):
        Snapshot.open(copy)


def test_another_spelling_of_the_signature_is_noticed(copy: Path) -> None:
    path = copy / "snapshot.json"
    signature = json.loads(path.read_bytes())["signature"]
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = signature[-3]
    other = signature[:-3] + digits[digits.index(last) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(signature)
    path.write_bytes(path.read_bytes().replace(signature.encode(), other.encode()))
    assert_noticed(copy, "snapshot.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(size=14),
        lambda document: document.update(root="00" * 32),
        lambda document: document.update(origin="other.example"),
        lambda document: document.update(
            checkpoint=document["checkpoint"].replace("\n15\n", "\n16\n")
        ),
        lambda document: document.update(checkpoint="registry.example"),
    ],
    ids=["size", "root", "origin", "changed checkpoint", "no checkpoint"],
)
def test_a_checkpoint_that_does_not_fit_is_noticed(copy: Path, change) -> None:
    resigned(copy, change)
    with pytest.raises(SnapshotError, match=r"snapshot\.json has .*checkpoint"):
        Snapshot.open(copy)


PATHS = [
    "../outside.bin",
    "/etc/passwd",
    "segments/../../outside.bin",
    "segments\\0\\probes.bin",
    "C:\\probes.bin",
    "c:probes.bin",
    "audit/../audit/leaves.jsonl",
    "audit//leaves.jsonl",
    "segments/0123456789abcdef/other.bin",
    "snapshot.json",
    "",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_no_snapshot_has_is_refused(copy: Path, path: str) -> None:
    facts = {"bytes": 0, "sha256": "0" * 64}
    resigned(copy, lambda document: document["files"].update({path: facts}))
    with pytest.raises(SnapshotError, match="does not describe a snapshot: its files are"):
        Snapshot.open(copy)


@pytest.mark.parametrize("folder", ["../x", "segments/..", "segments/0123456789ABCDEF", "/etc"])
def test_a_segment_lies_nowhere_else(copy: Path, folder: str) -> None:
    def move(document: dict) -> None:
        files = document["files"]
        for path in [path for path in files if path.startswith("segments/")]:
            files[f"{folder}/{path.rpartition('/')[2]}"] = files.pop(path)

    resigned(copy, move)
    with pytest.raises(SnapshotError, match="does not describe a snapshot: its files are"):
        Snapshot.open(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("counts"),
        lambda document: document.update(counts=[]),
        lambda document: document.update(files=[]),
        lambda document: document.update(files={"audit/leaves.jsonl": 1}),
        lambda document: document.update(size=True),
        lambda document: document.update(size=-1),
        lambda document: document.update(size=15.5),
        lambda document: document.update(erasures="1"),
        lambda document: document.update(root="x"),
        lambda document: document.update(canonicaliser={}),
        lambda document: document.update(more=1),
        lambda document: document["counts"].update(entries=8),
        lambda document: document["counts"]["by_kind"].update(url=3),
        lambda document: document["counts"]["by_grade"].update(self=1),
        lambda document: document["counts"].update(more=1),
    ],
)
def test_signed_nonsense_is_refused(copy: Path, change) -> None:
    resigned(copy, change)
    with pytest.raises(SnapshotError, match=r"snapshot\.json does not describe a snapshot"):
        Snapshot.open(copy)


@pytest.mark.parametrize("field", ["key", "signature"])
@pytest.mark.parametrize("value", [None, 1, "", "x", [1]])
def test_a_snapshot_that_nobody_signed_is_refused(copy: Path, field: str, value: object) -> None:
    document = json.loads((copy / "snapshot.json").read_bytes())
    document[field] = value
    text = json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False)
    (copy / "snapshot.json").write_text(text + "\n")
    with pytest.raises(SnapshotError, match=r"snapshot\.json (is not signed|was changed)"):
        Snapshot.open(copy)


@pytest.mark.parametrize("name", ["probes.bin", "identifiers.bin", "images-phash256.bin"])
def test_files_that_do_not_hold_the_counted_records_are_refused(copy: Path, name: str) -> None:
    (path,) = copy.rglob(name)
    replaced(copy, path.relative_to(copy).as_posix(), path.read_bytes() + b"\0")
    with pytest.raises(SnapshotError, match=f"bytes of {name} do not hold 7 entries"):
        Snapshot.open(copy)


def test_the_signature_is_over_what_the_format_says(snapshot: Snapshot) -> None:
    document = json.loads((snapshot.path / "snapshot.json").read_bytes())
    signature = base64.b64decode(document.pop("signature"))
    signed = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert KEY.verifier.verify(b"optout/v1/snapshot\0" + signed.encode(), signature)


def test_a_grade_that_there_is_not_is_told_with_the_file_it_stands_in(copy: Path) -> None:
    (folder,) = (copy / "segments").iterdir()
    for name, of in RECORDS.items():
        if "grade" not in (of.names or ()) or not (folder / name).stat().st_size:
            continue
        records = np.fromfile(folder / name, of)
        records["grade"] = 200
        replaced(copy, f"segments/{folder.name}/{name}", records.tobytes())
    snapshot = Snapshot.open(copy)
    snapshot.check_files()
    page = Identifier.url("https://anna.example/harbour.jpg")
    picture = np.arange(32, dtype=np.uint8).reshape(1, -1)
    said = r"is damaged or forged: it gives entry \d+ a grade that there is not, 200"
    with pytest.raises(SnapshotFault, match=rf"identifiers\.bin {said}") as told:
        snapshot.find(page.kind, page.digest, page.probe)
    assert "Fetch it again" in told.value.advice
    with pytest.raises(SnapshotFault, match=rf"identifiers\.bin {said}"):
        snapshot.confirmed(KeyColumns.of([Key(page.kind, page.digest, page.probe)]))
    with pytest.raises(SnapshotFault, match=rf"images-phash256\.bin {said}"):
        snapshot.near("phash256", picture, 0)
    with pytest.raises(SnapshotFault, match=rf"images-phash256\.bin {said}"):
        snapshot.nearest(
            "phash256",
            picture,
            0,
            wanted=lambda near: near.grade >= 0,
            owners=np.zeros(1, np.int64),
        )
