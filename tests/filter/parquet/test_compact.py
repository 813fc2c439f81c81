"""Thrift's compact protocol: what is read is written back, and what is damaged is refused."""

from __future__ import annotations

import contextlib
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.parquet import compact
from optout.filter.parquet.compact import CompactError, Pairs, Sequence, Struct, decode, encode

integers = st.tuples(
    st.sampled_from([compact.I16, compact.I32, compact.I64]), st.integers(-(2**63), 2**63 - 1)
)
scalars = st.one_of(
    integers,
    st.tuples(st.just(compact.BINARY), st.binary()),
    st.tuples(st.just(compact.TRUE), st.booleans()),
    st.tuples(st.just(compact.I8), st.integers(0, 255)),
    st.tuples(st.just(compact.DOUBLE), st.binary(min_size=8, max_size=8)),
    st.tuples(st.just(compact.UUID), st.binary(min_size=16, max_size=16)),
)
lists = st.lists(st.integers(-5, 5), max_size=20).map(
    lambda items: (compact.LIST, Sequence(compact.I32, items))
)
flags = st.lists(st.booleans(), max_size=3).map(
    lambda items: (compact.SET, Sequence(compact.TRUE, items))
)
maps = st.lists(st.tuples(st.integers(0, 9), st.binary()), max_size=3).map(
    lambda items: (
        compact.MAP,
        Pairs(compact.I32, compact.BINARY, items) if items else Pairs(0, 0),
    )
)
fields = st.recursive(
    st.one_of(scalars, lists, flags, maps),
    lambda inner: st.dictionaries(st.integers(1, 300), inner, max_size=4).map(
        lambda found: (compact.STRUCT, Struct(found))
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.integers(1, 300), fields))
def test_every_structure_is_read_back(found: dict) -> None:
    data = encode(Struct(found))
    assert decode(data) == (found, len(data))
    assert decode(b"before" + data, 6)[1] == 6 + len(data)


@given(st.dictionaries(st.integers(1, 300), fields, min_size=1))
def test_a_structure_that_is_cut_off_is_refused(found: dict) -> None:
    data = encode(Struct(found))
    with pytest.raises(CompactError):
        decode(data[:-1])


@given(st.binary())
def test_any_bytes_are_a_structure_or_refused(data: bytes) -> None:
    with contextlib.suppress(CompactError):
        decode(data)


def test_a_footer_is_written_back_byte_for_byte() -> None:
    sink = io.BytesIO()
    table = pa.table({"a": pa.array([[1], None]), "b": ["x", "y"]}).replace_schema_metadata(
        {"k": "v"}
    )
    pq.write_table(table, sink, row_group_size=1, write_page_index=True)
    data = sink.getvalue()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    assert encode(decode(footer)[0]) == footer


def test_nesting_without_end_is_refused() -> None:
    for byte in (b"\x1c", b"\x19\x19"):
        with pytest.raises(CompactError):
            decode(byte * 100_000)


def test_an_endless_integer_is_refused() -> None:
    with pytest.raises(CompactError, match="64 bits"):
        decode(b"\x15" + b"\xff" * 20)
