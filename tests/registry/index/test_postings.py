"""Postings, read by hand."""

from __future__ import annotations

import io

import numpy as np
import pytest
from optout.registry.compiled import PLAIN, available
from optout.registry.index.pigeonhole import FEWEST, Chunks, keys_of
from optout.registry.index.postings import LAYOUT, UnknownLayoutError, built, opened, write_postings

ROWS = FEWEST + 101


def hashes(size: int, *, equal: int = 0) -> np.ndarray:
    found = np.random.default_rng(4).integers(0, 256, (ROWS, size), dtype=np.uint8)
    found[50 : 50 + equal] = found[0]
    return found


def written(of: np.ndarray, part: int) -> bytes:
    stream = io.BytesIO()
    write_postings(of, stream, part=part)
    return stream.getvalue()


@pytest.mark.parametrize("size", [8, 32])
@pytest.mark.parametrize("equal", [0, 20_000])
def test_under_every_value_stand_the_rows_that_have_it(size: int, equal: int) -> None:
    of = hashes(size, equal=equal)
    chunks = Chunks.of(8 * size, ROWS)
    layout, *_ = whole = np.frombuffer(built(of).tobytes(), "<u4")
    assert layout == LAYOUT == 1
    numbers = whole[1:]
    assert len(numbers) == chunks.words
    keys, sketches = keys_of(of, chunks.positions()), keys_of(of, chunks.sketched())
    for chunk, width in enumerate(chunks.widths):
        starts = numbers[chunks.starts[chunk] :][: (1 << width) + 1].astype(np.int64)
        rows = numbers[chunks.postings[chunk] :][:ROWS]
        beside = numbers[chunks.sketches[chunk] : chunks.postings[chunk]].view("<u2")
        assert np.array_equal(beside[:ROWS], sketches[rows, chunk])
        assert not beside[ROWS:].any()
        assert (starts[0], starts[-1]) == (0, ROWS)
        assert sorted(rows.tolist()) == list(range(ROWS))
        assert np.array_equal(keys[rows, chunk], np.repeat(np.arange(1 << width), np.diff(starts)))
        inside = np.diff(rows.astype(np.int64)) > 0
        inside[starts[(starts > 0) & (starts < ROWS)] - 1] = True
        assert inside.all()


@pytest.mark.parametrize("part", [1000, 9999, ROWS - 1, ROWS, ROWS + 1])
@pytest.mark.parametrize("equal", [0, 20_000])
def test_the_bytes_do_not_depend_on_how_much_is_done_at_once(part: int, equal: int) -> None:
    of = hashes(32, equal=equal)
    assert written(of, part) == built(of).tobytes()


@pytest.mark.skipif(not available(), reason="there is no compiler")
@pytest.mark.parametrize("size", [8, 32])
def test_the_plain_form_writes_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    of = hashes(size, equal=1000)
    compiled = built(of).tobytes()
    monkeypatch.setenv(PLAIN, "plain")
    assert built(of).tobytes() == compiled


def test_few_hashes_have_none() -> None:
    assert not len(built(hashes(32)[: FEWEST - 1]))


@pytest.mark.parametrize("layout", [0, LAYOUT + 1, 2**32 - 1])
def test_another_layout_is_known_by_its_number_whatever_its_length(layout: int) -> None:
    for length in (1, 5, 9):
        numbers = np.full(length, layout, np.uint32)
        with pytest.raises(UnknownLayoutError, match=f"the layout {layout}, and this optout reads"):
            opened(numbers, 4)
