"""Why did this row go? The evidence answers, as long as it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import Policy, SomeShardsFailed, explain_row, filter_dataset
from optout.filter.errors import EvidenceError
from optout.filter.run.explain import Reason
from optout.registry.errors import UsageError

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"


@pytest.fixture
def out(done, tmp_path: Path) -> Path:
    """A copy of OUT and its evidence that may be changed."""
    shutil.copytree(done[0], tmp_path / "out")
    shutil.copytree(done[0].with_name("out.optout"), tmp_path / "out.optout")
    return tmp_path / "out"


def test_a_row_that_went_is_explained_by_entry_column_and_grade(world, done) -> None:
    (row,) = world.rows(LAION, "site")
    told = explain_row(done[0], LAION, row)
    assert told.verdict == "drop"
    assert told.reasons == [Reason("drop", "site", 1, "domain", "URL", None)]
    assert told.text == f"row {row} of {LAION} went: entry 1 (site, grade domain) covers its URL"
    assert told.to_dict()["reasons"][0]["entry"] == 1


def test_a_picture_is_explained_with_its_distance(world, done) -> None:
    for row in world.rows(DOWNLOADED, "image"):
        told = explain_row(str(done[0]), DOWNLOADED, row)
        (reason,) = told.reasons
        assert (reason.kind, reason.entry, reason.leaf) == ("image", 3, "jpg")
        assert 0 <= reason.distance <= 30
        assert f"entry 3 (image, grade reviewed, distance {reason.distance})" in told.text


def test_a_row_that_stayed_is_explained_too(world, done) -> None:
    told = explain_row(done[0], LAION, world.rows(LAION, None)[0])
    assert (told.verdict, told.reasons) == ("keep", [])
    assert told.text.endswith("stayed: no entry that is obeyed covers it")


def test_a_row_put_aside_is_explained_by_where_it_is(world, done) -> None:
    (row,) = world.rows(DOWNLOADED, "broken")
    told = explain_row(done[0], DOWNLOADED, row)
    assert told.verdict == "quarantine"
    assert told.reasons == [Reason("quarantine", None, None, None, "jpg", None)]
    assert "its jpg cannot be judged" in told.text
    assert told.text.endswith(f"out.optout/quarantine/{DOWNLOADED}")


def test_every_row_has_the_verdict_that_the_run_gave_it(world, done) -> None:
    for name in (LAION, DOWNLOADED):
        for row, reason in enumerate(world.reasons[name]):
            if row % 7 and reason is None:
                continue
            verdict = explain_row(done[0], name, row).verdict
            assert verdict == {None: "keep", "unproven site": "keep", "broken": "quarantine"}.get(
                reason, "drop"
            )


def test_the_deciding_reason_comes_first_and_held_entries_are_told(world, tmp_path: Path) -> None:
    urls = ["https://www.ateliers.example/"] * 6
    others = ["https://anna.example/harbour.jpg", "https://shop.fotografin.example/", *["x"] * 4]
    pq.write_table(pa.table({"a_url": urls, "b_url": others}), tmp_path / "a.parquet")
    policy = Policy(min_grade={}, hold_rows=5)
    filter_dataset(tmp_path / "a.parquet", tmp_path / "out", snapshot=world.snapshot, policy=policy)
    told = explain_row(tmp_path / "out", "a.parquet", 0)
    assert [(r.verdict, r.entry, r.leaf) for r in told.reasons] == [
        ("drop", 0, "b_url"),
        ("held", 2, "a_url"),
    ]
    assert told.text.endswith("covers its b_url; 1 more reason below")
    kept = explain_row(tmp_path / "out", "a.parquet", 5)
    assert kept.verdict == "keep"
    assert kept.text == (
        "row 5 of a.parquet stayed: entry 2 (site, grade self) covers its a_url and is held, "
        "because it meets 6 of 6 rows"
    )


def test_a_row_dropped_because_it_is_broken_is_explained(world, tmp_path: Path) -> None:
    pq.write_table(pa.table({"jpg": pa.array([b"broken"])}), tmp_path / "a.parquet")
    policy = Policy(unjudgeable={"image": "drop"})
    filter_dataset(tmp_path / "a.parquet", tmp_path / "out", snapshot=world.snapshot, policy=policy)
    told = explain_row(tmp_path / "out", "a.parquet", 0)
    assert told.verdict == "drop"
    assert told.text.endswith("went: its jpg cannot be judged, and the policy drops such")


def test_a_shard_or_row_that_is_not_there_is_refused(out: Path) -> None:
    with pytest.raises(UsageError, match="has no shard 'laoin") as caught:
        explain_row(out, "laoin.parquet", 0)
    assert LAION in caught.value.advice
    for row in (240, -1):
        with pytest.raises(UsageError, match=f"has no row {row}") as caught:
            explain_row(out, LAION, row)
        assert "240" in caught.value.advice


def test_a_folder_that_no_run_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="holds no plan"):
        explain_row(tmp_path / "nothing", LAION, 0)


@pytest.mark.parametrize(
    "name",
    ["plan.json", "decision.json", f"{LAION}.json", f"{LAION}.dv", f"{LAION}.matches.parquet"],
)
@pytest.mark.parametrize("damage", ["changed", "lost"])
def test_damaged_evidence_explains_nothing(name: str, damage: str, out: Path) -> None:
    path = out.with_name("out.optout") / name
    if damage == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(EvidenceError):
        explain_row(out, LAION, 0)


def test_a_shard_that_failed_is_said_to_be_unfinished(world, corpus: Path) -> None:
    (corpus / LAION).write_bytes(b"PAR1")
    with pytest.raises(SomeShardsFailed):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot)
    with pytest.raises(EvidenceError, match="is not finished"):
        explain_row(corpus.parent / "out", LAION, 0)
