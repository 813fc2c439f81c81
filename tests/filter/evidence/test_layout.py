"""Evidence lies beside OUT, and no two files of it have one name."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.filter.errors import OutputConflict
from optout.filter.evidence import Evidence
from optout.registry.errors import UsageError


def test_evidence_lies_beside_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Evidence(tmp_path / "out").folder == tmp_path / "out.optout"
    assert Evidence(tmp_path / "v1.0").folder == tmp_path / "v1.0.optout"
    monkeypatch.chdir(tmp_path)
    assert Evidence(Path("out/")).folder == tmp_path / "out.optout"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert Evidence(Path()).folder == tmp_path / "here.optout"


@pytest.mark.parametrize("out", ["/", "a/.."])
def test_an_output_with_nothing_beside_it_is_refused(out: str) -> None:
    with pytest.raises(UsageError, match="cannot be an output folder"):
        Evidence(Path(out))


def test_a_shard_has_its_files() -> None:
    evidence = Evidence(Path("out"))
    assert evidence.of_shard("a/b.parquet") == (
        "a/b.parquet.json",
        "a/b.parquet.dv",
        "a/b.parquet.matches.parquet",
        "quarantine/a/b.parquet",
    )
    assert evidence.path("a/b.parquet.dv") == evidence.folder / "a/b.parquet.dv"
    assert evidence.scan("a/b.parquet", ".arrow") == "scan/a/b.parquet.scan.arrow"


def test_ordinary_names_share_nothing() -> None:
    names = ["a.parquet", "b/a.parquet", "scan/a.parquet", "quarantine/a.parquet", "plan.parquet"]
    Evidence(Path("out")).check_names(names)


@pytest.mark.parametrize(
    ("shards", "shared"),
    [
        (["plan"], "plan.json"),
        (["manifest"], "manifest.json"),
        (["a", "quarantine/x", "x.json"], "quarantine/x.json"),
        (["a", "scan/a.scan"], "scan/a.scan.json"),
    ],
)
def test_shards_that_would_share_a_file_are_refused(shards: list[str], shared: str) -> None:
    with pytest.raises(OutputConflict, match=f"would both be {shared}"):
        Evidence(Path("out")).check_names(shards)


def test_a_name_that_leaves_no_room_for_evidence_is_refused() -> None:
    longest = "é" * 119 + "x"  # 239 bytes, and `.matches.parquet` makes them 255
    Evidence(Path("out")).check_names([longest, f"deep/{longest}"])
    with pytest.raises(OutputConflict, match="a name of more than 255 bytes"):
        Evidence(Path("out")).check_names([f"{longest}x"])
