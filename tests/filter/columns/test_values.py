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
    assert [values.to_pylist() for values in leaf_values(batch, leaf)] == [[b"a"], [b"b"]]


def test_a_leaf_that_is_not_there_has_no_values() -> None:
    batch = pa.record_batch({"text": ["a"]})
    assert leaf_types(batch.schema, Leaf("url", "url")) == []
    assert not carries(batch.schema, Leaf("url", "url"))
    assert list(leaf_values(batch, Leaf("url", "url"))) == []
