"""Strings inside JSON are found under their paths, each with the row it belongs to."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.verify.inside import look_inside, wants
from optout.filter.verify.leaves import Values, column_of


def inside(*documents: str | bytes | None):
    data = [d.encode() if isinstance(d, str) else d for d in documents]
    return look_inside(
        Values("m", pa.array(data, pa.large_binary()), np.arange(10, 10 + len(data)))
    )


def found(*documents: str | bytes | None) -> dict[str, list[tuple[int, bytes]]]:
    return {
        leaf.path: list(zip(leaf.rows.tolist(), leaf.values.to_pylist(), strict=True))
        for leaf in inside(*documents).leaves
    }


def test_members_and_elements_have_paths() -> None:
    assert found('[{"src": "a"}, {"src": "b"}]', '{"url": "c", "n": 1}', '"d"', '[["e"]]') == {
        "m{}[].src": [(10, b"a"), (10, b"b")],
        "m{}.url": [(11, b"c")],
        "m{}": [(12, b"d")],
        "m{}[][]": [(13, b"e")],
    }


@pytest.mark.parametrize("document", ["1", "null", "true", "{}", "[]", '{"n": [1, null]}'])
def test_what_is_no_string_is_no_value(document: str) -> None:
    assert found(document) == {}
    assert not len(inside(document).broken)


def test_nulls_and_empty_values_are_neither_json_nor_broken() -> None:
    seen = inside(None, "")
    assert (seen.documents, len(seen.broken)) == (0, 0)


@pytest.mark.parametrize(
    "document", ["{", "sic", "{'a': 1}", " ", '{"a": 1} x', b"\xff\xfe", "[" * 100_000]
)
def test_a_value_that_is_no_json_is_named(document: str | bytes) -> None:
    assert inside("{}", document).broken.tolist() == [11]


def test_a_byte_order_mark_and_long_numbers_are_no_obstacle() -> None:
    assert found(b"\xef\xbb\xbf" + b'{"n": ' + b"9" * 10_000 + b', "u": "a"}') == {
        "m{}.u": [(10, b"a")]
    }


def test_a_name_that_stands_twice_hides_nothing() -> None:
    assert found('{"u": "a", "u": "b"}') == {"m{}.u": [(10, b"a"), (10, b"b")]}


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeDecodeError):
        found('"\\ud800"')["m{}"][0][1].decode()


def test_only_what_is_wanted_is_handed_over() -> None:
    values = Values(
        "m", pa.array([b'{"a": "x", "b": "y"}']).cast(pa.large_binary()), np.zeros(1, int)
    )
    assert [leaf.path for leaf in look_inside(values, lambda path: path == "m{}.b").leaves] == [
        "m{}.b"
    ]


def test_a_path_leads_into_the_documents_of_its_leaf() -> None:
    assert wants({"m{}.a"}, "m")
    assert not wants({"meta{}.a", "m"}, "m")
    schema = pa.schema([("x", pa.int8()), ("s", pa.struct([("m", pa.string())]))])
    assert column_of("s.m{}[].src", schema) == "s"
    assert column_of("x{}", schema) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in strings(part)]


@given(JSON)
def test_every_string_of_a_document_is_found_once(document: object) -> None:
    values = [text for at in found(json.dumps(document)).values() for _, text in at]
    assert sorted(values) == sorted(text.encode() for text in strings(document))
