"""Judging rows in memory: Arrow batches and Hugging Face datasets, the same in every process."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, Value
from optout.filter import Filter, NothingMatchable, Policy
from optout.filter.filter import VERDICT_TYPE
from optout.registry.errors import UsageError
from optout.registry.identifiers import Identifier
from optout.registry.snapshot import Snapshot

HIT, MISS = "http://www.anna.example:80/1", "https://other.example/"
KEEP = {"verdict": "keep", "kind": None, "entry": None, "leaf": None, "distance": None}
DROP = {"verdict": "drop", "kind": "site", "entry": 0, "leaf": "url", "distance": None}


@pytest.fixture(scope="module")
def picture(photograph: Callable, encoded: Callable) -> bytes:
    return encoded(photograph(1))


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, picture: bytes) -> Snapshot:
    return snapshot_of(
        (Identifier.site("anna.example"), "domain"),
        Identifier.image(picture),
        Identifier.file_sha256(hashlib.sha256(b"a file").hexdigest()),
        (Identifier.site("weak.example"), "self"),
    )


@pytest.fixture(scope="module")
def keep(snapshot: Snapshot) -> Filter:
    return Filter(snapshot)


def test_every_row_has_its_verdict_and_what_decided(
    keep: Filter, batch: Callable, picture: bytes
) -> None:
    verdicts = keep.judge(
        batch(
            url=[HIT, MISS, None, HIT, "https://weak.example/"],
            jpg=pa.array([None, picture, b"broken", b"broken", b""], pa.binary()),
        )
    )
    assert verdicts.to_pylist() == [
        DROP,
        {"verdict": "drop", "kind": "image", "entry": 1, "leaf": "jpg", "distance": 0},
        {**KEEP, "verdict": "quarantine", "leaf": "jpg"},
        DROP,
        KEEP,
    ]
    assert verdicts.type == VERDICT_TYPE


def test_a_batch_without_rows_has_no_verdicts(keep: Filter) -> None:
    empty = pa.record_batch({"url": pa.array([], pa.string())})
    assert keep.judge(empty).to_pylist() == []
    assert keep(pa.table({"url": pa.array([], pa.string())})) == []


def test_columns_may_be_said(snapshot: Snapshot, batch: Callable) -> None:
    rows = batch(where=[HIT, MISS], url=[MISS, HIT])
    only = Filter(snapshot, {"url": ["where"]})
    assert [v["verdict"] for v in only.judge(rows).to_pylist()] == ["drop", "keep"]
    assert [v["leaf"] for v in only.judge(rows).to_pylist()] == ["where", None]
    both = Filter(snapshot, {"url": ["where", "url"]})
    assert [v["verdict"] for v in both.judge(rows).to_pylist()] == ["drop", "drop"]


def test_the_policy_is_obeyed(snapshot: Snapshot, batch: Callable) -> None:
    rows = batch(url=[HIT, "https://weak.example/"], jpg=pa.array([b"broken"] * 2))
    lenient = Filter(snapshot, policy=Policy(min_grade={}, unjudgeable={"image": "keep"}))
    assert [v["entry"] for v in lenient.judge(rows).to_pylist()] == [0, 3]


def test_a_verdict_does_not_depend_on_the_rows_beside_it(
    keep: Filter, batch: Callable, picture: bytes
) -> None:
    rows = batch(
        url=[None, "word", HIT, MISS, None],
        jpg=pa.array([None, None, None, picture, b"broken"], pa.binary()),
    )
    alone = [keep.judge(rows.slice(row, 1)).to_pylist()[0] for row in range(rows.num_rows)]
    assert alone == keep.judge(rows).to_pylist()


def test_it_passes_to_another_process(keep: Filter, batch: Callable) -> None:
    keep.judge(batch(url=[MISS]))
    again = pickle.loads(pickle.dumps(keep))
    assert again.judge(batch(url=[HIT])).to_pylist() == [DROP]


def test_an_unknown_role_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="'link' is not a role"):
        Filter(snapshot, {"link": ["url"]})


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        (None, {"word": ["x"]}, "word (no values, and a name that says nothing)"),
        (None, {}, "it has no column"),
        ({"url": ["link"]}, {"url": ["x"]}, "there is no column link"),
        ({"url": ["url"], "image": ["jpg"]}, {"url": ["x"]}, "there is no column jpg"),
        ({"url": ["url"]}, {"url": [1]}, "url is of type int64, which cannot be read as url"),
        ({"image": ["image"]}, {"image": [{"bytes": b"x"}]}, "image is of type struct"),
    ],
)
def test_a_batch_that_cannot_be_judged_never_passes(
    columns: dict | None, rows: dict, words: str, snapshot: Snapshot
) -> None:
    judge = Filter(snapshot, columns)
    with pytest.raises(NothingMatchable) as caught:
        judge.judge(pa.RecordBatch.from_pydict(rows))
    assert words in caught.value.message
    assert caught.value.advice
    with pytest.raises(NothingMatchable):
        judge(rows)
    with pytest.raises(NothingMatchable):
        judge(pa.table(rows))


def test_columns_of_nothing_but_nulls_are_judged(keep: Filter, snapshot: Snapshot) -> None:
    assert keep({"url": [None, None], "jpg": [None, None]}) == [True, True]
    said = Filter(snapshot, {"image": ["jpg"], "url": ["url"]})
    assert said({"url": [None, HIT], "jpg": [None, None]}) == [True, False]
    assert said.judge(pa.record_batch({"url": pa.nulls(1), "jpg": pa.nulls(1)})).to_pylist() == [
        KEEP
    ]


def test_columns_come_as_lists_arrays_and_tables(keep: Filter, picture: bytes) -> None:
    expected = [False, True]
    assert keep({"url": [HIT, MISS]}) == expected
    assert keep({"url": np.array([HIT, MISS])}) == expected
    assert keep({"url": [HIT.encode(), MISS.encode()]}) == expected
    assert keep(pa.table({"url": pa.chunked_array([[HIT], [MISS]])})) == expected
    assert keep({"url": [MISS] * 3, "jpg": [picture, None, b"broken"]}) == [False, True, False]


def test_other_columns_may_hold_anything(keep: Filter) -> None:
    class Thing:
        pass

    assert keep({"url": [HIT, MISS], "thing": [Thing(), Thing()], "mixed": [1, "x"]}) == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"url": HIT}, "url is one value and not a column"),
        ({"url": b"x"}, "url is one value and not a column"),
        ({"url": 3}, "url is one value and not a column"),
        ({"url": [HIT, 3]}, "the values of url are neither text nor bytes"),
        ({"url": [HIT], "page": [HIT, MISS]}, "of unequal length"),
    ],
)
def test_what_is_no_batch_is_refused(rows: dict, words: str, snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match=words):
        Filter(snapshot, {"url": ["url", "page"]})(rows)


@pytest.fixture
def rows(picture: bytes) -> Dataset:
    return Dataset.from_dict(
        {
            "url": [HIT, MISS, None, MISS],
            "jpg": [None, None, picture, b"broken"],
            "caption": ["a", "b", "c", "d"],
        },
        features=Features(
            {"url": Value("string"), "jpg": Value("binary"), "caption": Value("string")}
        ),
    )


def test_a_dataset_is_filtered(keep: Filter, rows: Dataset) -> None:
    assert rows.filter(keep, batched=True)["caption"][:] == ["b"]
    assert rows.filter(keep, batched=True, batch_size=1)["caption"][:] == ["b"]
    assert rows.with_format("arrow").filter(keep, batched=True).num_rows == 1


def test_a_dataset_is_filtered_by_several_processes(keep: Filter, rows: Dataset) -> None:
    assert rows.filter(keep, batched=True, num_proc=2)["caption"][:] == ["b"]


def test_a_streamed_dataset_is_filtered(keep: Filter, rows: Dataset) -> None:
    stream = rows.to_iterable_dataset().filter(keep, batched=True, batch_size=3)
    assert [row["caption"] for row in stream] == ["b"]


def test_a_dataset_that_is_not_batched_is_refused(keep: Filter, rows: Dataset) -> None:
    with pytest.raises(UsageError, match="one value and not a column") as caught:
        rows.filter(keep)
    assert "batched=True" in caught.value.advice


def test_places_inside_columns_are_judged(snapshot: Snapshot, picture: bytes) -> None:
    rows = {
        "images": [[{"bytes": None}], [{"bytes": picture}], []],
        "meta": ['[{"src": "x"}]', "[]", f'[{{"src": "{MISS}"}}, {{"src": "{HIT}"}}]'],
    }
    judge = Filter(snapshot, {"image": ["images[].bytes"], "url": ["meta{}[].src"]})
    table = pa.table(
        {**rows, "images": pa.array(rows["images"], pa.list_(pa.struct([("bytes", pa.binary())])))}
    )
    assert judge(table) == judge(rows) == [True, False, False]
    (batch,) = table.to_batches()
    assert judge.judge(batch).field("leaf").to_pylist() == [None, "images[].bytes", "meta{}[].src"]
