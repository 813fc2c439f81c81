"""Kept rows are what pyarrow's own filter keeps, wherever they are put together."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.parquet import kept, scratch
from optout.filter.parquet.kept import Kept
from optout.filter.parquet.scratch import Scratch

TYPES = [pa.string(), pa.binary(), pa.large_string(), pa.large_binary()]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of any size go into blocks, which are small enough to be full soon."""
    monkeypatch.setattr(kept, "SMALLEST_BYTES", 0)
    monkeypatch.setattr(scratch, "SMALLEST_BYTES", 16)


def of(batches: list[pa.RecordBatch], removed: list[list[int]], expected: int = 0) -> Kept:
    found = Kept(Scratch(), expected)
    for batch, rows in zip(batches, removed, strict=True):
        found.add(batch, np.array(rows, dtype=np.int64))
    return found


def filtered(batches: list[pa.RecordBatch], removed: list[list[int]]) -> pa.Table:
    left = []
    for batch, rows in zip(batches, removed, strict=True):
        left.append(batch.take(pa.array(np.setdiff1d(np.arange(batch.num_rows), rows))))
    return pa.Table.from_batches(left)


@pytest.mark.parametrize("kind", TYPES, ids=str)
@pytest.mark.usefixtures("small_blocks")
def test_texts_are_those_that_a_filter_keeps(kind: pa.DataType) -> None:
    @settings(max_examples=80, deadline=None)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        batches, removed = [], []
        values = st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=12)
        for texts in data.draw(st.lists(values, min_size=1, max_size=4)):
            known = [None if text is None else text.encode() for text in texts]
            # Of a longer column, as a reader may give it.
            column = pa.array([None, b"before", *known, b"behind"], pa.binary()).cast(kind)
            batch = pa.record_batch({"text": column, "number": pa.array(range(len(column)))})
            batches.append(batch.slice(2, len(texts)))
            rows = st.sets(st.integers(0, len(texts) - 1))
            removed.append(sorted(data.draw(rows)))
        found = of(batches, removed, data.draw(st.integers(0, 50)))
        expected = filtered(batches, removed)
        assert found.rows == expected.num_rows
        if found.rows:
            table, blocks = found.table()
            table.validate(full=True)
            assert table.equals(expected)
            assert len(blocks) == 1

    check()


def test_only_long_columns_take_blocks() -> None:
    batch = pa.record_batch(
        {
            "long": pa.array(["a" * 1000] * 5000),
            "short": pa.array(["a"] * 5000),
            "list": pa.array([["a" * 1000]] * 5000),
        }
    )
    table, blocks = of([batch, batch], [[1], [0, 4999]], 10_000).table()
    assert table.equals(filtered([batch, batch], [[1], [0, 4999]]))
    assert [len(block) >> 20 for block in blocks] == [16]


def test_one_large_value_lets_nobody_expect_as_many_of_it() -> None:
    first = pa.record_batch({"text": pa.array(["a" * (8 << 20)])})
    rest = pa.record_batch({"text": pa.array(["b"] * 1000)})
    table, blocks = of([first, rest], [[], []], 10**9).table()
    assert table.num_rows == 1001
    assert len(blocks[0]) == 128 << 20


def test_metadata_and_required_columns_stay() -> None:
    field = pa.field("text", pa.string(), nullable=False, metadata={"who": "me"})
    schema = pa.schema([field], metadata={"what": "this"})
    batch = pa.record_batch([pa.array(["a", "b"])], schema=schema)
    table, _ = of([batch], [[0]]).table()
    assert table.schema.equals(schema, check_metadata=True)
