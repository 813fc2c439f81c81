"""A run from its inputs to its manifest: what goes, what stays, and what can come between."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import (
    Filter,
    NothingMatchable,
    OutputConflict,
    Policy,
    RunReport,
    SomeShardsFailed,
    apply_masks,
    filter_dataset,
    verify_dataset,
)
from optout.filter.columns import DetectedColumn
from optout.filter.errors import StorageError
from optout.filter.evidence import ShardRecord, compare_files, read_manifest, read_matches
from optout.filter.parquet import decode_vector
from optout.filter.run import division
from optout.filter.run.progress import Silence
from optout.registry.errors import SnapshotError, UsageError
from optout.registry.identifiers import Identifier
from optout.registry.images import pdq
from optout.registry.registry import Claim, Registry

LAION, DOWNLOADED = "laion.parquet", "deep/00000.parquet"
PLAIN = pa.table({"url": ["https://nobody.example/1"], "caption": ["x"]})


class Heard(Silence):
    """Progress that is remembered, and that may interrupt."""

    def __init__(self, interrupt_at: int | None = None) -> None:
        self.stages: list[str] = []
        self.totals: list[int | None] = []
        self.done: list[int] = []
        self.columns: list[dict[str, str | None]] = []
        self.notes: list[str] = []
        self.shards: list[str] = []
        self.closed = 0
        self._interrupt_at = interrupt_at

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append(name)
        self.totals.append(total)
        self.done.append(0)

    def advance(self, n: int = 1, detail: str = "") -> None:
        self.done[-1] += n
        self.shards.append(detail)
        if len(self.shards) == self._interrupt_at:
            raise KeyboardInterrupt

    def planned(self, columns: Sequence[DetectedColumn]) -> None:
        self.columns.append({column.path: column.role for column in columns})
        assert self.stages == ["plan"], "it is told before anything is looked at"

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        self.closed += 1


def beside(out: Path, name: str) -> Path:
    return out.with_name(f"{out.name}.optout") / name


def assert_bound(out: Path) -> None:
    """The manifest holds for every file that is there."""
    manifest = read_manifest(beside(out, "manifest.json").read_bytes())
    assert list(compare_files(manifest, out)) == []


def test_what_is_covered_goes_and_every_other_row_stays_as_it_was(world, done) -> None:
    out, _ = done
    assert {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} == {
        LAION,
        DOWNLOADED,
    }
    for name in (LAION, DOWNLOADED):
        assert pq.read_table(out / name).equals(world.kept(name), check_metadata=True)


def test_the_report_counts_every_row_once(world, done) -> None:
    _, report = done
    assert report.shards == 2
    assert report.rows_in == 280
    assert report.rows_dropped == sum(len(world.dropped(name)) for name in world.tables) == 7
    assert report.rows_quarantined == 2
    assert report.rows_kept == 271
    assert report.dropped_by_kind == {"file": 1, "image": 3, "site": 1, "url": 2}
    assert not report.held
    assert not report.failed
    assert report.skipped == 0
    assert {outcome.how for outcome in report.outcomes} == {"spliced"}
    assert not report.dry_run


def test_what_cannot_be_judged_is_put_aside_whole(world, done) -> None:
    out, _ = done
    for name in (LAION, DOWNLOADED):
        aside = pq.read_table(beside(out, f"quarantine/{name}"))
        assert aside.equals(world.aside(name), check_metadata=True)


def test_the_evidence_says_which_rows_went_and_why(world, done) -> None:
    out, _ = done
    for name in (LAION, DOWNLOADED):
        removed = decode_vector(beside(out, f"{name}.dv").read_bytes())
        gone = sorted([*world.dropped(name), *world.rows(name, "broken")])
        assert list(removed) == gone
        matches = read_matches(beside(out, f"{name}.matches.parquet").read_bytes()).to_pylist()
        reasons = {m["row"]: m["kind"] or "broken" for m in matches}
        assert reasons == {row: world.reasons[name][row] for row in gone}
    assert_bound(out)


def test_an_audit_has_nothing_to_object_to(world, written: Path, done) -> None:
    audit = verify_dataset(done[0], snapshot=world.snapshot, inputs=[written], exhaustive=True)
    assert audit.ok, audit.faults


def test_no_half_written_file_and_no_scan_is_left(done) -> None:
    out, _ = done
    left = [p.name for p in out.parent.rglob("*") if p.name.startswith(".optout-")]
    assert left == []
    assert not beside(out, "scan").exists()


def test_a_dry_run_counts_the_same_and_writes_nothing(world, corpus: Path, done) -> None:
    _, report = done
    before = sorted(corpus.parent.rglob("*"))
    dry = filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, dry_run=True)
    assert sorted(corpus.parent.rglob("*")) == before
    assert dry.dry_run
    for name in ("rows_in", "rows_kept", "rows_dropped", "rows_quarantined", "dropped_by_kind"):
        assert getattr(dry, name) == getattr(report, name)
    counts = [(o.shard, o.rows_dropped, o.rows_quarantined) for o in dry.outcomes]
    assert counts == [(o.shard, o.rows_dropped, o.rows_quarantined) for o in report.outcomes]


def test_a_repeated_run_does_nothing_and_signs_nothing_anew(
    world, corpus: Path, files: Callable
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    before = files(out, manifest=True)
    again = filter_dataset(corpus, out, snapshot=world.snapshot)
    assert again.skipped == again.shards == 2
    assert again.rows_dropped == 7
    assert files(out, manifest=True) == before


@pytest.mark.parametrize("recheck", [False, True])
def test_a_shard_that_was_damaged_afterwards_is_made_anew(
    recheck: bool, world, corpus: Path, files: Callable
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    before = files(out)
    shard = out / LAION
    state, data = shard.stat(), bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    if recheck:  # even where nobody can see it by size and time
        os.utime(shard, ns=(state.st_mtime_ns, state.st_mtime_ns))
    again = filter_dataset(corpus, out, snapshot=world.snapshot, recheck=recheck)
    assert again.skipped == 1
    assert files(out) == before
    assert_bound(out)


@pytest.mark.parametrize(
    "lost", [LAION, f"{LAION}.json", f"{LAION}.dv", f"{LAION}.matches.parquet", "decision.json"]
)
def test_a_lost_file_is_made_anew(lost: str, world, corpus: Path, files: Callable) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    before = files(out)
    (out / lost if lost == LAION else beside(out, lost)).unlink()
    again = filter_dataset(corpus, out, snapshot=world.snapshot)
    assert again.skipped == (2 if lost == "decision.json" else 1)
    assert files(out) == before
    assert_bound(out)


@pytest.mark.parametrize("step", range(1, 13, 2))
def test_an_interrupted_run_ends_in_the_same_bytes(
    step: int, world, corpus: Path, done, files: Callable
) -> None:
    out = corpus.parent / "out"
    heard = Heard(interrupt_at=step)
    with pytest.raises(KeyboardInterrupt):
        filter_dataset(corpus, out, snapshot=world.snapshot, progress=heard)
    assert heard.closed == 1
    filter_dataset(corpus, out, snapshot=world.snapshot)
    assert files(out) == files(done[0])
    assert_bound(out)


@pytest.mark.parametrize(
    ("workers", "memory"), [(1, 256 << 20), (1, 8 << 30), (2, 2 << 30), (8, 8 << 30)]
)
def test_workers_and_memory_change_no_byte(
    workers: int,
    memory: int,
    world,
    corpus: Path,
    done,
    files: Callable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(division, "PAYS_FROM", 0)
    out = corpus.parent / "out"
    heard = Heard()
    filter_dataset(
        corpus, out, snapshot=world.snapshot, workers=workers, memory=memory, progress=heard
    )
    assert heard.stages == ["plan", "scan", "decide", "write"]
    assert heard.columns == [{"URL": "url", "jpg": "image", "url": "url"}]
    assert files(out) == files(done[0])


def test_more_workers_than_fit_into_memory_are_not_started(
    world, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(division, "PAYS_FROM", 0)
    heard = Heard()
    filter_dataset(
        corpus,
        corpus.parent / "out",
        snapshot=world.snapshot,
        workers=64,
        memory=3 << 30,
        progress=heard,
    )
    assert heard.notes == ["2 of 8 workers fit into the memory allowed; 8GiB would do for all"]


@pytest.mark.parametrize("mode", ["rewrite", "mask"])
def test_a_level_of_compression_is_part_of_the_plan_and_of_what_is_encoded(
    mode: str, world, corpus: Path, done, files: Callable
) -> None:
    path = corpus / LAION
    pq.write_table(world.tables[LAION], path, compression="zstd")
    outs = []
    for level in (None, 1, 19):
        out = corpus.parent / f"out-{level}"
        filter_dataset(corpus, out, snapshot=world.snapshot, mode=mode, compression_level=level)
        if mode == "mask":
            apply_masks(out)
        outs.append(out)
    plans = [
        json.loads((out.with_name(f"{out.name}.optout") / "plan.json").read_bytes()) for out in outs
    ]
    assert [plan["asked"].get("compression_level", "unsaid") for plan in plans] == ["unsaid", 1, 19]
    written = [(out / LAION).read_bytes() for out in outs]
    assert written[0] != written[2] != written[1]
    for out in outs:
        assert pq.read_table(out / LAION).equals(world.kept(LAION))


def test_the_input_of_a_shard_is_known_by_all_its_bytes_and_of_a_mask_by_its_footer(
    world, written: Path, corpus: Path, done
) -> None:
    masked = corpus.parent / "masked"
    filter_dataset(corpus, masked, snapshot=world.snapshot, mode="mask")
    for name in (LAION, DOWNLOADED):
        known = []
        for out in (done[0], masked):
            path = out.with_name(f"{out.name}.optout") / f"{name}.json"
            known.append(ShardRecord.parse(path.read_bytes()).source)
        assert known[0].sha256 == hashlib.sha256((written / name).read_bytes()).hexdigest()
        assert known[1].sha256 is None
        assert known[0].footer_sha256 == known[1].footer_sha256


@pytest.mark.parametrize("argument", [{"workers": 0}, {"memory": 1000}])
def test_an_argument_that_means_nothing_is_refused(argument, world, corpus: Path) -> None:
    with pytest.raises(UsageError, match=r"workers|memory"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, **argument)


def test_a_shard_without_a_hit_is_the_inputs_bytes(world, tmp_path: Path) -> None:
    pq.write_table(PLAIN, tmp_path / "quiet.parquet")
    report = filter_dataset(tmp_path / "quiet.parquet", tmp_path / "out", snapshot=world.snapshot)
    assert report.outcomes[0].how == "copied"
    clean = tmp_path / "out" / "quiet.parquet"
    assert clean.read_bytes() == (tmp_path / "quiet.parquet").read_bytes()


def test_shards_without_rows_or_row_groups_pass(world, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    world.write(corpus, **{"empty.parquet": PLAIN.slice(0, 0)})
    with pq.ParquetWriter(corpus / "none.parquet", PLAIN.schema):
        pass
    report = filter_dataset(corpus, tmp_path / "out", snapshot=world.snapshot)
    assert report.shards == 4
    for name in ("empty.parquet", "none.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (corpus / name).read_bytes()


def test_a_shard_of_which_every_row_goes_is_left_with_its_schema(world, tmp_path: Path) -> None:
    table = pa.table({"url": ["https://fotografin.example/"] * 5, "n": range(5)})
    pq.write_table(table, tmp_path / "all.parquet")
    filter_dataset(tmp_path / "all.parquet", tmp_path / "out", snapshot=world.snapshot)
    left = pq.read_table(tmp_path / "out" / "all.parquet")
    assert (left.num_rows, left.schema) == (0, table.schema)


def test_the_judge_in_memory_says_what_the_run_did(world, done) -> None:
    out, _ = done
    judge = Filter(world.snapshot)
    for name, table in world.tables.items():
        verdicts = [v for batch in table.to_batches() for v in judge.judge(batch).to_pylist()]
        went = [row for row, verdict in enumerate(verdicts) if verdict["verdict"] != "keep"]
        assert went == list(decode_vector(beside(out, f"{name}.dv").read_bytes()))
        matches = read_matches(beside(out, f"{name}.matches.parquet").read_bytes()).to_pylist()
        for match in matches:
            said = {"row": match["row"], **verdicts[match["row"]]}
            assert said == match


def test_a_registry_that_people_use_is_obeyed(world, corpus: Path, tmp_path: Path) -> None:
    with Registry.create(tmp_path / "optout.db") as registry:
        added = registry.add([Claim(Identifier.url("https://host3.example/3"))])
        snapshot = registry.snapshot(tmp_path / "snapshot")
    report = filter_dataset(corpus, tmp_path / "out", snapshot=snapshot)
    assert report.dropped_by_kind == {"url": 1}
    matches = read_matches(beside(tmp_path / "out", f"{LAION}.matches.parquet").read_bytes())
    drops = [m for m in matches.to_pylist() if m["verdict"] == "drop"]
    assert [(m["row"], m["entry"]) for m in drops] == [(3, added[0].index)]


@pytest.mark.parametrize("_again", range(3))
def test_two_runs_with_one_plan_may_share_out(
    _again: int, world, corpus: Path, done, files: Callable
) -> None:
    out, reports, ready = corpus.parent / "out", [], threading.Barrier(2)

    def run() -> None:
        ready.wait()
        reports.append(filter_dataset(corpus, out, snapshot=world.snapshot))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.rows_dropped for report in reports] == [7, 7]
    assert files(out) == files(done[0])
    assert_bound(out)


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def test_a_shard_that_cannot_be_read_fails_alone(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    damage(corpus / DOWNLOADED)
    with pytest.raises(SomeShardsFailed, match="1 of 2 shards failed") as caught:
        filter_dataset(corpus, out, snapshot=world.snapshot)
    report = caught.value.report
    assert [failed.shard for failed in report.failed] == [DOWNLOADED]
    assert "is cut off" in report.failed[0].message
    assert report.failed[0].advice
    assert [outcome.shard for outcome in report.outcomes] == [LAION]
    assert pq.read_table(out / LAION).equals(world.kept(LAION), check_metadata=True)
    assert not (out / DOWNLOADED).exists()
    manifest = read_manifest(beside(out, "manifest.json").read_bytes())
    assert set(manifest.shards) == {LAION}
    assert set(manifest.failed) == {DOWNLOADED}
    assert_bound(out)


def test_a_shard_that_is_whole_again_is_added_and_the_others_stay(
    world, corpus: Path, files: Callable
) -> None:
    world.write(corpus, **{"more.parquet": world.tables[LAION]})
    out, whole = corpus.parent / "out", (corpus / "more.parquet").read_bytes()
    damage(corpus / "more.parquet")
    with pytest.raises(SomeShardsFailed):
        filter_dataset(corpus, out, snapshot=world.snapshot)
    assert beside(out, "scan").exists()
    before = (out / LAION).stat()
    (corpus / "more.parquet").write_bytes(whole)
    report = filter_dataset(corpus, out, snapshot=world.snapshot)
    assert report.skipped == 2
    assert report.rows_dropped == 10
    after = (out / LAION).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert pq.read_table(out / "more.parquet").equals(world.kept(LAION), check_metadata=True)
    assert_bound(out)
    assert not beside(out, "scan").exists()


def test_a_shard_with_columns_that_nobody_planned_for_does_not_pass(world, corpus: Path) -> None:
    out, whole = corpus.parent / "out", (corpus / DOWNLOADED).read_bytes()
    damage(corpus / DOWNLOADED)
    with pytest.raises(SomeShardsFailed, match="is cut off"):
        filter_dataset(corpus, out, snapshot=world.snapshot)
    (corpus / DOWNLOADED).write_bytes(whole)
    with pytest.raises(SomeShardsFailed, match="does not look at its url, jpg"):
        filter_dataset(corpus, out, snapshot=world.snapshot)
    assert not (out / DOWNLOADED).exists()
    report = filter_dataset(corpus, out, snapshot=world.snapshot, overwrite=True)
    assert (report.skipped, report.rows_dropped) == (0, 7)


def test_what_could_not_be_seen_may_tip_the_scales(world, tmp_path: Path) -> None:
    """An entry is held by all its rows, also those that an earlier run could not scan."""
    few = pa.table({"url": ["https://www.ateliers.example/"] * 2 + ["https://x.example/"] * 8})
    many = pa.table({"url": ["https://www.ateliers.example/"] * 5 + ["https://x.example/"] * 5})
    corpus, out = tmp_path / "corpus", tmp_path / "out"
    corpus.mkdir()
    pq.write_table(few, corpus / "few.parquet")
    pq.write_table(many, corpus / "many.parquet")
    whole = (corpus / "many.parquet").read_bytes()
    damage(corpus / "many.parquet")
    policy = Policy(min_grade={}, hold_rows=3)
    with pytest.raises(SomeShardsFailed) as caught:
        filter_dataset(corpus, out, snapshot=world.snapshot, policy=policy)
    assert caught.value.report.rows_dropped == 2
    (corpus / "many.parquet").write_bytes(whole)
    report = filter_dataset(corpus, out, snapshot=world.snapshot, policy=policy)
    assert [(held.entry, held.rows, held.share) for held in report.held] == [(2, 7, 0.35)]
    assert report.rows_dropped == 0
    assert pq.read_table(out / "few.parquet").num_rows == 10
    assert_bound(out)


def test_where_no_shard_can_be_read_the_run_fails_and_writes_nothing(world, corpus: Path) -> None:
    for name in world.tables:
        damage(corpus / name)
    with pytest.raises(SomeShardsFailed, match="2 of 2 shards failed"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot)
    assert sorted(path.name for path in corpus.parent.iterdir()) == ["corpus"]


def test_a_damaged_page_fails_its_shard_in_the_scan(world, corpus: Path) -> None:
    path = corpus / LAION
    chunk = pq.ParquetFile(path).metadata.row_group(3).column(0)
    data = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    path.write_bytes(data)
    heard = Heard()
    with pytest.raises(SomeShardsFailed) as caught:
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, progress=heard)
    assert [failed.shard for failed in caught.value.report.failed] == [LAION]
    assert heard.notes == [caught.value.report.failed[0].message]
    assert_bound(corpus.parent / "out")


@pytest.mark.parametrize("stage", ["scan", "write"])
def test_an_input_that_changes_meanwhile_fails_its_shard(stage: str, world, corpus: Path) -> None:
    class Changes(Heard):
        def stage(self, name: str, total: int | None = None) -> None:
            super().stage(name, total)
            if name == stage:
                pq.write_table(world.tables[LAION].slice(0, 20), corpus / LAION)

    out = corpus.parent / "out"
    with pytest.raises(SomeShardsFailed, match="changed while it was filtered") as caught:
        filter_dataset(corpus, out, snapshot=world.snapshot, progress=Changes())
    assert [failed.shard for failed in caught.value.report.failed] == [LAION]
    assert not (out / LAION).exists()
    assert_bound(out)


def test_an_input_that_changed_since_belongs_to_another_plan(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    pq.write_table(PLAIN, corpus / LAION)
    with pytest.raises(OutputConflict, match=r"the input laion\.parquet has changed since"):
        filter_dataset(corpus, out, snapshot=world.snapshot)
    report = filter_dataset(corpus, out, snapshot=world.snapshot, overwrite=True)
    assert report.skipped == 0
    assert pq.read_table(out / LAION).equals(PLAIN)
    assert_bound(out)


def test_a_finished_shard_whose_input_is_gone_bad_is_not_in_out(world, corpus: Path) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    damage(corpus / LAION)
    with pytest.raises(SomeShardsFailed) as caught:
        filter_dataset(corpus, out, snapshot=world.snapshot)
    assert [outcome.shard for outcome in caught.value.report.outcomes] == [DOWNLOADED]
    assert not (out / LAION).exists()
    assert not beside(out, f"{LAION}.json").exists()
    assert_bound(out)


def test_another_plan_is_refused_and_overwritten_on_demand(
    world, corpus: Path, files: Callable
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    before = files(out, manifest=True)
    strict = Policy(min_grade={"site": "self"})
    with pytest.raises(OutputConflict, match="another policy") as caught:
        filter_dataset(corpus, out, snapshot=world.snapshot, policy=strict)
    assert "--overwrite" in caught.value.advice
    assert files(out, manifest=True) == before
    report = filter_dataset(corpus, out, snapshot=world.snapshot, policy=strict, overwrite=True)
    assert report.rows_dropped == 8
    fresh = corpus.parent / "fresh" / "out"
    filter_dataset(corpus, fresh, snapshot=world.snapshot, policy=strict)
    assert files(out) == files(fresh)


def test_nothing_is_removed_for_a_plan_that_cannot_be_made(
    world, corpus: Path, files: Callable
) -> None:
    out = corpus.parent / "out"
    filter_dataset(corpus, out, snapshot=world.snapshot)
    before = files(out, manifest=True)
    with pytest.raises(NothingMatchable):
        filter_dataset(
            corpus,
            out,
            snapshot=world.snapshot,
            exclude=["URL", "url", "jpg"],
            overwrite=True,
        )
    assert files(out, manifest=True) == before


def test_a_corpus_without_a_column_to_match_is_refused(world, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["a cat"], "n": [1]}), tmp_path / "a.parquet")
    with pytest.raises(NothingMatchable, match="text") as caught:
        filter_dataset(tmp_path / "a.parquet", tmp_path / "out", snapshot=world.snapshot)
    assert "--column" in caught.value.advice
    assert not (tmp_path / "out").exists()


def test_shards_of_other_schemas_are_judged_by_what_they_have(world, corpus: Path) -> None:
    odd = pa.table({"URL": pa.array([b"//anna.example/harbour.jpg", None]), "other": [1.5, None]})
    world.write(corpus, **{"odd.parquet": odd})
    report = filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot)
    assert report.rows_dropped == 8
    left = pq.read_table(corpus.parent / "out" / "odd.parquet")
    assert left.equals(odd.slice(1))


def test_a_shard_that_lacks_what_was_said_fails_alone(world, corpus: Path) -> None:
    world.write(corpus, **{"odd.parquet": pa.table({"text": ["x"]})})
    with pytest.raises(SomeShardsFailed, match="no column for the planned role") as caught:
        filter_dataset(
            corpus,
            corpus.parent / "out",
            snapshot=world.snapshot,
            columns={"url": ["URL", "url"]},
        )
    assert [failed.shard for failed in caught.value.report.failed] == ["odd.parquet"]


def test_a_column_that_cannot_be_read_as_planned_fails_its_shard(world, corpus: Path) -> None:
    world.write(corpus, **{"odd.parquet": pa.table({"URL": [["https://a.example"]]})})
    with pytest.raises(SomeShardsFailed, match="cannot be read as url"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot)


def test_wishes_that_meet_nothing_are_told(world, corpus: Path) -> None:
    heard = Heard()
    filter_dataset(
        corpus,
        corpus.parent / "out",
        snapshot=world.snapshot,
        exclude=["jpg", "jpgg"],
        policy=Policy(obey=frozenset({0, 999})),
        progress=heard,
    )
    assert heard.notes == [
        "no shard has a column 'jpgg': leaving it out leaves out nothing",
        "the snapshot has no entry 999: obeying it obeys nothing",
        "2 of 5 entries (file 1, image 1) cannot be found here: no column holds files or digests "
        "of them, pictures or hashes of them, except in data: addresses",
    ]


def test_where_pictures_are_known_by_their_pdq_alone_it_is_told_once_and_they_go(
    world, corpus: Path, snapshot_of: Callable, photograph: Callable
) -> None:
    snapshot = snapshot_of(Identifier.image_pdq256(pdq(photograph(1)).hash.hex()))
    heard, out = Heard(), corpus.parent / "out"
    report = filter_dataset(corpus, out, snapshot=snapshot, progress=heard)
    assert report.dropped_by_kind == {"image": len(world.rows(DOWNLOADED, "image"))}
    assert heard.notes == [
        "every picture is hashed twice, which takes longer: the snapshot holds pictures that are "
        "known by their PDQ alone"
    ]
    assert verify_dataset(out, snapshot=snapshot, inputs=corpus, exhaustive=True).ok
    manifest = read_manifest((corpus.parent / "out.optout" / "manifest.json").read_bytes())
    assert manifest.parameters["canonicaliser"] == snapshot.canonicaliser
    assert snapshot.canonicaliser["version"] == 2
    # Begun again it is the same run: its plan names the same versions.
    assert filter_dataset(corpus, out, snapshot=snapshot).dropped_by_kind == report.dropped_by_kind
    heard = Heard()
    filter_dataset(corpus, out, snapshot=world.snapshot, progress=heard, overwrite=True)
    assert heard.notes == []


def test_an_excluded_column_is_not_looked_at(world, corpus: Path) -> None:
    report = filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, exclude=["jpg"])
    assert report.dropped_by_kind == {"site": 1, "url": 2}
    assert report.rows_quarantined == 1


def test_only_the_kinds_that_are_asked_for_drop(world, corpus: Path) -> None:
    policy = Policy(kinds=frozenset({"file"}))
    shard = corpus / DOWNLOADED
    report = filter_dataset(shard, corpus.parent / "out", snapshot=world.snapshot, policy=policy)
    assert report.dropped_by_kind == {"file": 1}
    assert report.rows_quarantined == 0


@pytest.mark.parametrize(
    ("action", "kept", "dropped", "aside"),
    [("quarantine", 271, 7, 2), ("drop", 271, 9, 0), ("keep", 273, 7, 0)],
)
def test_what_becomes_of_broken_values_is_the_operators_word(
    action: str, kept: int, dropped: int, aside: int, world, corpus: Path
) -> None:
    policy = Policy(unjudgeable={"url": action, "image": action})
    report = filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, policy=policy)
    counted = (report.rows_kept, report.rows_dropped, report.rows_quarantined)
    assert counted == (kept, dropped, aside)
    assert report.dropped_by_kind.get("unjudgeable", 0) == dropped - 7


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_weak_claim_on_too_much_is_held_until_it_is_obeyed(
    dry_run: bool, world, tmp_path: Path
) -> None:
    urls = ["https://www.ateliers.example/"] * 6 + ["https://x.example/"] * 4
    pq.write_table(pa.table({"url": urls}), tmp_path / "a.parquet")

    def run(out: str, **policy) -> RunReport:
        return filter_dataset(
            tmp_path / "a.parquet",
            tmp_path / out,
            snapshot=world.snapshot,
            policy=Policy(min_grade={}, hold_rows=5, **policy),
            dry_run=dry_run,
        )

    held = run("held")
    assert [(h.entry, h.kind, h.grade, h.rows, h.share) for h in held.held] == [
        (2, "site", "self", 6, 0.6)
    ]
    assert held.rows_dropped == 0
    assert run("obeyed", obey=frozenset({2})).rows_dropped == 6
    if not dry_run:
        matches = read_matches(beside(tmp_path / "held", "a.parquet.matches.parquet").read_bytes())
        assert set(matches["verdict"].to_pylist()) == {"held"}


def test_out_that_cannot_be_written_is_named(world, corpus: Path) -> None:
    (corpus.parent / "file").touch()
    with pytest.raises(StorageError, match=r"file/out\.optout") as caught:
        filter_dataset(corpus, corpus.parent / "file" / "out", snapshot=world.snapshot)
    assert caught.value.advice


def test_a_damaged_snapshot_is_noticed_before_anything_is_written(
    world, corpus: Path, snapshot_of: Callable
) -> None:
    snapshot = snapshot_of(Identifier.url("https://a.example/"))
    path = next(snapshot.path.glob("segments/*/identifiers.bin"))
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    with pytest.raises(SnapshotError, match="identifiers"):
        filter_dataset(corpus, corpus.parent / "out", snapshot=snapshot)
    assert not (corpus.parent / "out").exists()


def test_progress_is_told_step_by_step_and_closed_once(world, corpus: Path) -> None:
    heard = Heard()
    filter_dataset(corpus, corpus.parent / "out", snapshot=world.snapshot, progress=heard)
    assert heard.stages == ["plan", "scan", "decide", "write"]
    assert heard.totals == [2, 280, None, 280]
    assert heard.done == [2, 280, 0, 280]
    assert set(heard.shards) == {LAION, DOWNLOADED}
    assert heard.closed == 1


def test_shards_in_a_folder_called_scan_keep_their_evidence(world, tmp_path: Path) -> None:
    for name in ("scan/a.parquet", "a.parquet", "quarantine/a.parquet"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(PLAIN, tmp_path / "in" / name)
    filter_dataset(tmp_path / "in", tmp_path / "out", snapshot=world.snapshot)
    left = {path.name for path in (tmp_path / "out.optout/scan").iterdir()}
    assert left == {"a.parquet.json", "a.parquet.dv", "a.parquet.matches.parquet"}
    again = filter_dataset(tmp_path / "in", tmp_path / "out", snapshot=world.snapshot)
    assert again.skipped == again.shards == 3
