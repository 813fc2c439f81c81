"""Every string and binary value is found, wherever it is nested, with the row it belongs to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from optout.filter.verify.leaves import column_of, leaf_paths, leaf_values


def found(column: pa.Array, first_row: int = 0) -> dict[str, list[tuple[int, bytes | None]]]:
    batch = pa.record_batch({"c": column})
    return {
        leaf.path: list(zip(leaf.rows.tolist(), leaf.values.to_pylist(), strict=True))
        for leaf in leaf_values(batch, first_row)
    }


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.dictionary(pa.int8(), pa.string()),
    ],
    ids=str,
)
def test_a_value_is_found_in_every_type_that_can_hold_it(kind: pa.DataType) -> None:
    column = pa.array(["a", None, "b"]).cast(pa.binary() if "binary" in str(kind) else kind)
    assert found(column.cast(kind)) == {"c": [(0, b"a"), (1, None), (2, b"b")]}


def test_fixed_size_values_are_found() -> None:
    assert found(pa.array([b"ab", None], pa.binary(2))) == {"c": [(0, b"ab"), (1, None)]}


def test_rows_are_counted_from_the_first_row_of_the_batch() -> None:
    assert found(pa.array(["a", "b"]), first_row=1000)["c"] == [(1000, b"a"), (1001, b"b")]


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.string()),
        pa.large_list(pa.string()),
        pa.list_view(pa.string()),
        pa.large_list_view(pa.string()),
    ],
    ids=str,
)
def test_an_element_belongs_to_the_row_of_its_list(kind: pa.DataType) -> None:
    column = pa.array([["a", "b"], None, [], [None, "c"]], kind)
    assert found(column) == {"c[]": [(0, b"a"), (0, b"b"), (3, None), (3, b"c")]}


def test_an_element_of_a_list_of_fixed_size_belongs_to_the_row_of_its_list() -> None:
    column = pa.array([["a", "b"], None, ["c", None]], pa.list_(pa.string(), 2))
    assert found(column) == {"c[]": [(0, b"a"), (0, b"b"), (2, b"c"), (2, None)]}


def test_a_slice_of_a_nested_column_keeps_its_own_rows() -> None:
    column = pa.array([[{"u": "a"}], [{"u": "b"}, {"u": "c"}], None, [{"u": "d"}]])[1:]
    assert found(column) == {"c[].u": [(0, b"b"), (0, b"c"), (2, b"d")]}


def test_a_field_of_an_absent_struct_is_null() -> None:
    column = pa.StructArray.from_arrays(
        [pa.array(["a", "hidden"])], names=["u"], mask=pa.array([False, True])
    )
    assert found(column) == {"c.u": [(0, b"a"), (1, None)]}


def test_keys_and_values_of_a_map_are_found() -> None:
    column = pa.array([[("k", "v")], None, [("l", None)]], pa.map_(pa.string(), pa.string()))
    assert found(column) == {
        "c[].key": [(0, b"k"), (2, b"l")],
        "c[].value": [(0, b"v"), (2, None)],
    }


def test_an_extension_type_is_looked_through() -> None:
    assert found(pa.array(['"a"'], pa.json_(pa.string()))) == {"c": [(0, b'"a"')]}


def test_runs_are_unfolded() -> None:
    assert found(pc.run_end_encode(pa.array(["a", "a", "b"])))["c"] == [
        (0, b"a"),
        (1, b"a"),
        (2, b"b"),
    ]


def test_text_that_is_no_utf_8_is_handed_on_as_it_is() -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())
    assert found(broken) == {"c": [(0, b"\xff\xfe")]}


def test_numbers_are_no_leaves() -> None:
    assert found(pa.array([1, 2])) == {}
    assert found(pa.array([{"x": [np.float64(1.5)]}])) == {}


NESTED = pa.schema(
    [
        ("URL", pa.string()),
        ("n", pa.int64()),
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("images", pa.list_(pa.struct([("bytes", pa.large_binary()), ("n", pa.int8())]))),
        ("m", pa.map_(pa.string(), pa.list_(pa.string()))),
        ("d", pa.dictionary(pa.int32(), pa.string())),
        ("j", pa.json_(pa.string())),
    ]
)


def test_a_schema_names_the_same_leaves_as_its_values() -> None:
    paths = leaf_paths(NESTED)
    assert paths == [
        "URL",
        "image.bytes",
        "image.path",
        "images[].bytes",
        "m[].key",
        "m[].value[]",
        "d",
        "j",
    ]
    empty = pa.RecordBatch.from_pylist([], schema=NESTED)
    assert [leaf.path for leaf in leaf_values(empty, 0)] == paths


def test_a_leaf_is_traced_back_to_its_column() -> None:
    assert column_of("images[].bytes", NESTED) == "images"
    assert column_of("images[].n", NESTED) is None
