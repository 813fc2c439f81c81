"""Matches: the same matches make the same bytes, whatever order they were found in."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.errors import EvidenceError
from optout.filter.evidence import MATCHES_SCHEMA, read_matches, write_matches

ROWS = [
    {"row": 7, "verdict": "drop", "kind": "url", "entry": 3, "leaf": "url", "distance": None},
    {"row": 7, "verdict": "drop", "kind": "image", "entry": 1, "leaf": "jpg", "distance": 4},
    {"row": 2, "verdict": "quarantine", "kind": None, "entry": None, "leaf": "jpg"},
    {"row": 9, "verdict": "held", "kind": "site", "entry": 5, "leaf": "url", "distance": None},
]


def written(matches) -> bytes:
    stream = io.BytesIO()
    write_matches(stream, matches)
    return stream.getvalue()


def batch(rows: list[dict]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=MATCHES_SCHEMA)


def test_matches_are_read_back_by_row() -> None:
    table = read_matches(written([batch(ROWS)]))
    assert table.schema.equals(MATCHES_SCHEMA)
    assert table["row"].to_pylist() == [2, 7, 7, 9]
    assert table["distance"].to_pylist() == [None, 4, None, None]


def test_order_batches_and_repetition_change_no_byte() -> None:
    expected = written(pa.Table.from_batches([batch(ROWS)]))
    for seed in range(10):
        shuffled = random.Random(seed).sample(ROWS, len(ROWS))
        assert written([batch([row]) for row in shuffled]) == expected
        assert written([batch(shuffled), batch(ROWS[:2])]) == expected


def test_no_matches_are_a_file_too() -> None:
    assert read_matches(written([])).num_rows == 0


def test_what_is_no_file_of_matches_is_refused() -> None:
    good = written([batch(ROWS)])
    with pytest.raises(EvidenceError, match=r"a\.matches\.parquet cannot be read"):
        read_matches(good[:-3], "a.matches.parquet")
    stream = io.BytesIO()
    pq.write_table(pa.table({"row": [1]}), stream)
    with pytest.raises(EvidenceError, match="columns"):
        read_matches(stream.getvalue())
    with pytest.raises(EvidenceError, match="unknown verdict perhaps"):
        read_matches(written([batch([{**ROWS[0], "verdict": "perhaps"}])]))
