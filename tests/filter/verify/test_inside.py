"""Strings inside JSON are found under their paths, each with the row it belongs to."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import json_text
from optout.filter.verify.inside import DEEPEST_VALUE, look_at_rest, look_inside, read, wants
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


def test_json_deeper_than_its_bound_is_broken_for_run_and_audit_alike() -> None:
    for depth in (255, 256, 257, 600):
        text = b'[{"a":' * (depth // 2) + b"[" * (depth % 2)
        text += b'"{["' + b"]" * (depth % 2) + b"}]" * (depth // 2)
        deep = depth > DEEPEST_VALUE
        assert (read(text) is None) == deep
        assert json_text.holds_json(text) != deep


def test_long_names_around_many_values_take_no_memory_and_time_for_each() -> None:
    text = b'{"' + b"k" * 100_000 + b'":[' + b"0," * 20_000 + b'"x"]}'
    tracemalloc.start()
    try:
        [leaf] = inside(text).leaves
        [(other, _)] = json_text.texts_of(json_text.parsed(text), "m{}")
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()
    assert (leaf.path, leaf.values.to_pylist()) == (other, [b"x"])


def test_json_behind_a_byte_order_mark_in_json_is_looked_into_by_run_and_audit() -> None:
    text = json.dumps({"a": "\ufeff" + json.dumps({"b": "https://x.example/"})}).encode()
    [*_, (path, inner)] = json_text.texts_anywhere(json_text.parsed(text), "m{}", 2)
    assert (path, inner) == ("m{}.a{}.b", b"https://x.example/")
    leaf = Values("m", pa.array([text], pa.large_binary()), np.zeros(1, np.int64))
    rest = look_at_rest(leaf, lambda _, value: value.startswith(b"https"), ())
    assert rest.values.to_pylist() == [inner]


def test_a_value_that_is_a_string_of_json_by_itself_is_looked_at_in_the_rest() -> None:
    text = b'"https://x.example/"'
    leaf = Values("m", pa.array([text], pa.large_binary()), np.zeros(1, np.int64))
    rest = look_at_rest(leaf, lambda _, value: value.startswith(b"https"), ())
    assert rest.values.to_pylist() == [b"https://x.example/"]
