"""How plans, runs and audits are told."""

from __future__ import annotations

import pytest
from optout.api.cli import reports
from optout.api.cli.console import Console
from optout.filter import Policy, RunReport, ShardOutcome, VerifyReport
from optout.filter.columns import DetectedColumn
from optout.filter.run import FailedShard, Held, Inspection
from optout.filter.run.inspect import Reach
from optout.filter.verify.report import Check, Fault


@pytest.fixture
def console() -> Console:
    return Console()


def outcome(name: str, rows: int, dropped: int = 0, quarantined: int = 0) -> ShardOutcome:
    kept = rows - dropped - quarantined
    return ShardOutcome(name, rows, kept, dropped, quarantined, {"image": dropped, "url": 0})


def test_the_table_is_short_and_aligned(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.show_shards(console, RunReport([outcome("a.parquet", 2000, 12), outcome("b", 5, 0, 1)]))
    assert capsys.readouterr().out.splitlines() == [
        "  shard         in  dropped  quarantined  why",
        "  a.parquet  2,000       12            0  image 12",
        "  b              5        0            1",
        "  all        2,005       12            1  image 12",
    ]


def test_one_shard_needs_no_total(console: Console, capsys: pytest.CaptureFixture[str]) -> None:
    reports.show_shards(console, RunReport([outcome("a", 5, 1)]))
    assert "all" not in capsys.readouterr().out


def test_of_thousands_of_shards_those_that_lost_most_are_shown(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [outcome(f"{number:05d}.parquet", 1000, number % 100) for number in range(3000)]
    reports.show_shards(console, RunReport(shards))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == reports.SHARDS_SHOWN + 3
    assert "  00099.parquet       1,000       99            0  image 99" in lines
    assert "  and 2,980 more" in lines
    assert lines[-1].split()[:3] == ["all", "3,000,000", "148,500"]


def test_a_shard_that_lost_nothing_is_not_among_the_few(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [outcome(f"{number:05d}", 10, int(number == 77)) for number in range(100)]
    reports.show_shards(console, RunReport(shards))
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        *("shard", "00077", "and", "all")
    ]


def test_held_entries_failures_and_quarantine_come_with_what_to_do(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    report = RunReport(
        [outcome("a", 10_000, 0, 2)],
        held=[Held(7, "site", "self", 1500, 0.15)],
        failed=[FailedShard("b", "b is cut short", "Fetch it again.")],
        seconds=1.25,
    )
    reports.show_run(console, report, "clean")
    out = capsys.readouterr().out
    assert "2 rows could not be judged: put aside in clean.optout/quarantine/" in out
    assert "held: entry 7 (site, grade self) would drop 1,500 rows, 15.0% of the corpus" in out
    assert "--obey 7" in out
    assert "failed: b is cut short\n        Fetch it again." in out


def test_a_dry_run_says_that_nothing_was_written(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.show_run(console, RunReport([outcome("a", 10, 1, 2)], dry_run=True), "clean")
    out = capsys.readouterr().out
    assert "2 rows could not be judged: would be put aside in clean.optout/quarantine/" in out
    assert "7 of 10 rows would be kept" in out


def inspection(*columns: DetectedColumn) -> Inspection:
    return Inspection(1, 10, columns, [Reach("url", ["URL"], None, "through URL")], ["c is cut"])


URL = DetectedColumn("URL", "string", "url", "10 of 10 sampled values are addresses")
TEXT = DetectedColumn("TEXT", "string", None, "neither addresses, digests nor pictures")


def test_the_plan_shows_roles_and_what_the_operator_said(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    said = DetectedColumn("TEXT", "string", "url", "said by the operator")
    reports.show_plan(
        console,
        [URL, said],
        Policy(min_grade={"site": "self"}, radius=16),
        {"url": ["TEXT"]},
        ["thumb"],
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split() for line in err.splitlines()] == [
        ["columns", "URL", "url"],
        ["TEXT", "url", "as", "you", "said"],
        ["thumb", "not", "looked", "at,", "as", "you", "said"],
        ["policy", "min", "grade", "site=self;", "radius", "16"],
    ]


def test_a_column_that_plays_two_parts_is_shown_with_both(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [DetectedColumn("meta{}*", "json", role, "rare") for role in ("url", "work")]
    reports.show_plan(console, parts, Policy(), {}, [])
    assert capsys.readouterr().err.splitlines()[0].split() == ["columns", "meta{}*", "url,", "work"]


def test_that_no_radius_changes_how_far_a_pdq_reaches_is_said_where_it_is_compared(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = DetectedColumn("hash", "string", "pdq256", "PDQ hashes of pictures")
    narrow = Policy(radius=8)
    reports.show_plan(console, [URL, listed], narrow, {}, [])
    reports.show_plan(console, [URL], narrow, {}, [], pdq_alone=True)
    reports.show_plan(console, [URL], Policy(), {}, [], pdq_alone=True)
    reports.show_plan(console, [URL], narrow, {}, [])
    told = [line for line in capsys.readouterr().err.splitlines() if "policy" in line]
    assert [line.split(maxsplit=1)[1].partition(";")[0] for line in told] == [
        "radius 8 (31 in PDQ)",
        "radius 8 (31 in PDQ)",
        "the usual: pictures within 30 of 256 bits (31 in PDQ)",
        "radius 8",
    ]


def test_the_usual_policy_has_no_differences() -> None:
    assert reports.policy_differences(Policy()) == ""
    assert reports.policy_differences(Policy(obey=frozenset({3, 1}))) == "obey 1, 3"
    assert reports.policy_differences(Policy(kinds=frozenset({"url"}))) == "kinds url"


def test_an_inspection_names_columns_reach_and_what_cannot_be_read(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    reports.show_inspection(console, inspection(URL, TEXT))
    out = capsys.readouterr().out
    assert "1 shard, 10 rows" in out
    assert "  URL     string  url   10 of 10 sampled values are addresses" in out
    assert "  TEXT    string  -     neither" in out
    assert "  url   through URL" in out
    assert "cannot be read: c is cut" in out


def test_an_audit_ends_in_ok_or_in_its_faults(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = Check("rows", True, "all of them")
    reports.show_checks(console, VerifyReport([fine], []))
    assert capsys.readouterr().out == "  ok  rows  all of them\nverify: ok\n"
    broken = Check("matches", False, "1 fault: …")
    fault = Fault("laion.parquet row 1432: entry 17 (image, distance 4)")
    reports.show_checks(console, VerifyReport([fine, broken], [fault]))
    assert capsys.readouterr().out.splitlines()[2:] == [
        "FAULT laion.parquet row 1432: entry 17 (image, distance 4)",
        "verify: 1 fault",
    ]


def test_rows_that_should_have_gone_are_named_before_the_files_they_stand_in(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Fault("out/a.parquet is not the file that the manifest names", shard="a.parquet")
    row = Fault("a.parquet row 3: entry 1 (site)", shard="a.parquet", row=3, entry=1)
    reports.show_faults(console, VerifyReport([Check("rows", False, "")], [file, row]))
    assert capsys.readouterr().out.splitlines()[:2] == [f"FAULT {row}", f"FAULT {file}"]
