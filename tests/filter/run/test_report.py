"""What a run says when it is over adds up."""

from __future__ import annotations

import json

from optout.filter.run import FailedShard, Held, RunReport, ShardOutcome

REPORT = RunReport(
    [
        ShardOutcome("a", 10, 6, 3, 1, {"url": 2, "image": 1}, "spliced"),
        ShardOutcome("b", 5, 5, 0, 0, {}, "copied", skipped=True),
        ShardOutcome("c", 5, 3, 2, 0, {"url": 2}, "rewritten"),
    ],
    [Held(7, "site", "self", 1500, 0.5)],
    [FailedShard("d", "d is cut off", "Fetch it again.")],
    1.23456,
)


def test_sums_are_over_all_finished_shards() -> None:
    assert (REPORT.shards, REPORT.skipped) == (3, 1)
    assert (REPORT.rows_in, REPORT.rows_kept) == (20, 14)
    assert (REPORT.rows_dropped, REPORT.rows_quarantined) == (5, 1)
    assert REPORT.dropped_by_kind == {"image": 1, "url": 4}


def test_the_document_has_the_names_that_others_script_against() -> None:
    document = json.loads(json.dumps(REPORT.to_dict()))
    assert document.keys() >= {
        *("shards", "rows_in", "rows_kept", "rows_dropped", "rows_quarantined"),
        *("dropped_by_kind", "held", "seconds"),
    }
    assert document["seconds"] == 1.235
    assert document["held"] == [
        {"entry": 7, "kind": "site", "grade": "self", "rows": 1500, "share": 0.5}
    ]
    assert document["failed"][0]["advice"] == "Fetch it again."
    assert [shard["shard"] for shard in document["by_shard"]] == ["a", "b", "c"]


def test_an_empty_report_is_all_zero() -> None:
    empty = RunReport([])
    assert (empty.rows_in, empty.rows_dropped, empty.dropped_by_kind) == (0, 0, {})
