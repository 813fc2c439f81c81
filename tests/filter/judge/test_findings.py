"""What scan and judge find together is what the judge confirms when it is shown every value."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.columns import Leaf
from optout.filter.judge import FINDING, Examiner, Findings, Judge, Policy
from optout.filter.judge.findings import UNJUDGEABLE
from optout.filter.pictures import features
from optout.filter.scan import Trace
from optout.registry.identifiers import Identifier
from optout.registry.snapshot import Snapshot

LEAVES = [Leaf("jpg", "image"), Leaf("sha256", "sha256"), Leaf("url", "url")]
LENIENT = Policy(min_grade={})
URLS = [
    *(None, "", "a cat", "https://other.example/", "ftp://b.example/"),
    *("https://a.example/1", "HTTP://A.example:80/1#x", "//a.example/1", "https://a.example/1/"),
    *("https://b.example", "http://www.b.example:8080/x", "https://notb.example/"),
]


@pytest.fixture(scope="module")
def pictures(photograph: Callable, encoded: Callable) -> list[bytes | None]:
    one, two = photograph(1), photograph(2)
    return [
        *(None, b"", b"broken", encoded(one), encoded(one.resize((120, 90)), "PNG")),
        *(encoded(one.resize((160, 160)), quality=50), encoded(two), encoded(two.convert("L"))),
    ]


@pytest.fixture(scope="module")
def snapshot(snapshot_of: Callable, pictures: list) -> Snapshot:
    return snapshot_of(
        (Identifier.site("b.example"), "self"),
        Identifier.url("https://a.example/1"),
        Identifier.image(pictures[3]),
        Identifier.file_sha256(hashlib.sha256(pictures[6]).hexdigest()),
        (Identifier.url("https://a.example/1"), "account"),
    )


def rows(findings: Findings) -> list[tuple[int, int, int]]:
    found = findings.found
    return list(
        zip(found["row"].tolist(), found["entry"].tolist(), found["distance"].tolist(), strict=True)
    )


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_entry_that_covers_a_value_is_passed_over(
    data: st.DataObject, snapshot: Snapshot, pictures: list
) -> None:
    chosen = data.draw(
        st.lists(st.tuples(st.sampled_from(URLS), st.integers(0, len(pictures) - 1)), max_size=12)
    )
    urls = [url for url, _ in chosen]
    jpgs = [pictures[number] for _, number in chosen]
    shas = [jpg and hashlib.sha256(jpg).hexdigest() for jpg in jpgs]
    batch = pa.record_batch(
        {
            "url": pa.array(urls, pa.string()),
            "sha256": pa.array(shas, pa.string()),
            "jpg": pa.array(jpgs, pa.binary()),
        }
    )
    found = Examiner(snapshot, LENIENT, LEAVES).examine(batch).found
    scanned = {
        (row, entry): distance
        for row, entry, distance, kind in found[["row", "entry", "distance", "kind"]].tolist()
        if kind != UNJUDGEABLE
    }
    judge, confirmed = Judge(snapshot, LENIENT), {}
    for row, (url, jpg, sha) in enumerate(zip(urls, jpgs, shas, strict=True)):
        seen = features(jpg, perceptual=True) if jpg else None
        traces = [Trace({"url": url} if url else {}), Trace({"sha256": sha} if sha else {})]
        if seen:
            hashes = {"phash256": seen.phash256} if seen.phash256 else {}
            traces.append(Trace({"sha256": seen.sha256, "md5": seen.md5}, hashes))
        for meetings in judge.meet(traces):
            for meeting in meetings:
                known = confirmed.get((row, meeting.entry), 999)
                own = -1 if meeting.distance is None else meeting.distance
                confirmed[row, meeting.entry] = min(known, own)
    assert scanned == confirmed
    unclear = {row for row, kind in found[["row", "kind"]].tolist() if kind == UNJUDGEABLE}
    assert unclear == {row for row, jpg in enumerate(jpgs) if jpg == b"broken"}


def test_an_entry_speaks_once_about_a_row_at_its_nearest_in_its_first_leaf(
    snapshot: Snapshot, pictures: list
) -> None:
    leaves = [Leaf("a", "image"), Leaf("b", "image"), Leaf("c", "url"), Leaf("d", "url")]
    batch = pa.record_batch(
        {
            "a": pa.array([pictures[5]], pa.binary()),
            "b": pa.array([pictures[3]], pa.binary()),
            "c": ["https://a.example/1"],
            "d": ["//a.example/1"],
        }
    )
    found = Examiner(snapshot, Policy(), leaves).examine(batch).found
    told = found[["kind", "entry", "leaf", "distance"]].tolist()
    assert [(entry, leaf) for _, entry, leaf, _ in told] == [(1, 2), (4, 2), (2, 1)]
    assert told[-1][3] == 0


def test_rows_are_counted_on_from_the_batchs_first(snapshot: Snapshot) -> None:
    examiner = Examiner(snapshot, Policy(), [Leaf("url", "url")])
    parts = [
        examiner.examine(pa.record_batch({"url": ["x", "https://a.example/1"]}), first)
        for first in (0, 2, 1_000_000_000_000)
    ]
    joined = Findings.joined(parts)
    assert rows(joined) == [
        (row, entry, -1) for row in (1, 3, 1_000_000_000_001) for entry in (1, 4)
    ]
    assert joined.rows_by_entry()[["entry", "rows"]].tolist() == [(1, 3), (4, 3)]
    assert joined.counts == {"url": {"foreign": 3, "judged": 3}}


def test_values_are_counted_by_what_they_are(snapshot: Snapshot, pictures: list) -> None:
    batch = pa.record_batch(
        {
            "url": pa.array([None, "", "a cat", "https://x.example", "http://y.example"]),
            "jpg": pa.array([None, b"", b"broken", pictures[3], None], pa.binary()),
        }
    )
    findings = Examiner(snapshot, Policy(), LEAVES).examine(batch)
    assert findings.counts == {
        "jpg": {"null": 2, "empty": 1, "unjudgeable": 1, "judged": 1},
        "url": {"null": 1, "empty": 1, "foreign": 1, "judged": 2},
    }


def test_nothing_is_nothing(snapshot: Snapshot) -> None:
    empty = Findings.joined([])
    assert len(empty.found) == 0
    assert empty.found.dtype == FINDING
    assert len(empty.rows_by_entry()) == 0
    batch = pa.record_batch({"url": pa.array([], pa.string())})
    assert len(Examiner(snapshot, Policy(), LEAVES).examine(batch).found) == 0
    assert np.array_equal(Examiner(snapshot, Policy(), []).examine(batch).found, empty.found)
