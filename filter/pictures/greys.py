"""A picture at 64 x 64 greys, exactly as the reference makes it before it hashes, but sooner."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import kernels

from .scratch import SCRATCH

KERNELS = "optout.filter.pictures.grey_kernels"
"""The module of compiled functions that make greys."""

SIDE = 64
_BITS = 22
"""Of a weight, behind the point."""

_SUPPORT = 3

_LARGE = 1 << 25
"""Pixels from which memory counts for more than time."""


Levels = npt.NDArray[np.uint8]


class Taps(NamedTuple):
    """What each of 64 pixels along a side is summed up from.

    Attributes:
        first: int32[64], the first pixel.
        weights: int32[64, n], of n pixels from there on, times 2**22.
        shares: float32[64, n], the same as parts of one.
    """

    first: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]


def greys_of(pixels: npt.NDArray[np.uint32]) -> Levels:
    """A picture's greys, as Pillow's `convert` makes them.

    Args:
        pixels: uint32[height, width], red in the lowest byte, then green, then blue.

    Returns:
        uint8[height, width], which is good until the next call.
    """
    levels = SCRATCH.levels("greys", *pixels.shape)
    kernels(KERNELS).greys_of(pixels, levels)
    return levels


def clipped(pixels: npt.NDArray[np.uint32]) -> float:
    """The share of levels, reds, greens and blues, that are 0 or 255.

    Args:
        pixels: uint32[height, width], red in the lowest byte, then green, then blue.
    """
    making = kernels(KERNELS)
    height, width = pixels.shape
    counted = 3 * width * -(-height // making.EVERY)
    return float(making.clipped(pixels) / counted)


def reduced(levels: Levels) -> Levels:
    """A picture at 64 x 64, exactly as Pillow's `resize` makes it with LANCZOS.

    Args:
        levels: uint8[height, width].
    """
    height, width = levels.shape
    if width < SIDE or height > 2 * width - SIDE or levels.size > _LARGE:
        from PIL import Image

        # Some versions of Pillow reduce tall pictures down first, which rounds otherwise; and it
        # takes the least memory.
        picture = Image.fromarray(levels)
        return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    columns = SCRATCH.levels("columns", width, height)
    small = np.empty((SIDE, SIDE), np.uint8)
    making = kernels(KERNELS)
    making.reduce_greys(levels, *taps(width), *taps(height), columns, small)
    return small


@lru_cache(4096)
def taps(size: int) -> Taps:
    """What a side is scaled to 64 pixels by, as Pillow's LANCZOS has it.

    Args:
        size: of the side, in pixels.
    """
    scale = size / SIDE
    wide = max(1.0, scale)
    support = _SUPPORT * wide
    centre = (np.arange(SIDE) + 0.5) * scale
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support + 0.5).astype(np.int64), size)
    count = int((last - first).max())
    left = np.minimum(first, size - count)
    place = left[:, None] + np.arange(count)
    weights = _lanczos((place - centre[:, None] + 0.5) / wide)
    weights[(place < first[:, None]) | (place >= last[:, None])] = 0
    weights /= weights.sum(1, keepdims=True)
    whole = np.trunc(weights * (1 << _BITS) + np.where(weights < 0, -0.5, 0.5))
    shares = np.ascontiguousarray(whole / (1 << _BITS), np.float32)
    return Taps(left.astype(np.int32), np.ascontiguousarray(whole, np.int32), shares)


def _lanczos(place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = (place >= -_SUPPORT) & (place < _SUPPORT)
    curve: npt.NDArray[np.float64] = np.sinc(place) * np.sinc(place / _SUPPORT)
    return np.where(inside, curve, 0)
