"""From greys to phash256, of a picture and of its mirror image: exactly, or nearly and sooner."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import kernels

from .greys import SIDE, Levels, taps

KERNELS = "optout.filter.pictures.wave_kernels"
"""The module of compiled functions that hash."""

_WAVES = 16
_BYTES = _WAVES**2 // 8
_AT_ONCE = 4

_GREY_LEVEL = SIDE**2 / 4
"""What the amplitude of a wave of one grey level is, in the transform's unit."""

_ROUNDING = 1e-4
"""The transform's unit: two ways to sum up the same numbers differ by much less."""

_FAINT = 0.02
"""Grey levels: a wave as near to the median as that may fall on its other side where the greys are
nearly those of the reference."""


def exact_hashes(small: Levels) -> tuple[Levels, bool]:
    """The hashes of a picture as the reference makes them.

    Args:
        small: uint8[64, 64], the picture as `reduced` hands it back.

    Returns:
        uint8[2, 32], phash256 of the picture and of its mirror image; and whether they depend on
        how sums are rounded.
    """
    hashes = np.empty((2, _BYTES), np.uint8)
    tied = kernels(KERNELS).hash_greys(small, _folded_cosines(), _ROUNDING, hashes)
    return hashes, tied > 0


def near_hashes(greys: Levels) -> tuple[Levels, int]:
    """The hashes of a picture of any size, but for what is rounded between scaling and transform.

    Args:
        greys: uint8[height, width].

    Returns:
        uint8[2, 32], phash256 of the picture and of its mirror image, or nearly; and how many bits
        of either are faint: they may fall otherwise if the greys are a little off.
    """
    hashes = np.empty((2, _BYTES), np.uint8)
    down, across = map(_weights, greys.shape)
    faint = kernels(KERNELS).hash_draft(greys, down, across, _FAINT * _GREY_LEVEL, hashes)
    return hashes, faint


@lru_cache(1)
def _folded_cosines() -> npt.NDArray[np.float64]:
    return _folded(_cosines())


@lru_cache(2048)
def _weights(size: int) -> npt.NDArray[np.float32]:
    """What each pixel of a side counts in each wave: scaling and transform in one, folded.

    Args:
        size: of the side, in pixels.
    """
    first, _, shares = taps(size)
    scaling = np.zeros((SIDE, size))
    for place in range(SIDE):
        scaling[place, first[place] : first[place] + shares.shape[1]] = shares[place]
    return _folded(_cosines() @ scaling).astype(np.float32)


def _cosines() -> npt.NDArray[np.float64]:
    """The lowest waves of the discrete cosine transform, float64[16, 64], one a row."""
    wave, place = np.arange(_WAVES)[:, None], np.arange(SIDE)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * SIDE))


def _folded(waves: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Half of some waves, the other half being its mirror image, upside down for the odd ones.

    Args:
        waves: float64[16, size].

    Returns:
        float64[n, 16], of each pixel of the first half what it counts, the even waves first: the
        middle one half of that, as it is its own counterpart; zeros up to a multiple of four.
    """
    size = waves.shape[1]
    half = (size + 1) // 2
    folded = np.zeros((-(-half // _AT_ONCE) * _AT_ONCE, _WAVES))
    folded[:half] = np.hstack((waves[0::2, :half].T, waves[1::2, :half].T))
    if size % 2:
        folded[half - 1] /= 2
    return folded
