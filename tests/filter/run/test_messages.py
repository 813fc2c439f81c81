"""What a run, its masks and its explanations say when papers do not fit together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import apply_masks, explain_row, filter_dataset, open_masked
from optout.filter.errors import (
    EvidenceError,
    NothingMatchable,
    ShardError,
    SomeShardsFailed,
)
from optout.filter.evidence import FileDigest, ShardRecord
from optout.filter.parquet import InputIdentity, encode_vector
from optout.filter.run.apply import Applier
from optout.filter.run.decide import Decision
from optout.filter.run.inputs import Shard, discover
from optout.filter.run.place import Place
from optout.filter.run.scan import ShardTask
from optout.filter.run.vectors import Masks
from optout.filter.run.write import Encoding
from optout.registry import documents
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"
OTHER = "00" * 32


@pytest.fixture(scope="module")
def made(world, written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and its masks; nobody changes them."""
    place = tmp_path_factory.mktemp("made")
    shutil.copytree(written, place / "corpus")
    filter_dataset(place / "corpus", place / "out", snapshot=world.snapshot, mode="mask")
    return place


@pytest.fixture
def masked(made: Path, tmp_path: Path) -> Path:
    """OUT of a run that wrote masks alone; its papers may be changed, the corpus may not."""
    shutil.copytree(made / "out.optout", tmp_path / "out.optout")
    return tmp_path / "out"


@pytest.fixture
def out(done, tmp_path: Path) -> Path:
    """OUT of a run that wrote shards, to be changed."""
    shutil.copytree(done[0], tmp_path / "done")
    shutil.copytree(done[0].with_name("out.optout"), tmp_path / "done.optout")
    return tmp_path / "done"


def paper(out: Path, name: str) -> Path:
    return out.with_name(f"{out.name}.optout") / name


def change_record(out: Path, **changes: object) -> None:
    path = paper(out, f"{LAION}.json")
    path.write_bytes(replace(ShardRecord.parse(path.read_bytes()), **changes).render())


def change_decision(out: Path, **changes: object) -> None:
    path = paper(out, "decision.json")
    path.write_bytes(replace(Decision.parse(path.read_bytes(), "d"), **changes).render())


def test_a_shard_without_a_mask_fails_alone(masked: Path, made: Path) -> None:
    paper(masked, f"{LAION}.json").unlink()
    with pytest.raises(SomeShardsFailed, match=f"{LAION} has no mask"):
        apply_masks(masked)
    with pytest.raises(EvidenceError, match=f"{LAION} has no mask"):
        open_masked(masked)


def test_masks_of_no_shard_are_not_applied(masked: Path) -> None:
    for name in (LAION, DOWNLOADED):
        paper(masked, f"{name}.json").unlink()
    with pytest.raises(EvidenceError, match="holds no finished mask"):
        apply_masks(masked)


def test_masks_without_their_manifest_are_not_applied(masked: Path) -> None:
    paper(masked, "manifest.json").unlink()
    with pytest.raises(EvidenceError, match=r"manifest\.json is missing"):
        apply_masks(masked)


def test_masks_with_the_manifest_of_another_run_are_not_applied(
    masked: Path, made: Path, snapshot_of: Callable, tmp_path: Path
) -> None:
    other = snapshot_of(Identifier.url("https://anna.example/other.jpg"))
    filter_dataset(made / "corpus", tmp_path / "other", snapshot=other, mode="mask")
    shutil.copy(paper(tmp_path / "other", "manifest.json"), paper(masked, "manifest.json"))
    with pytest.raises(EvidenceError, match="is about another run than the plan"):
        apply_masks(masked)


def test_masks_of_another_plan_than_the_decision_are_not_applied(masked: Path) -> None:
    change_decision(masked, plan=OTHER)
    with pytest.raises(EvidenceError, match=r"decision\.json is of another plan"):
        apply_masks(masked)


def test_a_mask_of_another_decision_is_not_applied(masked: Path) -> None:
    change_record(masked, decision=OTHER)
    with pytest.raises(EvidenceError, match=f"{LAION}.json is of another plan or decision"):
        apply_masks(masked)


def test_a_mask_that_was_lost_is_named(masked: Path) -> None:
    paper(masked, f"{LAION}.dv").unlink()
    with pytest.raises(SomeShardsFailed, match=f"{LAION}.dv is missing"):
        apply_masks(masked)


def test_a_mask_of_more_rows_than_its_record_counts_is_not_applied(masked: Path) -> None:
    vector = encode_vector(np.arange(5, dtype=np.int64))
    paper(masked, f"{LAION}.dv").write_bytes(vector)
    change_record(masked, vector=FileDigest.of(vector))
    with pytest.raises(SomeShardsFailed, match="leaves out other rows than its record counts"):
        apply_masks(masked)


def test_matches_that_put_other_rows_aside_are_not_applied(masked: Path) -> None:
    record = ShardRecord.parse(paper(masked, f"{LAION}.json").read_bytes())
    change_record(
        masked,
        rows_quarantined=record.rows_quarantined - 1,
        rows_dropped=record.rows_dropped + 1,
    )
    with pytest.raises(SomeShardsFailed, match="puts aside other rows than its record counts"):
        apply_masks(masked)


def test_a_note_of_inputs_that_names_none_is_refused(masked: Path) -> None:
    paper(masked, "inputs.json").write_bytes(documents.render({"format": "another", "inputs": {}}))
    with pytest.raises(EvidenceError, match="does not say where inputs lie") as caught:
        open_masked(masked)
    assert "--input" in caught.value.advice


def test_bytes_that_changed_behind_footer_and_time_make_no_shard(
    world, written: Path, tmp_path: Path
) -> None:
    corpus = Path(shutil.copytree(written, tmp_path / "corpus"))
    filter_dataset(corpus, tmp_path / "out", snapshot=world.snapshot, mode="mask")
    # A mask knows no more of its input than that; once it was applied, its record does.
    apply_masks(tmp_path / "out")
    (tmp_path / "out" / LAION).unlink()
    path = corpus / LAION
    seen, data = path.stat(), bytearray(path.read_bytes())
    place = data.index(b"https://")
    data[place] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    with pytest.raises(SomeShardsFailed, match=f"{LAION} is no longer the input"):
        apply_masks(tmp_path / "out", inputs=corpus)
    assert not (tmp_path / "out" / LAION).exists()
    os.utime(path)
    with pytest.raises(ShardError, match=f"{LAION} is no longer the input"):
        apply_masks(tmp_path / "out", inputs=corpus)


def test_a_mask_of_other_rows_than_the_input_has_is_not_read_through(masked: Path) -> None:
    shard = open_masked(masked).shards[1]
    record = replace(
        shard.record, rows_in=shard.record.rows_in + 1, rows_kept=shard.record.rows_kept + 1
    )
    with pytest.raises(ShardError, match="is no longer the input that was scanned"):
        list(replace(shard, record=record).batches())


def test_matches_and_vector_that_differ_explain_nothing(world, out: Path) -> None:
    vector = encode_vector(np.empty(0, np.int64))
    paper(out, f"{LAION}.dv").write_bytes(vector)
    change_record(out, vector=FileDigest.of(vector))
    (row,) = world.rows(LAION, "site")
    with pytest.raises(EvidenceError, match=f"differ about row {row}"):
        explain_row(out, LAION, row)


@pytest.mark.parametrize(
    ("field", "words"),
    [("plan", "is of another plan"), ("decision", "was filtered under another decision")],
)
def test_a_record_of_another_run_explains_nothing(field: str, words: str, out: Path) -> None:
    change_record(out, **{field: OTHER})
    with pytest.raises(EvidenceError, match=words):
        explain_row(out, LAION, 0)


def test_inputs_without_a_column_cannot_be_matched(world, tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "a.parquet")
    with pytest.raises(NothingMatchable, match="no input has a column"):
        filter_dataset(tmp_path / "a.parquet", tmp_path / "out", snapshot=world.snapshot)


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Deeper than the longest path that a system takes: this stops the superuser, too.
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        discover([tmp_path])


def test_a_mask_that_is_lost_while_masks_are_applied_fails_its_shard(
    masked: Path, made: Path
) -> None:
    masks = Masks.at(Place.at(masked))
    source = ShardRecord.parse(paper(masked, f"{LAION}.json").read_bytes()).source
    paper(masked, f"{LAION}.json").unlink()
    seen = InputIdentity(source.size, source.footer_sha256, source.mtime_ns)
    with pytest.raises(ShardError, match=f"{LAION} has no mask"):
        Applier(masks, Encoding())(
            ShardTask(Shard(LAION, made / "corpus" / LAION), seen), lambda *_: None
        )
