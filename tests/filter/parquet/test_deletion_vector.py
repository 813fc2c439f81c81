"""Iceberg's deletion-vector-v1, and that no byte of one is free."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.errors import EvidenceError
from optout.filter.parquet import decode_vector, encode_vector, rows_of
from pyroaring import BitMap64

rows = st.sets(st.integers(0, 2**40) | st.integers(0, 3000), max_size=200)


def blob(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))


def test_the_layout_is_the_specifications() -> None:
    # Length, magic, one bitmap with key 0, cookie of a run container, its run 1..3, checksum.
    found = encode_vector([1, 2, 3])
    assert found[4:8].hex() == "d1d33964"
    assert struct.unpack(">I", found[:4]) == (len(found) - 8,)
    assert struct.unpack("<Q", found[8:16]) == (1,)
    assert struct.unpack(">I", found[-4:]) == (zlib.crc32(found[4:-4]),)


def test_a_vector_of_no_rows_is_a_vector() -> None:
    assert list(decode_vector(encode_vector([]))) == []


@given(rows)
def test_rows_are_read_back_ascending(found: set[int]) -> None:
    vector = encode_vector(found)
    assert rows_of(decode_vector(vector)).tolist() == sorted(found)


@given(rows)
def test_the_same_rows_make_the_same_bytes(found: set[int]) -> None:
    vector = encode_vector(sorted(found))
    assert encode_vector(sorted(found, reverse=True)) == vector
    assert encode_vector(np.array(sorted(found), dtype=np.int64)) == vector
    grown = BitMap64()
    for row in found:
        grown.add(row)
    assert encode_vector(grown) == vector


def test_any_changed_byte_is_noticed() -> None:
    vector = encode_vector([0, 7, 8, 9, 5000, 2**33])
    for place in range(len(vector)):
        for bit in range(8):
            changed = bytearray(vector)
            changed[place] ^= 1 << bit
            with pytest.raises(EvidenceError):
                decode_vector(bytes(changed))


def test_any_missing_or_added_byte_is_noticed() -> None:
    vector = encode_vector([0, 7, 5000])
    for length in range(len(vector)):
        with pytest.raises(EvidenceError):
            decode_vector(vector[:length])
    with pytest.raises(EvidenceError):
        decode_vector(vector + b"\0")


def test_a_right_checksum_over_something_else_is_no_vector() -> None:
    magic = bytes.fromhex("d1d33964")
    plain = BitMap64()
    for row in range(100):
        plain.add(row)
    plain = plain.serialize()  # not the form that `encode_vector` chooses
    for body in (
        *(b"PFA1" + plain, magic, magic + b"\xff" * 40, magic + plain, magic + b"\0" * 9),
        magic + encode_vector([1])[8:-4] + b"\0",
    ):
        with pytest.raises(EvidenceError):
            decode_vector(blob(body))


def test_a_million_rows_are_quick() -> None:
    found = np.arange(0, 3_000_000, 3)
    assert (rows_of(decode_vector(encode_vector(found))) == found).all()
