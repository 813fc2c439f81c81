"""How hashes are cut, and which values of chunks are looked up: nothing near can slip through."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.index.pigeonhole import (
    FEWEST,
    MOST_BYTES,
    SKETCH,
    Chunks,
    Plan,
    flips,
    key_table,
    keys_of,
    masks,
    permutation,
)

ROWS = st.sampled_from([FEWEST, 10**5, 10**6, 10**7, 10**8, 10**9, 3 * 10**9])


def allowed(radii: tuple[int, ...]) -> int:
    """The least distance of a pair that goes beyond every radius."""
    return sum(radius + 1 for radius in radii)


@given(bits=st.sampled_from([64, 256]), rows=ROWS)
def test_every_bit_stands_in_one_chunk(bits: int, rows: int) -> None:
    chunks = Chunks.of(bits, rows)
    assert sum(chunks.spans) == bits
    assert [len(of) for of in chunks.positions()] == list(chunks.widths)
    every = np.concatenate(chunks.positions()).tolist()
    assert len(every) == len(set(every))
    assert sum(np.bitwise_count(masks(bits, chunks.positions()))).sum() == len(every)


@given(bits=st.sampled_from([64, 256]), rows=ROWS)
def test_a_sketch_is_of_what_follows_up_to_the_end_of_the_next_chunk(bits: int, rows: int) -> None:
    chunks = Chunks.of(bits, rows)
    dealt = permutation(bits).tolist() * 2
    begin = 0
    for span, after, own, sketch in zip(
        chunks.spans,
        (*chunks.spans[1:], chunks.spans[0]),
        chunks.positions(),
        chunks.sketched(),
        strict=True,
    ):
        both = [*own.tolist(), *sketch.tolist()]
        assert both == dealt[begin : begin + len(both)]
        assert len(sketch) == min(SKETCH, span + after - len(own))
        begin += span


@given(bits=st.sampled_from([64, 256]), rows=ROWS)
def test_postings_take_no_more_than_there_is_room_for(bits: int, rows: int) -> None:
    chunks = Chunks.of(bits, rows)
    assert chunks.widths
    assert 4 * chunks.words <= MOST_BYTES * rows
    ends = [
        start + (1 << width) + 1 for start, width in zip(chunks.starts, chunks.widths, strict=True)
    ]
    assert ends == list(chunks.sketches)
    assert [place + (rows + 1) // 2 for place in chunks.sketches] == list(chunks.postings)
    assert [*chunks.starts[1:], chunks.words] == [place + rows for place in chunks.postings]


@pytest.mark.parametrize("rows", [0, 1, FEWEST - 1, 1 << 32])
def test_so_few_or_so_many_hashes_have_no_postings(rows: int) -> None:
    assert Chunks.of(256, rows) == Chunks(256, rows, (), (), (), (), (), 0)


@pytest.mark.parametrize(
    ("bits", "rows", "widths"),
    [
        (256, FEWEST, [12] * 15),
        (256, 10**5, [13] * 16),
        (256, 10**6, [16] * 16),
        (256, 10**7, [16] * 16),
        (256, 10**8, [22] * 4 + [21] * 8),
        (64, FEWEST, [8] * 8),
        (64, 10**6, [16] * 4),
    ],
)
def test_how_hashes_are_cut_never_changes(bits: int, rows: int, widths: list[int]) -> None:
    # Whoever opens a snapshot must cut as its maker did.
    assert list(Chunks.of(bits, rows).widths) == widths


def test_the_permutation_never_changes() -> None:
    assert permutation(64)[:6].tolist() == [2, 56, 38, 14, 15, 30]
    assert permutation(256)[:6].tolist() == [202, 74, 85, 168, 46, 188]


@settings(deadline=None)
@given(bits=st.sampled_from([64, 256]), rows=ROWS, radius=st.integers(0, 64))
def test_nothing_within_the_radius_goes_beyond_the_radius_of_every_chunk(
    bits: int, rows: int, radius: int
) -> None:
    plan = Plan.of(Chunks.of(bits, rows), radius)
    assert min(plan.radii) >= -1
    assert allowed(plan.radii) == radius + 1


@settings(deadline=None)
@given(
    bits=st.sampled_from([64, 256]),
    rows=ROWS,
    radius=st.integers(0, 44),
    less=st.integers(0, 4),
    seed=st.integers(0, 2**32),
)
def test_of_a_near_pair_some_chunk_is_alike_and_so_is_it_with_its_sketch(
    bits: int, rows: int, radius: int, less: int, seed: int
) -> None:
    chunks = Chunks.of(bits, rows)
    plan = Plan.of(chunks, radius)
    differing = np.zeros(bits, bool)
    differing[np.random.default_rng(seed).permutation(bits)[: max(0, radius - less)]] = True
    assert any(
        differing[own].sum() <= most and differing[own].sum() + differing[sketch].sum() <= limit
        for own, sketch, most, limit in zip(
            chunks.positions(), chunks.sketched(), plan.radii, plan.limits, strict=True
        )
    )


@pytest.mark.parametrize("radius", range(10))
def test_the_radii_of_chunks_are_the_cheapest(radius: int) -> None:
    chunks = Chunks.of(64, 10**6)
    plan = Plan.of(chunks, radius)
    others = [
        radii
        for radii in itertools.product(range(-1, radius + 1), repeat=len(chunks.widths))
        if allowed(radii) == radius + 1
    ]

    def values(radii: tuple[int, ...]) -> int:
        each = zip(chunks.widths, radii, strict=True)
        return sum(math.comb(width, bits) for width, most in each for bits in range(most + 1))

    assert min(map(values, others)) <= values(plan.radii) <= 1.3 * min(map(values, others))


@pytest.mark.parametrize("width", [1, 2, 5, 9])
@pytest.mark.parametrize("radius", [-1, 0, 1, 3, 9, 12])
def test_flips_are_all_numbers_of_so_few_bits(width: int, radius: int) -> None:
    found = flips(width, radius).tolist()
    assert sorted(found) == [n for n in range(1 << width) if n.bit_count() <= radius]


@pytest.mark.parametrize("bits", [64, 256])
def test_chunks_are_the_bits_in_the_order_of_the_permutation(bits: int) -> None:
    chunks = Chunks.of(bits, 10**6)
    hashes = np.random.default_rng(5).integers(0, 256, (50, bits // 8), dtype=np.uint8)
    keys = keys_of(hashes, chunks.positions())
    for row, data in enumerate(hashes):
        text = "".join(f"{byte:08b}" for byte in data)
        dealt = "".join(text[position] for position in permutation(bits))
        for chunk, (span, width) in enumerate(zip(chunks.spans, chunks.widths, strict=True)):
            assert keys[row, chunk] == int(dealt[:width], 2)
            dealt = dealt[span:]
    table = key_table(bits, chunks.positions())
    summed = np.bitwise_xor.reduce(table[np.arange(bits // 8), hashes], axis=1)
    assert np.array_equal(summed, keys)
