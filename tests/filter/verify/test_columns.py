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


def test_a_leaf_inside_lists_and_structs_is_looked_at(
    filtered: Callable[..., Run], tmp_path: Path
) -> None:
    report = filtered(inputs=nested(tmp_path)).verify()
    fault = next(fault for fault in report.faults if fault.entry == 0)
    assert fault.text == "nested.parquet row 0: entry 0 (url)"
    assert fault.leaf == "found[].src"
    assert "found[].src holds addresses (1 of 1 value), and the run did not look" in told(report)


def test_addresses_inside_json_are_said(filtered: Callable[..., Run], tmp_path: Path) -> None:
    report = filtered(inputs=nested(tmp_path)).verify()
    assert "addresses inside JSON, which no version looks at yet: meta" in detail(report, "columns")


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
