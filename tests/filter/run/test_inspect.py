"""What can be matched in a corpus, in words, before anything is filtered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import inspect_dataset
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier, Kind


def test_columns_roles_and_reach_are_told(world, corpus: Path) -> None:
    report = inspect_dataset(corpus)
    assert (report.shards, report.rows, report.unreadable) == (2, 280, [])
    assert {column.path: column.role for column in report.columns} == {
        "url": "url",
        "jpg": "image",
        "URL": "url",
        "TEXT": None,
        "hash": None,
    }
    told = {reach.kind: reach for reach in report.reach}
    assert list(told) == [str(kind) for kind in Kind]
    assert told["url"].columns == ["url", "URL"]
    assert told["url"].text == "the registered address, however it is written, in url and URL"
    assert told["site"].columns == ["url", "URL"]
    assert told["file"].columns == ["jpg"]
    assert told["image"].text == (
        "the registered picture, resized, encoded anew or mirrored too, in jpg; not off-centre "
        "crops and rotations; also inside data: addresses in url and URL"
    )
    assert all(reach.entries is None for reach in report.reach)


def test_what_cannot_be_reached_is_said(tmp_path: Path) -> None:
    pq.write_table(pa.table({"url": ["https://a.example"]}), tmp_path / "a.parquet")
    told = {reach.kind: reach for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["image"].columns == told["file"].columns == []
    assert told["image"].text == (
        "nothing: no column holds the bytes of pictures or hashes of them; "
        "only inside data: addresses in url"
    )
    pq.write_table(pa.table({"sha256": ["ab" * 32]}), tmp_path / "a.parquet")
    told = {reach.kind: reach for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["file"].columns == ["sha256"]
    assert told["url"].text == "nothing: no column holds addresses"
    assert told["image"].text == "nothing: no column holds the bytes of pictures or hashes of them"


def test_entries_are_counted_where_there_is_a_snapshot(corpus: Path, snapshot_of: Callable) -> None:
    snapshot = snapshot_of(Identifier.url("https://a.example/"), Identifier.site("a.example"))
    report = inspect_dataset([str(corpus)], snapshot)
    assert {reach.kind: reach.entries for reach in report.reach} == {
        **{str(kind): 0 for kind in Kind},
        "url": 1,
        "site": 1,
    }
    texts = {reach.kind: reach.text for reach in report.reach}
    assert texts["url"].endswith("in url and URL (1 entry in the snapshot)")
    assert texts["file"].endswith("(0 entries in the snapshot)")


def test_places_inside_columns_are_told_by_their_path(tmp_path: Path) -> None:
    table = pa.table(
        {
            "images": [["https://a.example"]],
            "image": [{"bytes": b"\xff\xd8\xff", "path": "y"}],
            "meta": ['{"url": "https://a.example", "n": 1, "word": "y"}'],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    report = inspect_dataset(tmp_path / "a.parquet")
    assert {c.path: c.role for c in report.columns if not c.is_rest} == {
        "images[]": "url",
        "image.bytes": "image",
        "image.path": None,
        "meta": None,
        "meta{}.url": "url",
    }
    told = {reach.kind: reach for reach in report.reach}
    assert told["account"].columns == ["images[]", "meta{}.url"]
    assert "a CDN's addresses of pictures carry no account" in told["account"].text


def test_shards_that_cannot_be_read_are_named_and_the_others_told(corpus: Path) -> None:
    (corpus / "bad.parquet").write_bytes(b"PAR1")
    report = inspect_dataset(corpus)
    assert (report.shards, report.rows) == (3, 280)
    assert report.unreadable == ["bad.parquet is cut off: its end is missing"]
    assert [column.path for column in report.columns if column.role] == ["url", "jpg", "URL"]


def test_where_nothing_can_be_read_nothing_is_claimed(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"")
    report = inspect_dataset(tmp_path)
    assert (report.shards, report.rows, report.columns) == (1, 0, [])
    assert len(report.unreadable) == 1
    assert all(reach.text.startswith("nothing") for reach in report.reach)
    assert report.to_dict()["unreadable"] == ["bad.parquet is empty: zero bytes"]


def test_an_absent_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        inspect_dataset(tmp_path / "absent")


def test_whose_accounts_can_be_found_is_said(tmp_path: Path) -> None:
    table = pa.table({"repo_name": ["octocat/hello", "anna/x"], "hf_author": ["anna", "bob"]})
    pq.write_table(table, tmp_path / "a.parquet")
    told = {reach.kind: reach.text for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["account"] == (
        "everything that names the registered account, in repo_name and hf_author; "
        "by its name only accounts on GitHub and Hugging Face"
    )


def test_what_json_may_hold_under_any_path_is_told_apart(tmp_path: Path) -> None:
    table = pa.table({"url": ["https://a.example"], "meta": ['{"n": 1}']})
    pq.write_table(table, tmp_path / "a.parquet")
    told = {reach.kind: reach for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["url"].columns == ["url"]
    assert told["url"].text.endswith("; also where it stands anywhere else in the JSON of meta")
    assert told["work"].columns == []
    assert told["work"].text.endswith("; only where it stands anywhere else in the JSON of meta")


def test_mirror_images_are_found_in_bytes_and_by_no_hash(tmp_path: Path) -> None:
    picture = [b"\xff\xd8\xff"] * 3
    hashes = {"image_phash": ["a0" * 8] * 3}
    pq.write_table(pa.table(hashes), tmp_path / "a.parquet")
    told = {reach.kind: reach.text for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["image"].startswith(
        "the registered picture, resized or encoded anew too, in image_phash; "
        "not off-centre crops, rotations and mirror images; "
    )
    pq.write_table(pa.table({"jpg": picture, **hashes}), tmp_path / "a.parquet")
    told = {reach.kind: reach.text for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["image"] == (
        "the registered picture, resized, encoded anew or mirrored too, in jpg; "
        "not off-centre crops and rotations; by the hashes in image_phash not mirror images"
    )


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"jpg": [b"\xff\xd8\xff"] * 3}, "not where it was cut or padded"),
        ({"pdq": ["a0" * 32] * 3}, "not where it was cut or padded"),
        ({"image_phash": ["a0" * 8] * 3}, "not at all"),
    ],
)
def test_what_a_pdq_alone_does_not_find_is_said(
    tmp_path: Path, snapshot_of: Callable, columns: dict[str, list], said: str
) -> None:
    digits = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    report = inspect_dataset(tmp_path / "a.parquet", snapshot_of(Identifier.image_pdq256(digits)))
    told = {reach.kind: reach.text for reach in report.reach}
    assert told["image"].endswith(
        f"; what is known by its PDQ alone {said} (1 entry in the snapshot)"
    )


def test_hashes_find_pictures_only_as_far_as_they_tell(tmp_path: Path) -> None:
    pq.write_table(pa.table({"image_phash": ["a0" * 8] * 3}), tmp_path / "a.parquet")
    told = {reach.kind: reach.text for reach in inspect_dataset(tmp_path / "a.parquet").reach}
    assert told["image"].endswith("; only as far as the hashes that stand there tell")
