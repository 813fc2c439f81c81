"""The values of a leaf are the same bytes, whatever Arrow type carries them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from optout.filter.columns import Leaf, carries, fits, is_bytes, is_text, leaf_types, leaf_values
from optout.filter.columns.values import as_bytes

WORDS = ["https://a.example/1", None, "", "https://a.example/1", "ä"]
PLAIN = [None if word is None else word.encode() for word in WORDS]


class Address(pa.ExtensionType):
    """Text under another name."""

    def __init__(self) -> None:
        super().__init__(pa.string(), "test.address")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


TEXT = pa.array(WORDS)
CARRIERS = {
    "string": TEXT,
    "large_string": TEXT.cast(pa.large_string()),
    "string_view": TEXT.cast(pa.string_view()),
    "binary": TEXT.cast(pa.binary()),
    "large_binary": TEXT.cast(pa.large_binary()),
    "binary_view": TEXT.cast(pa.binary_view()),
    "dictionary": TEXT.dictionary_encode(),
    "run ends": pa.compute.run_end_encode(TEXT),
    "extension": pa.ExtensionArray.from_storage(Address(), TEXT),
    "chunks": pa.chunked_array([TEXT[:2], TEXT[2:]]),
    "a slice": pa.concat_arrays([TEXT, TEXT])[5:],
}


@pytest.mark.parametrize("column", CARRIERS.values(), ids=CARRIERS.keys())
def test_values_are_the_bytes_that_are_stored(column: pa.Array) -> None:
    found = as_bytes(column)
    assert found.type == pa.large_binary()
    assert found.to_pylist() == PLAIN
    assert is_text(column.type) != is_bytes(column.type)


def test_packed_digests_are_bytes() -> None:
    packed = pa.array([bytes(32), None], pa.binary(32))
    assert is_bytes(packed.type)
    assert as_bytes(packed).to_pylist() == [bytes(32), None]


def test_broken_text_passes_unchanged() -> None:
    broken = pa.array([b"\xff\xfe"]).view(pa.string())
    assert as_bytes(broken).to_pylist() == [b"\xff\xfe"]


def test_pictures_are_bytes_and_the_rest_may_be_text() -> None:
    assert fits(pa.binary(), "image")
    assert not fits(pa.string(), "image")
    for role in ("url", "sha256"):
        assert fits(pa.string(), role)
        assert fits(pa.binary(), role)
        assert not fits(pa.int64(), role)
        assert not fits(pa.struct([("bytes", pa.binary())]), role)


def test_two_columns_of_one_name_are_both_looked_at() -> None:
    schema = pa.schema([("url", pa.string()), ("url", pa.int64()), ("url", pa.binary())])
    batch = pa.record_batch([pa.array(["a"]), pa.array([1]), pa.array([b"b"])], schema=schema)
    leaf = Leaf("url", "url")
    assert leaf_types(schema, leaf) == [pa.string(), pa.int64(), pa.binary()]
    assert carries(schema, leaf)
    assert [held.values.to_pylist() for held in leaf_values(batch, [leaf])] == [[b"a"], [b"b"]]


def test_a_leaf_that_is_not_there_has_no_values() -> None:
    batch = pa.record_batch({"text": ["a"]})
    assert leaf_types(batch.schema, Leaf("url", "url")) == []
    assert not carries(batch.schema, Leaf("url", "url"))
    assert list(leaf_values(batch, [Leaf("url", "url")])) == []


NESTED = [
    {"images": [{"src": "a"}, {"src": None}], "tags": {"k": "v"}},
    {"images": None, "tags": None},
    {"images": [], "tags": {}},
    {"images": [{"src": "b"}, None], "tags": {"k": "w", "l": "x"}},
]
KINDS = [pa.list_, pa.large_list, pa.list_view]


def held(batch: pa.RecordBatch, path: str, role: str = "url") -> list[tuple[int, bytes | None]]:
    (values,) = leaf_values(batch, [Leaf(path, role)])
    return list(zip(values.rows.tolist(), values.values.to_pylist(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_lists_and_structs_come_with_their_rows(kind) -> None:
    part = pa.struct([("src", pa.string())])
    images = pa.array([row["images"] for row in NESTED], kind(part))
    tags = pa.array(
        [row["tags"] and list(row["tags"].items()) for row in NESTED],
        pa.map_(pa.string(), pa.string()),
    )
    batch = pa.record_batch({"images": images, "tags": tags})
    expected = [(0, b"a"), (0, None), (3, b"b"), (3, None)]
    assert held(batch, "images[].src") == expected
    assert held(batch.slice(1), "images[].src") == [(2, b"b"), (2, None)]
    assert held(batch, "tags[].value")[0] == (0, b"v")
    assert held(batch.slice(3), "tags[].key") == [(0, b"k"), (0, b"l")]


def test_a_struct_that_is_null_has_a_value_that_is_null() -> None:
    batch = pa.record_batch({"image": [{"bytes": b"x", "path": "p"}, None]})
    assert held(batch, "image.bytes", "image") == [(0, b"x"), (1, None)]


def test_a_name_may_hold_what_a_path_is_made_of() -> None:
    batch = pa.record_batch({"a.b": ["x"], "c[]": ["y"], "d{}": ["z"]})
    assert held(batch, "a.b") == [(0, b"x")]
    assert held(batch, "c[]") == [(0, b"y")]
    assert held(batch, "d{}") == [(0, b"z")]


def test_texts_in_json_come_with_their_rows() -> None:
    batch = pa.record_batch(
        {
            "meta": [
                '[{"src": "a", "n": 1}, null, {"src": 3}, {"src": "b"}]',
                None,
                "",
                "{broken",
                '{"src": "c", "x": {"y.z": "d"}}',
                '"e"',
                b"\xef\xbb\xbf[]".decode(),
            ]
        }
    )
    leaves = [Leaf(f"meta{{}}{tail}", "url") for tail in ("[].src", ".x.y.z", "")]
    listed, inner, whole = leaf_values(batch, leaves)
    nothing = [(1, None), (2, b"")]
    assert list(zip(listed.rows.tolist(), listed.values.to_pylist(), strict=True)) == [
        (0, b"a"),
        (0, None),
        (0, b"b"),
        *nothing,
    ]
    assert listed.broken.tolist() == inner.broken.tolist() == [3]
    assert inner.values.to_pylist() == [None, b"", b"d"]
    assert (5, b"e") in zip(whole.rows.tolist(), whole.values.to_pylist(), strict=True)


def test_json_in_json_is_read_and_broken_where_it_is() -> None:
    batch = pa.record_batch({"a": ['{"b": "{\\"c\\": \\"x\\"}"}', '{"b": "{"}', "[" * 100_000]})
    (values,) = leaf_values(batch, [Leaf("a{}.b{}.c", "url")])
    assert values.values.to_pylist() == [b"x"]
    assert values.broken.tolist() == [1, 2]


def test_json_is_text_and_no_picture() -> None:
    schema = pa.schema([("meta", pa.string())])
    assert carries(schema, Leaf("meta{}.x", "url"))
    assert not carries(schema, Leaf("meta{}.x", "image"))


def rest(role: str, *others: Leaf, **columns: list[str | None]) -> list[tuple[int, bytes]]:
    """What stands anywhere in the JSON of the column `meta`, with its rows."""
    batch = pa.record_batch(columns)
    leaves = [Leaf("meta{}*", role), *others]
    (held,) = (h for h in leaf_values(batch, leaves) if h.leaf.is_rest)
    assert not len(held.broken)
    return list(zip(held.rows.tolist(), held.values.to_pylist(), strict=True))


def test_the_rest_of_json_is_what_looks_so_under_any_path() -> None:
    meta = [
        None,
        '{"a": "en", "b": ["https://a.example/1", 7, "HTTP:/b.example"]}',
        "[[[",
        '{"x": {"src": "c.example/1", "alt": "c.example/1"}, "d": "10.1000/182"}',
        '{"more": "{\\"b\\": \\"//d.example/\\", \\"c\\": \\"{ broken\\"}"}',
    ]
    assert rest("url", meta=meta) == [
        (1, b"https://a.example/1"),
        (1, b"HTTP:/b.example"),
        (3, b"c.example/1"),
        (4, b"//d.example/"),
    ]
    assert rest("work", meta=meta) == [(3, b"10.1000/182")]


def test_what_is_looked_at_by_itself_is_no_part_of_the_rest() -> None:
    meta: list[str | None] = ['{"a": "https://a.example/", "b": "https://b.example/"}']
    assert rest("url", Leaf("meta{}.a", "url"), meta=meta) == [(0, b"https://b.example/")]
    assert rest("url", Leaf("meta{}.a", "text"), meta=meta) == [(0, b"https://b.example/")]
