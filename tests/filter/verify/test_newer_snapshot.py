"""A run is held to what was in force when it took its snapshot, and to nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.registry.identifiers import Identifier
from optout.registry.log import SigningKey
from optout.registry.snapshot import Snapshot

from .conftest import HOST, IMAGE, LOG_KEY, URL, WEAK, Log, Run, detail, failed, told
from .forging import Forger, snapshot_facts

Later = Callable[..., Snapshot]


@pytest.fixture
def later(log: Log, tmp_path: Path) -> Later:
    """A snapshot of the same log after some more steps."""

    def take(*steps: Callable[[Log], object]) -> Snapshot:
        more = log.copy()
        for step in steps:
            step(more)
        return more.snapshot(tmp_path / "later")

    return take


def put_back(run: Run, row: int) -> None:
    """At the end of the shard, so that its row there is 296."""
    kept = pq.read_table(run.out / "links.parquet")
    taken = pq.read_table(run.corpus / "links.parquet").slice(row, 1)
    pq.write_table(pa.concat_tables([kept, taken]), run.out / "links.parquet")


@pytest.mark.parametrize("end", [Log.withdraw, Log.erase], ids=["withdrawn", "erased"])
def test_a_run_that_obeyed_is_in_order_after_entries_end(
    end: Callable, clean: Run, later: Later
) -> None:
    report = clean.verify(snapshot=later(lambda log: end(log, URL), lambda log: end(log, IMAGE)))
    assert told(report) == []
    said = detail(report, "snapshot")
    assert "newer than the one the run used, of the same log: 8 records against 6" in said
    assert "2 entries that the run knew withdrawn or erased since" in said
    assert "4 matches with entries that are gone since" in detail(report, "drops")


def test_entries_that_came_since_are_said_and_are_no_fault(clean: Run, later: Later) -> None:
    snapshot = later(
        lambda log: log.add(Identifier.site("host5.example")),
        lambda log: log.add(Identifier.url("https://images.example/7")),
    )
    report = clean.verify(snapshot=snapshot)
    assert told(report) == []
    assert "a run today would drop 19 rows more, for 2 entries in force only since" in detail(
        report, "rows"
    )


def test_a_claim_that_was_proved_since_is_no_fault(clean: Run, later: Later) -> None:
    report = clean.verify(snapshot=later(lambda log: log.grade(WEAK, "domain")))
    assert told(report) == []
    assert "a run today would drop 18 rows more, for 1 entry in force only since" in detail(
        report, "rows"
    )


def test_a_proof_that_ran_out_since_does_not_undo_the_duty(run: Run, later: Later) -> None:
    snapshot = later(lambda log: log.grade(HOST, "self"))
    assert told(run.verify(snapshot=snapshot)) == []
    put_back(run, 150)
    assert "links.parquet row 296: entry 1 (site)" in told(run.verify(snapshot=snapshot))


def test_a_row_that_had_to_go_then_is_found_by_a_newer_snapshot(run: Run, later: Later) -> None:
    put_back(run, 7)
    snapshot = later(lambda log: log.add(Identifier.site("host5.example")))
    assert "links.parquet row 296: entry 0 (url)" in told(run.verify(snapshot=snapshot))


def test_an_entry_that_is_gone_cannot_be_asked_for(run: Run, later: Later) -> None:
    put_back(run, 7)
    report = run.verify(inputs=False, snapshot=later(lambda log: log.erase(URL)))
    assert "rows" not in failed(report)


def test_an_entry_that_was_withdrawn_then_and_is_back_did_not_bind(
    log: Log, filtered: Callable[..., Run], tmp_path: Path
) -> None:
    without = log.copy()
    without.withdraw(HOST)
    run = filtered(at=without.snapshot(tmp_path / "then"))
    back = without.copy()
    back.restore(HOST)
    report = run.verify(snapshot=back.snapshot(tmp_path / "now"))
    assert told(report) == []
    assert "a run today would drop 2 rows more, for 1 entry" in detail(report, "rows")


def test_a_drop_for_an_entry_that_came_later_is_not_believed(
    filtered: Callable[..., Run], later: Later, snapshot: Snapshot, operator: SigningKey
) -> None:
    """A run with the newer snapshot that passes itself off as one with the older."""
    newer = later(lambda log: log.add(Identifier.url("https://host1.example/1.jpg")))
    forger = Forger(filtered(at=newer), operator)
    forger.plan(snapshot=snapshot_facts(snapshot))
    report = forger.seal(checkpoint=snapshot.checkpoint).verify(snapshot=newer)
    assert told(report) == [
        "links.parquet row 1 of the input went for entry 6 (url), which its URL does not meet so"
    ]


def test_an_older_snapshot_cannot_judge(
    log: Log, filtered: Callable[..., Run], later: Later, snapshot: Snapshot
) -> None:
    run = filtered(at=later(lambda log: log.add(Identifier.site("host5.example"))))
    report = run.verify(snapshot=snapshot)
    assert failed(report) == {"snapshot"}
    assert told(report) == ["the snapshot has 6 records, older than the 7 of the run"]
    assert {check.name for check in report.checks} & {"drops", "held"} == set()


def test_a_snapshot_of_another_log_cannot_judge(clean: Run, log: Log, tmp_path: Path) -> None:
    other = log.copy()
    other.origin = "other.example"
    key = SigningKey("other.example", bytes(32))
    report = clean.verify(snapshot=other.snapshot(tmp_path / "other", key))
    assert "the snapshot is of other.example, and the run obeyed registry.example" in told(report)
    assert {"snapshot", "plan"} <= failed(report)


def test_a_snapshot_by_another_key_is_found(clean: Run, log: Log, tmp_path: Path) -> None:
    key = SigningKey("registry.example", bytes(32))
    report = clean.verify(snapshot=log.snapshot(tmp_path / "other", key))
    assert (
        f"the run's snapshot was signed by {LOG_KEY.verifier}, this one by {key.verifier}"
        in told(report)
    )


def test_a_log_with_two_faces_is_found(clean: Run, log: Log, tmp_path: Path) -> None:
    for more in (0, 2):
        forked = Log(log.origin)
        for opening in log.openings.values():
            forked.add(opening.identifier(), "domain")
        for n in range(more):
            forked.add(Identifier.site(f"more{n}.example"))
        report = clean.verify(inputs=False, snapshot=forked.snapshot(tmp_path / str(more)))
        assert "snapshot" in failed(report)
        assert any("two faces" in text for text in told(report))


def test_a_snapshot_that_was_made_anew_is_as_good(
    clean: Run, log: Log, tmp_path: Path, snapshot: Snapshot
) -> None:
    again = log.snapshot(tmp_path / "again")
    assert again.root == snapshot.root
    assert clean.verify(snapshot=again).ok


def test_a_damaged_snapshot_ends_the_audit(clean: Run, log: Log, tmp_path: Path) -> None:
    snapshot = log.snapshot(tmp_path / "snapshot")
    leaves = snapshot.path / "audit" / "leaves.jsonl"
    changed = leaves.read_bytes().replace(b"reviewed", b"reviewer")
    leaves.write_bytes(changed)
    report = clean.verify(snapshot=snapshot)
    assert [check.name for check in report.checks] == ["snapshot"]
    assert "leaves.jsonl" in told(report)[0]
