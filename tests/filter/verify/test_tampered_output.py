"""Whatever is done to a clean shard is found, and named: shard, row, column, entry."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter import verify_dataset
from optout.filter.verify import Fault

from .conftest import (
    HARBOUR,
    IMAGE,
    MINUS_ZERO,
    NAN,
    OTHER_NAN,
    URL,
    Run,
    detail,
    failed,
    links,
    told,
)

LINKS = "links.parquet"
PICTURES = "deep/pictures.parquet"


def change(run: Run, how: Callable[[pa.Table], pa.Table], shard: str = LINKS) -> None:
    """Write a clean shard again, changed."""
    path = run.out / shard
    pq.write_table(how(pq.read_table(path)), path)


def put_back(run: Run, shard: str, row: int, at: int) -> None:
    taken = pq.read_table(run.corpus / shard).slice(row, 1)
    change(run, lambda kept: pa.concat_tables([kept[:at], taken, kept[at:]]), shard)


def test_a_row_that_was_put_back_is_named_with_its_entry(run: Run) -> None:
    put_back(run, LINKS, 7, at=7)
    for report in (run.verify(), run.verify(inputs=False), run.verify(sample=0)):
        fault = Fault("links.parquet row 7: entry 0 (url)", LINKS, 7, URL, "url", None, "URL")
        assert fault in report.faults
        assert {"manifest", "rows"} <= failed(report)
        assert report.faults[0] == fault, "what the audit is for stands first"
    assert "out/links.parquet is not the file that the manifest names" in told(report)


def test_a_picture_that_was_put_back_is_named_with_its_distance(run: Run) -> None:
    put_back(run, PICTURES, 2, at=0)
    text = f"{PICTURES} row 0: entry 2 (image, distance 0)"
    assert Fault(text, PICTURES, 0, IMAGE, "image", 0, "jpg") in run.verify(inputs=False).faults


def test_a_copy_that_was_encoded_anew_is_named_with_its_distance(
    run: Run, encoded: Callable, photograph: Callable
) -> None:
    copy = encoded(photograph(1).resize((120, 90)), quality=40)

    def smuggle(kept: pa.Table) -> pa.Table:
        changed = kept["jpg"].to_pylist()
        changed[4] = copy
        return kept.set_column(1, "jpg", pa.array(changed, pa.binary()))

    change(run, smuggle, PICTURES)
    found = [f for f in run.verify(inputs=False).faults if f.entry == IMAGE]
    assert [(f.shard, f.row, f.kind) for f in found] == [(PICTURES, 4, "image")]
    assert found[0].text == f"{PICTURES} row 4: entry 2 (image, distance {found[0].distance})"
    assert 0 < (found[0].distance or 0) <= 30


def test_the_comparison_names_the_row_of_both(run: Run) -> None:
    put_back(run, LINKS, 7, at=7)
    report = run.verify()
    assert "links.parquet row 7: URL is not that of row 8 of the input" in told(report)
    assert "inputs" in failed(report)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (
            lambda kept: pa.concat_tables([kept, kept[:1]]),
            "links.parquet goes on at row 296, where its input ends",
        ),
        (
            lambda kept: kept[:-1],
            "links.parquet lacks row 298 of the input: it ends before",
        ),
        (
            lambda kept: pa.concat_tables([kept[:10], kept[11:]]),
            "links.parquet row 10: URL is not that of row 11 of the input",
        ),
        (
            lambda kept: kept.take([1, 0, *range(2, 296)]),
            "links.parquet row 0: URL is not that of row 0 of the input",
        ),
        (
            lambda kept: kept.set_column(1, "TEXT", pa.array(["x"] * 296)),
            "links.parquet row 0: TEXT is not that of row 0 of the input",
        ),
    ],
    ids=["too many", "missing at the end", "missing inside", "reordered", "changed"],
)
def test_other_rows_than_the_input_s_are_found(run: Run, how: Callable, words: str) -> None:
    change(run, how)
    assert words in told(run.verify())


@pytest.mark.parametrize(
    ("row", "value"), [(3, OTHER_NAN), (4, NAN), (5, 0.0)], ids=["NaN", "NaN back", "minus zero"]
)
def test_a_changed_bit_is_found_where_values_are_equal(run: Run, row: int, value: float) -> None:
    def flip(kept: pa.Table) -> pa.Table:
        scores = kept["score"].to_numpy().copy()
        assert scores.view("u8")[5] == MINUS_ZERO.view("u8")
        scores[row] = value
        return kept.set_column(2, "score", pa.array(scores))

    change(run, flip)
    words = f"links.parquet row {row}: score is not that of row {row} of the input"
    assert words in told(run.verify())


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (
            lambda kept: kept.set_column(2, "score", kept["score"].cast(pa.float32())),
            "links.parquet has score as float, its input as double",
        ),
        (
            lambda kept: kept.drop_columns("score"),
            "links.parquet has the columns URL, TEXT, tags, its input URL, TEXT, score, tags",
        ),
        (
            lambda kept: kept.replace_schema_metadata({"made by": "another"}),
            "links.parquet has other metadata than its input",
        ),
        (
            lambda kept: kept.cast(
                kept.schema.set(0, kept.schema.field(0).with_metadata({"a": "b"}))
            ),
            "links.parquet has other metadata of URL than its input",
        ),
    ],
    ids=["type", "column", "metadata", "metadata of a column"],
)
def test_another_schema_is_found(run: Run, how: Callable, words: str) -> None:
    change(run, how)
    assert words in told(run.verify())


def test_a_row_that_cannot_be_judged_must_not_stay(run: Run) -> None:
    put_back(run, PICTURES, 5, at=4)
    words = f"{PICTURES} row 4: jpg cannot be judged as image, and the row stayed"
    assert words in told(run.verify(inputs=False))


def test_a_row_that_was_put_aside_must_be_beyond_judging(run: Run) -> None:
    aside = run.evidence / "quarantine" / PICTURES
    change(run, lambda kept: kept, PICTURES)
    pq.write_table(pq.read_table(run.corpus / PICTURES)[:1], aside)
    report = run.verify()
    called = f"out.optout/quarantine/{PICTURES}"
    assert f"{called} row 0 can be judged, and was put aside" in told(report)
    assert f"{called} row 0: url is not that of row 5 of the input" in told(report)


def test_a_missing_shard_is_found(run: Run) -> None:
    (run.out / LINKS).unlink()
    found = told(run.verify(inputs=False))
    assert "out/links.parquet is missing" in found
    assert "links.parquet was planned and is not in the output" in found


def test_a_shard_too_many_is_found_and_judged(run: Run) -> None:
    pq.write_table(links(), run.out / "more.parquet")
    found = told(run.verify(inputs=False))
    assert "out/more.parquet is not in the manifest" in found
    assert "more.parquet is in the output and was not planned" in found
    assert "out.optout/more.parquet.json is missing" in found
    assert "more.parquet row 7: entry 0 (url)" in found


@pytest.mark.parametrize("name", ["notes.txt", ".optout-half-written", "deep/.hidden.parquet"])
def test_another_file_in_out_is_found(run: Run, name: str) -> None:
    (run.out / name).write_bytes(b"something else")
    report = run.verify(inputs=False)
    assert f"out/{name} is not in the manifest" in told(report)
    assert "columns" in failed(report), "what cannot be read cannot be judged"


def test_links_and_devices_in_out_are_found(run: Run, tmp_path: Path) -> None:
    (run.out / LINKS).rename(tmp_path / LINKS)
    (run.out / LINKS).symlink_to(tmp_path / LINKS)
    os.mkfifo(run.out / "pipe")
    found = told(run.verify(inputs=False))
    assert "out/links.parquet is a link" in found
    assert "out/pipe is not a file" in found


def test_an_empty_out_is_found(run: Run) -> None:
    for shard in (LINKS, PICTURES):
        (run.out / shard).unlink()
    found = told(run.verify(inputs=False))
    assert "out holds no file" in found


@pytest.mark.parametrize("size", [0, 4, 100, -1])
def test_a_shard_that_is_cut_off_is_found(run: Run, size: int) -> None:
    path = run.out / LINKS
    path.write_bytes(path.read_bytes()[:size])
    report = run.verify()
    assert any(LINKS in text for text in told(report))
    assert {"manifest", "columns"} <= failed(report)


def test_an_input_that_nothing_was_made_from_is_found(run: Run, tmp_path: Path) -> None:
    more = tmp_path / "more.parquet"
    pq.write_table(links(), more, row_group_size=7)
    report = verify_dataset(run.out, snapshot=run.snapshot, inputs=[run.corpus, more])
    assert told(report) == [f"no shard was made from the input {more}"]


def test_an_input_that_is_missing_or_another_is_found(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "corpus"
    (other / "deep").mkdir(parents=True)
    pq.write_table(links(320), other / LINKS)
    run.corpus = other
    assert told(run.verify()) == [
        f"the input that {PICTURES} was made from is not among those given",
        f"{other / LINKS} is not the file that {LINKS} was made from",
    ]


def test_a_name_that_would_forge_the_report_is_made_harmless(run: Run) -> None:
    (run.out / f"a\nFAULT {HARBOUR.replace('/', '_')}").write_bytes(b"")
    report = run.verify(inputs=False)
    assert not any("\n" in text for text in told(report))
    assert "\n" not in detail(report, "manifest")
