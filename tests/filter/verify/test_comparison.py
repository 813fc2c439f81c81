"""Two columns are the same only where every bit of every value is."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.verify.comparison import (
    Comparator,
    Difference,
    first_difference,
    kept_rows,
    same,
)


def double(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


QUIET, PAYLOAD = 0x7FF8_0000_0000_0000, 0x7FF8_0000_0000_0001


def doubles(*bits: int) -> pa.Array:
    return pa.array(np.array(bits, np.uint64)).view(pa.float64())


def test_nan_is_itself() -> None:
    assert same(doubles(QUIET), doubles(QUIET))


def test_the_payload_of_nan_counts() -> None:
    assert not same(doubles(QUIET), doubles(PAYLOAD))


def test_minus_zero_is_not_zero() -> None:
    assert not same(pa.array([-0.0]), pa.array([0.0]))


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32()], ids=str)
def test_shorter_floats_are_compared_by_their_bits_too(kind: pa.DataType) -> None:
    one, other = pa.array([-0.0, 1.5]).cast(kind), pa.array([0.0, 1.5]).cast(kind)
    assert same(one, one)
    assert not same(one, other)


def wrapped(values: pa.Array, how: str) -> pa.Array:
    offsets = pa.array([0, len(values)], pa.int32())
    return {
        "struct": lambda: pa.StructArray.from_arrays([values], names=["x"]),
        "list": lambda: pa.ListArray.from_arrays(offsets, values),
        "list of structs": lambda: pa.ListArray.from_arrays(
            offsets, pa.StructArray.from_arrays([values], names=["x"])
        ),
        "map": lambda: pa.MapArray.from_arrays(
            offsets, pa.array([str(n) for n in range(len(values))]), values
        ),
        "fixed": lambda: pa.FixedSizeListArray.from_arrays(values, len(values)),
        "dictionary": lambda: pa.DictionaryArray.from_arrays(
            pa.array(range(len(values)), pa.int8()), values
        ),
    }[how]()


NESTINGS = ["struct", "list", "list of structs", "map", "fixed", "dictionary"]


@pytest.mark.parametrize("how", NESTINGS)
def test_bits_count_inside_nested_values(how: str) -> None:
    one, other = doubles(QUIET, 0), doubles(PAYLOAD, 0)
    assert same(wrapped(one, how), wrapped(one, how))
    assert not same(wrapped(one, how), wrapped(other, how))


def test_a_dictionary_is_compared_by_what_it_says() -> None:
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), ["a", "b"])
    other = pa.DictionaryArray.from_arrays(pa.array([2, 0, None], pa.int8()), ["b", "x", "a"])
    assert same(one, other)
    assert same(one, pa.array(["a", "b", None]))
    assert not same(one, pa.array(["a", "b", "b"]))


def test_null_is_not_empty() -> None:
    assert not same(pa.array([None], pa.string()), pa.array([""]))
    assert not same(pa.array([None], pa.list_(pa.string())), pa.array([[]], pa.list_(pa.string())))


def test_an_absent_struct_is_not_a_struct_of_nulls() -> None:
    kind = pa.struct([("x", pa.int8())])
    assert not same(pa.array([None], kind), pa.array([{"x": None}], kind))


def test_the_cut_between_lists_counts() -> None:
    kind = pa.list_(pa.int8())
    assert not same(pa.array([[1], [2, 3]], kind), pa.array([[1, 2], [3]], kind))


def test_what_lies_under_a_null_does_not_count() -> None:
    mask = pa.array([True, False])
    one = pa.StructArray.from_arrays([pa.array([1, 2])], names=["x"], mask=mask)
    other = pa.StructArray.from_arrays([pa.array([9, 2])], names=["x"], mask=mask)
    assert same(one, other)


def test_another_type_is_another_value() -> None:
    assert not same(pa.array([1], pa.int32()), pa.array([1], pa.int64()))


def test_another_length_is_another_column() -> None:
    assert not same(pa.array([1]), pa.array([1, 1]))


def test_a_column_of_nothing_is_itself() -> None:
    assert same(pa.nulls(3), pa.nulls(3))


@given(st.integers(1, 300), st.data())
def test_the_first_row_that_differs_is_named(length: int, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, length - 1))
    values = list(range(length))
    changed = [*values[:row], -1, *values[row + 1 :]]
    later = data.draw(st.integers(row, length - 1))
    text = [str(n) for n in range(length)]
    other = [*text[:later], "x", *text[later + 1 :]]
    one = pa.record_batch({"t": text, "n": values})
    two = pa.record_batch({"t": other, "n": changed})
    assert first_difference(one, two) == (row, "t" if later == row else "n")
    assert first_difference(one, one) is None


@given(st.sets(st.integers(0, 50)), st.integers(0, 40), st.integers(1, 15))
def test_rows_are_kept_where_the_vector_does_not_name_them(
    removed: set[int], first: int, length: int
) -> None:
    keep = kept_rows(first, length, np.array(sorted(removed), np.int64))
    assert keep.tolist() == [row not in removed for row in range(first, first + length)]


def compared(
    source: pa.Table, removed: list[int], output: pa.Table, cut: int = 3, other_cut: int = 4
) -> Difference | None:
    comparator = Comparator(output.to_batches(max_chunksize=other_cut))
    row = 0
    for batch in source.to_batches(max_chunksize=cut):
        keep = kept_rows(row, batch.num_rows, np.array(removed, np.int64))
        comparator.expect(batch, row, keep)
        row += batch.num_rows
    comparator.finish()
    return comparator.difference


SOURCE = pa.table({"n": range(20), "views": pa.array([["a"]] * 20, pa.list_view(pa.string()))})


def without(*rows: int) -> pa.Table:
    return SOURCE.take(pa.array([row for row in range(20) if row not in rows], pa.int64()))


@given(st.sets(st.integers(0, 19)), st.integers(1, 21), st.integers(1, 21))
def test_a_shard_is_its_input_without_what_was_removed(
    removed: set[int], cut: int, other_cut: int
) -> None:
    gone = sorted(removed)
    assert compared(SOURCE, gone, without(*gone), cut, other_cut) is None


def test_a_row_that_was_put_back_is_found() -> None:
    assert compared(SOURCE, [5, 9], without(9)) == Difference(5, 6, "n")


def test_a_row_too_few_is_found() -> None:
    assert compared(SOURCE, [5], without(5, 9)) == Difference(8, 9, "n")
    assert compared(SOURCE, [5], without(5, 19)) == Difference(18, 19, None)


def test_a_row_too_many_at_the_end_is_found() -> None:
    assert compared(SOURCE, [5, 19], without(5)) == Difference(18, None, None)


def test_two_rows_in_each_other_s_place_are_found() -> None:
    swapped = SOURCE.take([0, 2, 1, *range(3, 20)])
    assert compared(SOURCE, [], swapped) == Difference(1, 1, "n")
