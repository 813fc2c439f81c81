"""A report says what was looked at, and counts what it does not list."""

from __future__ import annotations

from optout.filter.verify import Check, Fault, VerifyReport
from optout.filter.verify.report import MAX_FAULTS, Finding


def test_a_check_without_a_fault_holds() -> None:
    finding = Finding("rows")
    finding.say("3 shards, 10 rows")
    assert finding.check() == Check("rows", True, "3 shards, 10 rows")


def test_a_fault_stands_first_in_the_detail() -> None:
    finding = Finding("rows")
    finding.say("3 shards")
    finding.fault("a.parquet has no rows", shard="a.parquet")
    assert finding.check() == Check("rows", False, "1 fault: a.parquet has no rows; 3 shards")
    assert finding.faults == [Fault("a.parquet has no rows", shard="a.parquet")]


def test_faults_beyond_what_is_kept_are_counted() -> None:
    finding = Finding("matches")
    for row in range(MAX_FAULTS + 5):
        finding.fault(f"row {row}")
    assert len(finding.faults) == MAX_FAULTS + 1
    assert finding.faults[-1].text == "matches: 5 further faults"
    assert finding.check().detail.startswith("1005 faults, the first: row 0")


def test_a_report_is_one_document() -> None:
    report = VerifyReport([Check("rows", True, "")], [Fault("x", row=3)], seed=7, sample=10)
    document = report.to_dict()
    assert document["ok"] is True
    assert document["checks"] == [{"name": "rows", "ok": True, "detail": ""}]
    assert document["faults"][0]["row"] == 3
    assert (document["seed"], document["sample"]) == (7, 10)
    assert not VerifyReport([Check("rows", False, "")], []).ok


def test_a_name_cannot_forge_a_line_of_the_report() -> None:
    finding = Finding("evidence")
    finding.fault("OUT/a\nFAULT b\x1b[2J\udcff\u202e is a link")
    assert finding.faults[0].text == "OUT/a\\nFAULT b\\x1b[2J\\udcff\\u202e is a link"
