"""Greys are hashed as the reference does it, or nearly, of a picture of any size."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
from optout.filter.pictures.greys import reduced
from optout.filter.pictures.waves import exact_hashes, near_hashes
from PIL import Image, ImageOps

from .hostile_pictures import picture


def reference(shown: Image.Image) -> np.ndarray:
    """uint8[2, 32], by imagehash, both ways."""
    ways = (shown, ImageOps.mirror(shown))
    return np.stack([np.packbits(imagehash.phash(each, 16).hash) for each in ways])


@pytest.mark.parametrize("seed", range(5))
def test_reduced_pictures_have_the_references_hashes(seed: int) -> None:
    for size in ((64, 64), (65, 300), (257, 256), (600, 333)):
        shown = picture(seed, size).convert("L")
        hashes, doubtful = exact_hashes(reduced(np.asarray(shown)))
        assert (hashes == reference(shown)).all()
        assert not doubtful


def test_where_waves_are_tied_the_hashes_are_doubtful() -> None:
    assert exact_hashes(np.full((64, 64), 90, np.uint8))[1]
    mirrored = np.tile(np.abs(np.arange(64) - 31.5).astype(np.uint8) * 8, (64, 1))
    assert exact_hashes(mirrored)[1]


@pytest.mark.parametrize("seed", range(5))
def test_other_sizes_are_hashed_but_for_what_is_rounded(seed: int) -> None:
    for size in ((64, 64), (65, 300), (257, 256), (600, 333), (1000, 1)):
        shown = picture(seed, size).convert("L")
        hashes, faint = near_hashes(np.asarray(shown))
        assert np.bitwise_count(hashes ^ reference(shown)).sum(1).max() <= faint


def test_of_a_plain_picture_every_bit_is_faint() -> None:
    assert near_hashes(np.full((300, 256), 90, np.uint8))[1] >= 250


def test_of_a_mirrored_picture_the_hashes_change_places() -> None:
    levels = np.asarray(picture(5, (301, 256)).convert("L"))
    one, _ = near_hashes(levels)
    other, _ = near_hashes(np.ascontiguousarray(levels[:, ::-1]))
    assert np.bitwise_count(one ^ other[::-1]).sum() <= 2
