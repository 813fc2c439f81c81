"""A picture becomes 64 x 64 greys as the reference makes them."""

from __future__ import annotations

import numpy as np
import pytest
from optout.filter.pictures.greys import clipped, greys_of, reduced
from PIL import Image


@pytest.mark.parametrize("seed", range(10))
def test_greys_are_reduced_as_pillow_does(seed: int) -> None:
    random = np.random.default_rng(seed)
    for width, height in random.integers(1, 500, (20, 2)).tolist():
        # The hardest to round: sums of few different numbers fall between two levels.
        levels = random.choice([0, 64, 128, 255], (height, width)).astype(np.uint8)
        shown = Image.fromarray(levels)
        expected = np.asarray(shown.resize((64, 64), Image.Resampling.LANCZOS))
        assert (reduced(levels) == expected).all(), (width, height)


def test_what_falls_between_two_levels_is_rounded_as_pillow_does() -> None:
    for odd in range(1, 256, 2):
        levels = np.full((128, 192), odd // 2, np.uint8)
        levels[::2] += odd % 2
        levels[:, 1::3] ^= 1
        expected = np.asarray(Image.fromarray(levels).resize((64, 64), Image.Resampling.LANCZOS))
        assert (reduced(levels) == expected).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (9, 100), (64, 33)])
def test_colours_become_greys_as_pillow_makes_them(shape: tuple[int, int]) -> None:
    colours = np.random.default_rng(1).integers(0, 256, (*shape, 4), np.uint8)
    greys = greys_of(colours.view("<u4")[:, :, 0])
    shown = Image.fromarray(np.ascontiguousarray(colours[:, :, :3]))
    assert (greys == np.asarray(shown.convert("L"))).all()


def test_levels_without_shades_are_counted_in_every_fourth_line() -> None:
    colours = np.full((9, 2, 4), 128, np.uint8)
    colours[:, 0] = [0, 255, 1, 0]
    colours[:, 1] = [254, 255, 255, 255]
    assert clipped(colours.view("<u4")[:, :, 0]) == 4 / 6
    colours[[1, 2, 3, 5, 6, 7]] = 1
    assert clipped(colours.view("<u4")[:, :, 0]) == 4 / 6
