"""Whatever can be matched must have been looked at, whoever decided otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.verify import Fault
from optout.registry.log import SigningKey

from .conftest import HARBOUR, Run, detail, failed, told
from .forging import Forger


def test_a_column_that_the_operator_left_out_is_a_fault(filtered: Callable[..., Run]) -> None:
    report = filtered(exclude=["jpg"]).verify()
    assert "jpg holds pictures (19 of 19 values), and the operator left it out" in told(report)
    assert "deep/pictures.parquet row 2: entry 2 (image, distance 0)" in told(report)
    assert "left out by the operator: jpg" in detail(report, "plan")
    assert failed(report) == {"columns", "rows"}


def test_a_column_that_the_plan_passes_over_is_a_fault(run: Run, operator: SigningKey) -> None:
    forger = Forger(run, operator)
    forger.plan(columns=[])
    report = forger.seal().verify(inputs=False)
    words = "URL holds addresses (296 of 296 values), and the run did not look"
    assert Fault(words, leaf="URL") in report.faults


def nested(tmp_path: Path) -> Path:
    table = pa.table(
        {
            "url": ["https://images.example/1", "https://images.example/2"],
            "found": [[{"src": HARBOUR}], []],
            "meta": ['{"src": "https://anna.example/harbour.jpg"}', "{}"],
        }
    )
    pq.write_table(table, tmp_path / "nested.parquet")
    return tmp_path / "nested.parquet"


def test_leaves_inside_lists_and_json_are_looked_at(
    filtered: Callable[..., Run], tmp_path: Path
) -> None:
    report = filtered(inputs=nested(tmp_path)).verify()
    assert told(report) == []
    assert "1 dropped" in detail(report, "records")


@pytest.mark.parametrize("left_out", ["found[].src", "meta{}.src"])
def test_a_leaf_inside_that_was_passed_over_is_a_fault(
    left_out: str, filtered: Callable[..., Run], tmp_path: Path
) -> None:
    table = pa.table({"url": ["https://images.example/1"]})
    inside = {"found": [[{"src": HARBOUR}]], "meta": [f'{{"src": "{HARBOUR}"}}']}
    column = left_out.split("[")[0].split("{")[0]
    table = table.append_column(column, pa.array(inside[column]))
    pq.write_table(table, tmp_path / "x.parquet")
    report = filtered(inputs=tmp_path / "x.parquet", exclude=[left_out]).verify()
    fault = next(fault for fault in report.faults if fault.entry == 0)
    assert (fault.text, fault.leaf) == ("x.parquet row 0: entry 0 (url)", left_out)
    assert f"{left_out} holds addresses (1 of 1 value), and the operator left it out" in told(
        report
    )


def test_broken_json_that_was_planned_is_put_aside(
    filtered: Callable[..., Run], tmp_path: Path
) -> None:
    documents = ['{"src": "https://a.example"}'] * 3 + ['{"src": ', "", None]
    pq.write_table(pa.table({"meta": documents}), tmp_path / "x.parquet")
    run = filtered(inputs=tmp_path / "x.parquet")
    report = run.verify()
    assert told(report) == []
    assert "1 put aside" in detail(report, "records")
    pq.write_table(pq.read_table(run.corpus), run.out / "x.parquet")
    assert "x.parquet row 3: meta{}.src cannot be judged as url, and the row stayed" in told(
        run.verify(inputs=False)
    )


def test_what_may_be_something_is_said_and_is_no_fault(
    filtered: Callable[..., Run], tmp_path: Path
) -> None:
    table = pa.table(
        {
            "url": ["https://a.example/1"],
            "uid": ["ab" * 16],
            "caption": ["a red boat in the harbour of Anna"],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    report = filtered(inputs=tmp_path / "x.parquet", exclude=["caption"]).verify()
    assert told(report) == []
    assert (
        "not looked at, though it may be something (values alone cannot tell): "
        "caption (passages), uid (MD5 digests)" in detail(report, "columns")
    )


SCHEMAS = {
    "DataComp": {"uid": ["ab" * 16], "url": ["https://a.example"], "sha256": ["cd" * 32]},
    "COYO": {"url": ["https://a.example"], "text": ["a boat"], "image_phash": ["ab" * 8]},
    "PD12M": {"url": ["https://a.example"], "s3_key": ["a/b.jpg"], "hash": ["ab" * 16]},
    "WAON": {
        "url": ["https://a.example"],
        "page_url": ["https://a.example"],
        "sha256": ["ab" * 32],
        "phash": ["ab" * 32],
    },
    "OBELICS": {
        "images": [["https://a.example", None]],
        "texts": [[None, "a passage that is long enough to be one"]],
        "metadata": ['[{"src": "https://a.example", "document_url": "https://b.example"}, null]'],
        "general_metadata": ['{"url": "https://b.example", "warc_filename": "x"}'],
    },
    "RedPajama": {
        "raw_content": ["a passage that is long enough to be one"],
        "doc_id": ["2023/x"],
        "meta": ['{"url": "https://a.example", "digest": "sha1:XYZ"}'],
    },
    "The Stack": {
        "hexsha": ["ab" * 20],
        "max_stars_repo_name": ["anna/garden"],
        "max_stars_repo_path": ["src/main.py"],
        "content": ["print('a passage that is long enough')"],
    },
    "Hugging Face": {"image": [{"bytes": b"\x89PNG\r\n\x1a\n", "path": "https://a.example"}]},
    "works": {"doi": ["10.1000/182"], "isbn": ["978-3-16-148410-0"], "arxiv_id": ["2101.00001"]},
    "people": {"flickr_user": ["anna"], "image_md5": ["ab" * 16], "pdq": ["ab" * 32]},
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_what_an_audit_is_sure_of_a_run_looks_at(
    schema: str, filtered: Callable[..., Run], tmp_path: Path
) -> None:
    pq.write_table(pa.table(SCHEMAS[schema]), tmp_path / "x.parquet")
    report = filtered(inputs=tmp_path / "x.parquet").verify()
    assert [text for text in told(report) if "the run did not look" in text] == []


def test_a_column_that_only_the_operator_knows_is_judged_too(
    filtered: Callable[..., Run], tmp_path: Path
) -> None:
    text = ["seen today", "nothing", "at all", HARBOUR]
    pq.write_table(pa.table({"url": [HARBOUR[:-3] + "png"] * 4, "t": text}), tmp_path / "x.parquet")
    run = filtered(inputs=tmp_path / "x.parquet", columns={"url": ["t"]})
    report = run.verify()
    assert told(report) == []
    assert "judged too, because the plan says so: t" in detail(report, "columns")
    pq.write_table(pq.read_table(run.corpus), run.out / "x.parquet")
    assert "x.parquet row 3: entry 0 (url)" in told(run.verify(inputs=False))


@pytest.mark.parametrize("broken", [b"\xff\xfe", b"x" * 5])
def test_text_that_is_no_text_is_judged_as_the_run_judged_it(
    broken: bytes, filtered: Callable[..., Run], tmp_path: Path
) -> None:
    urls = pa.array([b"https://a.example/1", b"https://a.example/2", broken], pa.binary())
    pq.write_table(pa.table({"url": urls}), tmp_path / "x.parquet")
    report = filtered(inputs=tmp_path / "x.parquet").verify()
    assert told(report) == []
    aside = int(broken[0] == 0xFF)
    assert f"0 dropped, {aside} put aside" in detail(report, "records")
