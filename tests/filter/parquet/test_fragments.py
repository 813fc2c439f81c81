"""Blocks without a frame, decompressed in pieces: the same bytes as the libraries give."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.filter.parquet import fragments
from optout.filter.parquet.fragments import lz4_pieces, snappy_pieces

CHANCE = random.Random(8)
SHAPES = {
    "nothing": b"",
    "one byte": b"a",
    "zeros": bytes(5 << 20),
    "noise": CHANCE.randbytes(3 << 20),
    "words": bytes(CHANCE.choices(b"abcdef  ", k=2 << 20)),
    "noise, then again": CHANCE.randbytes(60_000) * 40,
    "mixed": b"".join(
        CHANCE.choice([CHANCE.randbytes(n), bytes(n), b"abc" * n]) for n in range(1, 2500, 3)
    ),
}


def snappy(data: bytes) -> bytes:
    return pa.Codec("snappy").compress(data, asbytes=True)


def lz4(data: bytes) -> bytes:
    return pa.Codec("lz4_raw").compress(data, asbytes=True)


def from_snappy(block: bytes, size: int) -> bytes:
    return b"".join(snappy_pieces(io.BytesIO(block), size))


def from_lz4(block: bytes) -> bytes:
    return b"".join(lz4_pieces(io.BytesIO(block)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("piece", [1, 1000, 1 << 20])
def test_a_block_is_the_same_in_pieces(
    shape: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragments, "PIECE_BYTES", max(piece, 70))
    data = SHAPES[shape] if piece > 1 else SHAPES[shape][:50_000]
    assert from_snappy(snappy(data), len(data)) == data
    assert from_lz4(lz4(data)) == data


@given(
    parts=st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 400)), max_size=20),
    piece=st.sampled_from([70, 500, 1 << 20]),
)
@settings(deadline=None)
def test_any_block_is_the_same_in_pieces(parts: list, piece: int) -> None:
    data = b"".join(part * often for part, often in parts)
    usual = fragments.PIECE_BYTES
    fragments.PIECE_BYTES = piece
    try:
        assert from_snappy(snappy(data), len(data)) == data
        assert from_lz4(lz4(data)) == data
    finally:
        fragments.PIECE_BYTES = usual


def test_no_piece_is_much_larger_than_asked_for() -> None:
    data = bytes(64 << 20)
    for pieces in (
        snappy_pieces(io.BytesIO(snappy(data)), len(data)),
        lz4_pieces(io.BytesIO(lz4(data))),
    ):
        assert max(map(len, pieces)) <= fragments.PIECE_BYTES * 2


def test_a_copy_may_reach_back_over_any_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "PIECE_BYTES", 4096)
    first = CHANCE.randbytes(65_535)
    # 64 bytes from 65,535 back, again and again: no compressor that cuts at 64 KiB writes this.
    copies = b"".join(bytes([63 << 2 | 2]) + (65_535).to_bytes(2, "little") for _ in range(3000))
    literal = bytes([61 << 2]) + (len(first) - 1).to_bytes(2, "little") + first
    total = len(first) + 3000 * 64
    block = fragments._varint(total) + literal + copies
    expected = pa.Codec("snappy").decompress(block, decompressed_size=total, asbytes=True)
    assert from_snappy(block, total) == expected


def test_damage_is_an_error_and_ends() -> None:
    chance = random.Random(3)
    data = SHAPES["mixed"][:200_000]
    for compressed, back in (
        (snappy(data), lambda block: from_snappy(block, len(data))),
        (lz4(data), from_lz4),
    ):
        failed = 0
        for _ in range(150):
            block = bytearray(compressed)
            for _ in range(3):
                block[chance.randrange(len(block))] = chance.randrange(256)
            try:
                back(bytes(block[: chance.randrange(len(block))]))
            except (ValueError, OSError, pa.ArrowException):
                failed += 1
        assert failed > 30
