"""Masks and their application: the same bytes as a rewrite, whatever comes between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import (
    OutputConflict,
    ShardError,
    SomeShardsFailed,
    apply_masks,
    explain_row,
    filter_dataset,
    verify_dataset,
)
from optout.filter.errors import EvidenceError
from optout.filter.evidence import ShardRecord, compare_files, read_manifest
from optout.filter.parquet import decode_vector
from optout.filter.run import apply as applying
from optout.filter.run import division
from optout.filter.run.place import Place
from optout.filter.run.progress import Silence
from optout.filter.run.scan import ShardTask
from optout.filter.run.write import Written, write_shard
from optout.registry.errors import UsageError

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"


def beside(out: Path, name: str) -> Path:
    return out.with_name(f"{out.name}.optout") / name


def assert_bound(out: Path) -> None:
    manifest = read_manifest(beside(out, "manifest.json").read_bytes())
    assert list(compare_files(manifest, out)) == []


class Interrupts(Silence):
    """Interrupts at one of the times that it is told of rows."""

    def __init__(self, at: int) -> None:
        self._left = at

    def advance(self, n: int = 1, detail: str = "") -> None:  # noqa: ARG002
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


@pytest.fixture
def masked(world, corpus: Path) -> Path:
    """OUT of a run that wrote masks alone."""
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    return out


def test_a_mask_is_evidence_and_no_shard(world, corpus: Path, masked: Path) -> None:
    assert not masked.exists()
    present = {p.relative_to(beside(masked, "")).as_posix() for p in beside(masked, "").rglob("*")}
    assert {name for name in present if "." in name} == {
        "plan.json",
        "decision.json",
        "manifest.json",
        "inputs.json",
        *(f"{name}{end}" for name in world.tables for end in (".json", ".dv", ".matches.parquet")),
    }
    noted = json.loads(beside(masked, "inputs.json").read_bytes())["inputs"]
    assert noted == {name: str(corpus / name) for name in world.tables}
    for name in world.tables:
        record = ShardRecord.parse(beside(masked, f"{name}.json").read_bytes())
        assert (record.mode, record.how, record.output, record.quarantine) == (
            *("mask", "masked"),
            *(None, None),
        )
        assert record.rows_quarantined == 1
    assert_bound(masked)


def test_the_report_of_a_mask_counts_what_a_rewrite_does(world, corpus: Path, done) -> None:
    report = filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, mode="mask")
    for name in ("rows_in", "rows_kept", "rows_dropped", "rows_quarantined", "dropped_by_kind"):
        assert getattr(report, name) == getattr(done[1], name)
    assert {outcome.how for outcome in report.outcomes} == {"masked"}


def test_vectors_and_matches_are_those_of_a_rewrite(world, masked: Path, done) -> None:
    for name in world.tables:
        for end in (".dv", ".matches.parquet"):
            there, rewritten = beside(masked, name + end), beside(done[0], name + end)
            assert there.read_bytes() == rewritten.read_bytes()
        assert len(decode_vector(beside(masked, f"{name}.dv").read_bytes()))


def test_applied_masks_are_the_bytes_of_a_rewrite_and_so_is_all_evidence(
    world, corpus: Path, masked: Path, done, files: Callable
) -> None:
    report = apply_masks(masked)
    assert files(masked) == files(done[0])
    assert [(o.shard, o.rows_dropped, o.how) for o in report.outcomes] == [
        (o.shard, o.rows_dropped, o.how) for o in done[1].outcomes
    ]
    assert report.skipped == 0
    assert_bound(masked)
    audit = verify_dataset(masked, snapshot=world.snapshot, inputs=[corpus], exhaustive=True)
    assert audit.ok, audit.faults
    assert filter_dataset(corpus, masked, snapshot=world.snapshot).skipped == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_no_byte(
    workers: int, masked: Path, done, files: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(division, "PAYS_FROM", 0)
    apply_masks(masked, workers=workers)
    assert files(masked) == files(done[0])


def test_applying_again_does_nothing_and_signs_nothing_anew(masked: Path, files: Callable) -> None:
    apply_masks(masked)
    before = files(masked, manifest=True)
    again = apply_masks(masked)
    assert again.skipped == again.shards == 2
    assert files(masked, manifest=True) == before


def test_a_mask_made_again_is_the_same(world, corpus: Path, masked: Path, files: Callable) -> None:
    before = files(masked, manifest=True)
    again = filter_dataset(corpus, masked, snapshot=world.snapshot, mode="mask")
    assert again.skipped == 2
    assert files(masked, manifest=True) == before


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6])
def test_an_interrupted_mask_ends_in_the_same_bytes(
    step: int, world, corpus: Path, done, files: Callable
) -> None:
    out = corpus.parent / "out"
    with pytest.raises(KeyboardInterrupt):
        filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask", progress=Interrupts(step))
    filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    assert_bound(out)
    apply_masks(out)
    assert files(out) == files(done[0])


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("again", ["apply", "filter"])
def test_an_interrupted_application_is_finished_by_another_or_by_a_rewrite(
    again: str, step: int, world, corpus: Path, masked: Path, done, files: Callable
) -> None:
    with pytest.raises(KeyboardInterrupt):
        apply_masks(masked, progress=Interrupts(step))
    if again == "apply":
        report = apply_masks(masked)
        assert report.skipped == step
        assert files(masked) == files(done[0])
    else:
        report = filter_dataset(corpus, masked, snapshot=world.snapshot)
        assert report.skipped == step
    for name in world.tables:
        assert (masked / name).read_bytes() == (done[0] / name).read_bytes()
    assert_bound(masked)


KILLED = """
import os, signal, sys
from optout.filter import apply_masks
from optout.filter.run import storage
left = int(sys.argv[2])
put = storage.LocalStorage.put

def dies(self, name, writer, **options):
    global left
    left -= 1
    if left == 0 and sys.argv[3] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    def half(stream):
        result = writer(stream)
        if left == 0:
            stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return put(self, name, half, **options)

storage.LocalStorage.put = dies
apply_masks(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("put", "moment"), [(put, ("before", "half")[put % 2]) for put in range(1, 10)]
)
def test_an_application_that_is_killed_at_any_write_goes_on(
    put: int, moment: str, masked: Path, done, files: Callable
) -> None:
    """Plan, decision, and of two shards each output, quarantine and record, then the manifest."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(masked), str(put), moment], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    apply_masks(masked)
    assert files(masked) == files(done[0])
    assert_bound(masked)


def change(path: Path, how: str) -> None:
    if how == "gone":
        path.unlink()
    elif how == "another":
        pq.write_table(pq.read_table(path).slice(1), path)
    else:
        path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("how", ["gone", "another", "cut off"])
def test_an_input_that_is_not_the_one_that_was_scanned_is_refused_and_named(
    how: str, corpus: Path, masked: Path, files: Callable
) -> None:
    before = files(masked, manifest=True)
    change(corpus / LAION, how)
    with pytest.raises(ShardError, match=LAION) as caught:
        apply_masks(masked)
    assert caught.value.shard == LAION
    assert files(masked, manifest=True) == before
    assert not masked.exists()


def test_an_input_that_changes_while_it_is_written_fails_its_shard(
    corpus: Path, masked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(place: Place, task: ShardTask, *rest: Any) -> Written:
        written = write_shard(place, task, *rest)
        if task.name == LAION:
            os.utime(task.shard.path)
        return written

    monkeypatch.setattr(applying, "write_shard", touched)
    with pytest.raises(SomeShardsFailed, match=LAION) as caught:
        apply_masks(masked, workers=1)
    assert [failed.shard for failed in caught.value.report.failed] == [LAION]
    assert not (masked / LAION).exists()
    assert (masked / DOWNLOADED).exists()


def test_a_corpus_that_was_moved_is_found_where_one_says(
    corpus: Path, masked: Path, done, files: Callable
) -> None:
    moved = Path(shutil.copytree(corpus, corpus.parent / "moved", copy_function=shutil.copyfile))
    shutil.rmtree(corpus)
    with pytest.raises(ShardError, match="is not there") as caught:
        apply_masks(masked)
    assert "--input" in caught.value.advice
    apply_masks(masked, inputs=moved)
    assert files(masked) == files(done[0])


def test_a_shard_that_could_not_be_masked_is_named_again(world, corpus: Path) -> None:
    out, whole = corpus.parent / "out", (corpus / DOWNLOADED).read_bytes()
    (corpus / DOWNLOADED).write_bytes(whole[:-100])
    with pytest.raises(SomeShardsFailed):
        filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")
    with pytest.raises(SomeShardsFailed, match="is cut off") as caught:
        apply_masks(out)
    assert [failed.shard for failed in caught.value.report.failed] == [DOWNLOADED]
    assert pq.read_table(out / LAION).equals(world.kept(LAION), check_metadata=True)
    assert set(read_manifest(beside(out, "manifest.json").read_bytes()).failed) == {DOWNLOADED}


@pytest.mark.parametrize(
    "lost", [f"{LAION}.dv", f"{LAION}.matches.parquet", f"{LAION}.json", "decision.json"]
)
def test_a_damaged_mask_makes_no_shard(lost: str, masked: Path) -> None:
    data = bytearray(beside(masked, lost).read_bytes())
    data[len(data) // 2] ^= 1
    beside(masked, lost).write_bytes(data)
    with pytest.raises((EvidenceError, SomeShardsFailed), match=lost):
        apply_masks(masked)
    assert not (masked / LAION).exists()


def test_without_a_run_there_is_nothing_to_apply(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="holds no plan"):
        apply_masks(tmp_path / "out")


def test_an_unfinished_mask_is_not_applied(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    with pytest.raises(KeyboardInterrupt):
        filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask", progress=Interrupts(5))
    with pytest.raises(EvidenceError, match="is missing") as caught:
        apply_masks(out)
    assert "again" in caught.value.advice
    assert not out.exists()


def test_another_mode_is_another_plan(world, corpus: Path, masked: Path) -> None:
    with pytest.raises(OutputConflict, match="its mode is mask") as caught:
        filter_dataset(corpus, masked, snapshot=world.snapshot)
    assert "optout apply" in caught.value.advice
    apply_masks(masked)
    with pytest.raises(OutputConflict, match="its mode is rewrite"):
        filter_dataset(corpus, masked, snapshot=world.snapshot, mode="mask")
    filter_dataset(corpus, masked, snapshot=world.snapshot, mode="mask", overwrite=True)
    assert list(masked.rglob("*")) == []
    assert_bound(masked)


def test_out_that_holds_something_takes_no_mask(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    out.mkdir()
    (out / LAION).touch()
    with pytest.raises(OutputConflict, match="not of this run"):
        filter_dataset(corpus, out, snapshot=world.snapshot, mode="mask")


def test_there_is_no_other_mode(world, corpus: Path) -> None:
    with pytest.raises(UsageError, match="'both'"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, mode="both")


def test_a_row_behind_a_mask_is_explained(world, masked: Path) -> None:
    row = world.dropped(LAION)[0]
    assert explain_row(masked, LAION, row).verdict == "drop"


def test_a_row_put_aside_by_a_mask_is_put_aside_whole_when_it_is_applied(
    world, masked: Path
) -> None:
    assert not beside(masked, "quarantine").exists()
    apply_masks(masked)
    for name in world.tables:
        aside = pq.read_table(beside(masked, f"quarantine/{name}"))
        assert aside.equals(world.aside(name), check_metadata=True)


def test_a_shard_called_inputs_would_take_the_notes_place(world, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"url": ["https://a.example/"]}), tmp_path / "in" / "inputs")
    with pytest.raises(OutputConflict, match="inputs"):
        filter_dataset(
            tmp_path / "in" / "inputs", tmp_path / "out", snapshot=world.snapshot, mode="mask"
        )


TWICE = """
import sys, time
from pathlib import Path
from optout.filter import apply_masks
from optout.filter.run import write
rewrite = write.rewrite

def counted(source, stream, removed, **options):
    with open(sys.argv[2], "a") as log:
        log.write(options["name"] + "\\n")
    time.sleep(0.2)
    return rewrite(source, stream, removed, **options)

write.rewrite = counted
apply_masks(sys.argv[1])
"""


def test_two_applications_share_the_work(masked: Path, done, files: Callable) -> None:
    log = masked.parent / "log"
    command = [sys.executable, "-c", TWICE, str(masked), str(log)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    # Each shard is written once, and what is put aside of it once.
    assert sorted(log.read_text().split()) == sorted([LAION, DOWNLOADED] * 2)
    assert files(masked) == files(done[0])


def test_an_application_goes_on_where_another_was_killed(
    masked: Path, done, files: Callable
) -> None:
    log = masked.parent / "log"
    command = [sys.executable, "-c", TWICE, str(masked), str(log)]
    first = subprocess.Popen(command)
    while not log.exists():
        time.sleep(0.01)
    second = subprocess.Popen(command)
    first.kill()
    first.wait(60)
    assert second.wait(60) == 0
    assert files(masked) == files(done[0])
    assert_bound(masked)


class AppliesBeside(Silence):
    """Lets an input be away when it is to be applied, and another run apply it meanwhile."""

    def __init__(self, masked: Path, shard: Path) -> None:
        self._masked, self._shard, self._away = masked, shard, shard.with_name("away")
        self.told: list[str] = []

    def stage(self, name: str, _total: int | None = None) -> None:
        if name == "write":
            self._shard.rename(self._away)

    def note(self, text: str) -> None:
        if self._away.exists():
            self.told.append(text)
            self._away.rename(self._shard)
            apply_masks(self._masked)


def test_what_failed_here_and_was_applied_beside_is_taken_over(
    masked: Path, corpus: Path, done, files: Callable
) -> None:
    beside_it = AppliesBeside(masked, corpus / LAION)
    report = apply_masks(masked, progress=beside_it, workers=1)
    assert len(beside_it.told) == 1
    assert LAION in beside_it.told[0]
    assert report.failed == []
    assert {outcome.shard for outcome in report.outcomes} == {LAION, DOWNLOADED}
    assert files(masked) == files(done[0])
    assert_bound(masked)
