"""An operator whose papers all fit each other is found out by the rows themselves."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
from optout.filter.evidence import FileDigest
from optout.filter.parquet import encode_vector, rewrite
from optout.registry.log import SigningKey
from pyroaring import BitMap64

from .conftest import FILE, HOST, URL, Run, failed, told
from .forging import Forger

LINKS, PICTURES = "links.parquet", "deep/pictures.parquet"


@pytest.fixture
def forger(run: Run, operator: SigningKey) -> Forger:
    return Forger(run, operator)


def match(row: int, entry: int, kind: str, leaf: str, verdict: str = "drop") -> dict:
    return {
        "row": row,
        "verdict": verdict,
        "kind": kind,
        "entry": entry,
        "leaf": leaf,
        "distance": None,
    }


NO_ENTRY = {**match(0, 0, "url", "URL", "quarantine"), "entry": None, "kind": None}


def test_forging_alone_leaves_no_trace(forger: Forger) -> None:
    forger.shard(LINKS, forger.matches(LINKS))
    assert told(forger.seal().verify()) == []


def test_a_row_that_was_never_dropped_is_found(forger: Forger) -> None:
    forger.shard(LINKS, [m for m in forger.matches(LINKS) if m["row"] != 7])
    run = forger.seal()
    for report in (run.verify(), run.verify(inputs=False)):
        assert told(report) == ["links.parquet row 7: entry 0 (url)"]
        assert failed(report) == {"rows"}


def test_a_row_that_need_not_have_gone_is_found_with_the_inputs(forger: Forger) -> None:
    forger.shard(LINKS, [*forger.matches(LINKS), match(20, URL, "url", "URL")])
    run = forger.seal()
    assert run.verify(inputs=False).ok
    assert told(run.verify()) == [
        "links.parquet row 20 of the input went for entry 0 (url), which its URL does not meet so"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"entry": HOST, "kind": "site"}, "entry 1 (site), which its URL does not meet so"),
        ({"leaf": "TEXT"}, "entry 0 (url), which its TEXT does not meet so"),
        ({"kind": "site"}, "entry 0 (site), which its URL does not meet so"),
        ({"distance": 3}, "entry 0 (url, distance 3), which its URL does not meet so"),
        ({"entry": 77}, "entry 77 (url), which its URL does not meet so"),
    ],
)
def test_a_wrong_reason_is_found(change: dict, words: str, forger: Forger) -> None:
    matches = [m | change if m["row"] == 7 else m for m in forger.matches(LINKS)]
    forger.shard(LINKS, matches)
    report = forger.seal().verify()
    assert f"links.parquet row 7 of the input went for {words}" in told(report)
    assert "drops" in failed(report)


def test_a_reason_that_is_left_out_is_found(forger: Forger) -> None:
    matches = forger.matches(LINKS)
    matches = [m | {"entry": HOST, "kind": "site"} if m["row"] == 7 else m for m in matches]
    forger.shard(LINKS, matches)
    words = "links.parquet row 7 of the input meets entry 0 (url), and the matches do not say so"
    assert words in told(forger.seal().verify())


def test_a_row_put_aside_for_nothing_is_found(forger: Forger) -> None:
    forger.shard(LINKS, [*forger.matches(LINKS), NO_ENTRY | {"row": 3}])
    report = forger.seal().verify()
    assert "links.parquet row 3 of the input went, and its URL can be judged" in told(report)
    assert "out.optout/quarantine/links.parquet is missing" in told(report)


def test_a_registered_picture_must_not_hide_in_the_quarantine(forger: Forger, run: Run) -> None:
    aside = [m for m in forger.matches(PICTURES) if m["verdict"] == "quarantine"]
    kept = [m for m in forger.matches(PICTURES) if m["entry"] != FILE]
    forger.shard(PICTURES, [*kept, {**aside[0], "row": 11}])
    with (run.evidence / "quarantine" / PICTURES).open("wb") as stream:
        others = [row for row in range(20) if row not in (5, 11)]
        report = rewrite(run.corpus / PICTURES, stream, others)
    digest = FileDigest(report.sha256, report.size)
    forger.put_record(replace(forger.record(PICTURES), quarantine=digest))
    report = forger.seal().verify(inputs=False)
    called = f"out.optout/quarantine/{PICTURES}"
    assert told(report) == [
        f"{called} row 1: entry 3 (file)",
        f"{called} row 1 can be judged, and was put aside",
    ]


def test_counts_that_do_not_add_up_are_found(forger: Forger) -> None:
    record = forger.record(LINKS)
    forger.put_record(replace(record, rows_in=301, rows_kept=297))
    assert told(forger.seal().verify(inputs=False)) == [
        "out/links.parquet has 296 rows, and its record says 297",
        "out.optout/decision.json counts 320 rows, and the records 321",
    ]


def test_kinds_that_do_not_add_up_are_found(forger: Forger) -> None:
    forger.put_record(replace(forger.record(LINKS), dropped_by_kind={"url": 4}))
    assert told(forger.seal().verify(inputs=False)) == [
        "out.optout/links.parquet.matches.parquet counts other kinds than the record"
    ]


def test_entries_that_do_not_add_up_are_found(forger: Forger) -> None:
    entries = {
        "0": {"kind": "url", "grade": "self", "rows": 3},
        "1": {"kind": "url", "grade": "domain", "rows": 2},
        "2": {"kind": "image", "grade": "self", "rows": 2},
    }
    forger.decide(entries=entries)
    assert told(forger.seal().verify(inputs=False)) == [
        "out.optout/decision.json counts 3 rows of entry 0, and the matches 2",
        "out.optout/decision.json calls entry 1 url",
        "out.optout/decision.json counts 0 rows of entry 3, and the matches 1",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shard": "other"}, "out.optout/links.parquet.json is of another shard, other"),
        ({"mode": "mask"}, "out.optout/links.parquet.json names no output"),
        ({"output": None}, "out.optout/links.parquet.json names no output"),
        (
            {"how": "copied"},
            "out.optout/links.parquet.json says that links.parquet was copied, and it was not",
        ),
        (
            {"rows_kept": 295, "rows_quarantined": 1},
            "out.optout/links.parquet.dv does not name 5 of 300 rows",
        ),
        (
            {"rows_dropped": 3, "rows_quarantined": 1},
            "out.optout/links.parquet.matches.parquet drops other rows than the record and the "
            "vector",
        ),
        (
            {"vector": FileDigest("0" * 64, 1)},
            "out.optout/links.parquet.dv is not the file that its record names",
        ),
        (
            {"quarantine": FileDigest("0" * 64, 1), "rows_dropped": 3, "rows_quarantined": 1},
            "out.optout/quarantine/links.parquet is missing",
        ),
    ],
    ids=str,
)
def test_a_record_that_says_something_else_is_found(
    changes: dict, words: str, forger: Forger, run: Run
) -> None:
    path = run.evidence / "links.parquet.json"
    path.write_bytes(replace(forger.record(LINKS), **changes).render())
    assert words in told(forger.seal().verify(inputs=False))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (match(3, URL, "url", "URL", "quarantine"), "puts rows aside for an entry"),
        (NO_ENTRY | {"row": 3}, "puts aside other rows than the vector"),
        (match(3, URL, "url", "URL"), "drops other rows than the record and the vector"),
        (match(3, URL, "url", "URL", "held"), "and the decision hold different entries"),
        (match(300, URL, "url", "URL", "held"), "names rows that the input has not"),
        (match(-1, URL, "url", "URL", "held"), "names rows that the input has not"),
    ],
    ids=["an entry", "aside", "dropped", "held", "too far", "before all"],
)
def test_matches_that_say_something_else_are_found(more: dict, words: str, forger: Forger) -> None:
    forger.put_matches(LINKS, [*forger.matches(LINKS), more])
    words = f"out.optout/links.parquet.matches.parquet {words}"
    assert words in told(forger.seal().verify(inputs=False))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "sound"}, "has an unknown kind sound"),
        ({"kind": None}, "has a match without entry, kind or leaf"),
        ({"entry": None}, "has a match without entry, kind or leaf"),
        ({"leaf": None}, "has a match without entry, kind or leaf"),
    ],
    ids=str,
)
def test_a_match_that_is_none_is_found(change: dict, words: str, forger: Forger) -> None:
    forger.put_matches(LINKS, [m | change for m in forger.matches(LINKS)])
    words = f"out.optout/links.parquet.matches.parquet {words}"
    assert words in told(forger.seal().verify(inputs=False))


def test_a_quarantine_that_no_record_names_is_found(forger: Forger, run: Run) -> None:
    aside = run.evidence / "quarantine" / LINKS
    aside.write_bytes((run.out / LINKS).read_bytes())
    assert (
        "out.optout/quarantine/links.parquet is there, and out.optout/links.parquet.json names none"
        in told(forger.seal().verify(inputs=False))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"rows_kept": 296.0},
        {"plan": None},
        {"vector": FileDigest(7, 1)},  # type: ignore[arg-type]
        {"matches": FileDigest("0" * 63, 1)},
        {"dropped_by_kind": ["url"]},
        {"dropped_by_kind": {"url": "four"}},
        {"source": 17},
    ],
    ids=str,
)
def test_a_record_whose_fields_are_of_another_type_is_named(
    changes: dict, run: Run, forger: Forger
) -> None:
    path = run.evidence / "links.parquet.json"
    record = forger.record(LINKS)
    body = {**{name: getattr(record, name) for name in record.__slots__}, **changes}
    forged = object.__new__(type(record))
    for name, value in body.items():
        object.__setattr__(forged, name, value)
    path.write_bytes(forged.render())
    assert "out.optout/links.parquet.json has not the fields of a record" in told(
        run.verify(inputs=False)
    )


def test_a_plan_of_another_run_is_found(forger: Forger, run: Run) -> None:
    forger.plan(versions={})
    assert told(run.verify(inputs=False)) == [
        "out.optout/decision.json is not the file that the manifest names",
        "out.optout/plan.json is not the file that the manifest names",
        "out.optout/deep/pictures.parquet.json was made under another plan.json",
        "out.optout/deep/pictures.parquet.json was made under another decision.json",
        "out.optout/links.parquet.json was made under another plan.json",
        "out.optout/links.parquet.json was made under another decision.json",
    ]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"origin": "other"}, "manifest.json and plan.json differ in the registry"),
        ({"policy": {}}, "manifest.json and plan.json differ in the policy"),
        ({"snapshot_sha256": "0" * 64}, "manifest.json and plan.json name different snapshots"),
        ({"checkpoint": "nothing"}, "the checkpoint in manifest.json: "),
    ],
    ids=str,
)
def test_a_manifest_that_says_something_else_than_the_plan_is_found(
    facts: dict, words: str, forger: Forger
) -> None:
    report = forger.seal(**facts).verify(inputs=False)
    assert failed(report) == {"plan"}
    assert told(report)[0].startswith(words)


def test_a_vector_that_stands_for_more_rows_than_a_machine_holds_is_refused(
    forger: Forger, run: Run
) -> None:
    bomb = BitMap64()
    bomb.add_range(0, 1 << 32)
    bomb.run_optimize()
    body = bytes.fromhex("d1d33964") + bomb.serialize()
    data = struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))
    assert encode_vector([0])[4:8] == data[4:8]
    (run.evidence / "links.parquet.dv").write_bytes(data)
    record = replace(forger.record(LINKS), vector=FileDigest.of(data))
    forger.put_record(record)
    assert "out.optout/links.parquet.dv names more rows than the shard had" in told(
        forger.seal().verify(inputs=False)
    )


def test_a_record_without_the_digest_of_its_input_is_found(forger: Forger) -> None:
    record = forger.record(LINKS)
    forger.put_record(replace(record, source=replace(record.source, sha256=None)))
    assert told(forger.seal().verify(inputs=False)) == [
        f"out.optout/{LINKS}.json names no digest of its input"
    ]


def test_an_input_of_another_digest_is_found_though_its_footer_is_the_same(
    forger: Forger, run: Run
) -> None:
    record = forger.record(LINKS)
    forger.put_record(replace(record, source=replace(record.source, sha256="0" * 64)))
    assert told(forger.seal().verify()) == [
        f"{run.corpus / LINKS} is not the file that {LINKS} was made from"
    ]
