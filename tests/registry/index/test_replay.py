"""An index that was just built is tried: what misses something is noticed."""

from __future__ import annotations

import numpy as np
import pytest
from optout.registry.compiled import PLAIN, available
from optout.registry.index import replay
from optout.registry.index.pigeonhole import FEWEST, Chunks
from optout.registry.index.postings import built

pytestmark = pytest.mark.skipif(not available(), reason="there is no compiler")

ROWS = FEWEST + 5


@pytest.fixture(scope="module", params=[8, 32])
def hashes(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.default_rng(6).integers(0, 256, (ROWS, request.param), dtype=np.uint8)


def test_a_sound_index_finds_everything(hashes: np.ndarray) -> None:
    assert replay(hashes, built(hashes)) == ""


def test_a_million_equal_hashes_are_no_fault() -> None:
    hashes = np.full((1_000_000, 32), 7, np.uint8)
    assert replay(hashes, built(hashes)) == ""


def test_an_index_of_other_hashes_is_noticed(hashes: np.ndarray) -> None:
    assert replay(hashes, built(hashes[::-1].copy())).startswith("a hash that differs in")


def test_a_chunk_that_is_missing_is_noticed() -> None:
    hashes = np.random.default_rng(6).integers(0, 256, (ROWS, 32), dtype=np.uint8)
    postings = built(hashes).copy()
    chunks = Chunks.of(256, ROWS)
    for chunk in range(len(chunks.widths)):
        for begin, end in (
            (chunks.starts[chunk], chunks.sketches[chunk]),
            (chunks.sketches[chunk], chunks.postings[chunk]),
        ):
            damaged = postings.copy()
            damaged[1:][begin:end] = 0
            missed = replay(hashes, damaged)
            assert missed, f"nobody noticed that of chunk {chunk} something is missing"


def test_nothing_is_tried_where_there_is_nothing(
    hashes: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert replay(hashes[:10], built(hashes[:10])) == ""
    monkeypatch.setenv(PLAIN, "plain")
    assert replay(hashes, built(hashes[::-1].copy())) == ""
