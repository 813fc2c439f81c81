"""Pictures by the thousand: hashes that propose which of them are worth the reference's look.

Nothing is decided by them. A picture is decoded by the registry's own decoder, a large JPEG at a
part of its size, and hashed by compiled functions. What is decoded whole comes out as the
reference hashes it, bit by bit, or is found doubtful; of what was scaled down the hash may be
`MARGIN` bits off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from optout.registry.compiled import kernels
from optout.registry.images import opened

if TYPE_CHECKING:
    from PIL import Image

KERNELS = "optout.filter.pictures.grey_kernels"
"""The module of compiled functions that hash."""

MARGIN = 16
"""The most bits in which the hash of a picture that was scaled down as it was decoded, or of its
mirror image, is taken to differ from the reference's.

Measured, not proven: of 7,600 crops of photographs and drawings, in JPEG of all qualities, colour
resolutions and both orders, 3,055 were scaled down and not found doubtful. Half of their
6,110 hashes were the reference's; 28 were 8 bits off, 5 were 10, and one was 12. The hashes of the
4,118 that were decoded whole and not found doubtful were the reference's, every bit. Of 396 files
with a few bits turned, 7 hashes were 14 to 26 bits off, which `_CLIPPED` is for.
"""

LEAST = 256
"""Pixels across and down to which a JPEG is scaled as it is decoded."""

_SIDE, _WAVES = 64, 16
_BITS = 22
_SUPPORT = 3
_GREY_LEVEL = _SIDE**2 / 4
"""What the amplitude of a wave of one grey level is, in the transform's unit."""

_FAINT = 0.02
"""Grey levels: a wave as near to the median as that may fall on its other side in a draft."""

_CLIPPED = 0.2
"""The share of levels that may be 0 or 255 in a draft."""

_MOST_FAINT = 12
"""Waves that may be faint in a draft. Of dark pictures, and of nearly plain ones, many are."""

_ROUNDING = 1e-4
"""The transform's unit: two ways to sum up the same numbers differ by much less."""

Levels = npt.NDArray[np.uint8]
_Taps = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What some pictures may be looked for by.

    Attributes:
        hashes: uint8[n, 2, 32], phash256 of each picture and of its mirror image.
        drafted: bool[n], the hashes may be `MARGIN` bits off; those of the others are exact.
        doubtful: bool[n], the hashes say nothing: the reference has to hash the picture.
        undecodable: bool[n], the picture cannot be decoded.
    """

    hashes: Levels
    drafted: npt.NDArray[np.bool_]
    doubtful: npt.NDArray[np.bool_]
    undecodable: npt.NDArray[np.bool_]


def small_greys(data: bytes, *, draft: bool = True) -> tuple[Levels, bool]:
    """A picture as 64 x 64 greys.

    Args:
        data: the picture's file.
        draft: whether a JPEG may be scaled down as it is decoded.

    Returns:
        uint8[64, 64], and whether it was scaled down as it was decoded: if not, these are the greys
        that the reference hashes.

    Raises:
        PictureError: the picture cannot be read.
    """
    with opened(data, least=LEAST if draft else None) as sheet:
        shown = sheet.whole(grey=not sheet.is_draft)
    # Not before: whatever goes wrong while a sheet is open is the picture's fault.
    if sheet.is_draft and _is_clipped(shown):
        return small_greys(data, draft=False)
    return reduced(shown.convert("L")), sheet.is_draft


def propose(small: Sequence[tuple[Levels, bool] | None]) -> Proposals:
    """Hash pictures.

    Args:
        small: of each picture what `small_greys` gives; None where it cannot be decoded.
    """
    count = len(small)
    greys = np.zeros((count, _SIDE, _SIDE), np.uint8)
    drafted, undecodable = np.zeros(count, bool), np.zeros(count, bool)
    for number, each in enumerate(small):
        if each is None:
            undecodable[number] = True
        else:
            greys[number], drafted[number] = each
    hashes = np.empty((count, 2, _WAVES**2 // 8), np.uint8)
    around = np.empty((count, 2, _WAVES**2))
    kernels(KERNELS).hash_greys(greys, _cosines(), hashes, around)
    faint = (around < _FAINT * _GREY_LEVEL).sum(2).max(1)
    tied = (around < _ROUNDING).any((1, 2))
    doubtful = ~undecodable & np.where(drafted, faint > _MOST_FAINT, tied)
    return Proposals(hashes, drafted & ~doubtful, doubtful, undecodable)


def _is_clipped(shown: Image.Image) -> bool:
    """Whether much of a picture is as dark or as bright as can be.

    There a decoder cuts off what would be darker or brighter, at each size something else: a lot of
    it where a file is damaged and its blocks are noise.
    """
    levels = shown.histogram()
    return sum(levels[0::256]) + sum(levels[255::256]) > _CLIPPED * sum(levels)


def reduced(grey: Image.Image) -> Levels:
    """A picture at 64 x 64, exactly as Pillow's `resize` makes it with LANCZOS.

    Args:
        grey: mode L.
    """
    from PIL.Image import Resampling

    if grey.width < _SIDE or grey.height > 2 * grey.width - _SIDE:
        # Some versions of Pillow reduce tall pictures down first, which rounds otherwise.
        return np.asarray(grey.resize((_SIDE, _SIDE), Resampling.LANCZOS))
    levels = np.asarray(grey)
    height, width = levels.shape
    small = np.empty((_SIDE, _SIDE), np.uint8)
    kernels(KERNELS).reduce_greys(levels, *_taps(width), *_taps(height), small)
    return small


@lru_cache(4096)
def _taps(size: int) -> _Taps:
    """What each of 64 pixels along a side is summed up from, as Pillow's LANCZOS has it.

    Args:
        size: of the side, in pixels.

    Returns:
        int32[64], the first pixel; int32[64, n], the weights of n pixels from there on, times
        2**22.
    """
    scale = size / _SIDE
    wide = max(1.0, scale)
    support = _SUPPORT * wide
    centre = (np.arange(_SIDE) + 0.5) * scale
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support + 0.5).astype(np.int64), size)
    taps = int((last - first).max())
    left = np.minimum(first, size - taps)
    place = left[:, None] + np.arange(taps)
    weights = _lanczos((place - centre[:, None] + 0.5) / wide)
    weights[(place < first[:, None]) | (place >= last[:, None])] = 0
    weights /= weights.sum(1, keepdims=True)
    whole = np.trunc(weights * (1 << _BITS) + np.where(weights < 0, -0.5, 0.5))
    return left.astype(np.int32), np.ascontiguousarray(whole, np.int32)


def _lanczos(place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = (place >= -_SUPPORT) & (place < _SUPPORT)
    curve: npt.NDArray[np.float64] = np.sinc(place) * np.sinc(place / _SUPPORT)
    return np.where(inside, curve, 0)


@lru_cache(1)
def _cosines() -> npt.NDArray[np.float64]:
    """The lowest waves of the discrete cosine transform, one a row."""
    wave, place = np.arange(_WAVES)[:, None], np.arange(_SIDE)
    return np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
