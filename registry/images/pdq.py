"""PDQ: 256 bits and a quality, for corpora that carry such hashes.

The luma of a picture is blurred by a tent as wide as one of 64 x 64 blocks, read off at their
centres, and transformed; each bit says whether one of the 16 x 16 lowest waves, without the
constant ones, is above the median. Blurring and reading off are linear, across and down apart
from each other, so that every one of the 64 x 64 values is two short weighted sums.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook,
August 2019, sections on PDQ; held by vectors that the published implementation made.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from .orientation import Box
from .sheet import Sheet

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

MIN_QUALITY = 50
"""A hash of a lower quality says too little about its picture to be compared."""

_SIDE = 64
_WAVES = 16
_SMALLEST = 5
_LARGEST = 1 << 20
_WHITE = 255
_LUMA = (0.299, 0.587, 0.114)


class Pdq(NamedTuple):
    """A picture's hash and how much there is in the picture.

    Attributes:
        hash: 256 bits, 32 bytes, in the order of PDQ's hexadecimal digits.
        quality: 0 to 100.
    """

    hash: bytes
    quality: int


class _Taps(NamedTuple):
    """One weighted sum over a part of a row or of a column."""

    start: int
    stop: int
    weights: npt.NDArray[np.float64]


def pdq(picture: Image.Image | Sheet, frame: Box | None = None) -> Pdq:
    """The PDQ hash and quality of a picture, as it is: nothing is scaled down beforehand.

    Args:
        picture: any mode that is turned into RGB or L, or a sheet.
        frame: what of it is hashed, all by default: left, top, right and bottom. What lies outside
            of the picture is white.

    Returns:
        zeros of the quality 0 for fewer than 5 pixels across or down, or more than a million.
    """
    sheet = picture if isinstance(picture, Sheet) else Sheet(picture)
    left, top, right, bottom = frame or (0, 0, *sheet.size)
    sides = right - left, bottom - top
    if min(sides) < _SMALLEST or max(sides) > _LARGEST:
        return Pdq(bytes(_WAVES**2 // 8), 0)
    small = _decimated(sheet, left, top, *sides)
    return Pdq(_bits(small), _quality(small))


def _decimated(
    sheet: Sheet, left: int, top: int, width: int, height: int
) -> npt.NDArray[np.float32]:
    """The luma of a frame, blurred, at the centres of 64 x 64 blocks."""
    import numpy as np

    columns = [_taps(width, column) for column in range(_SIDE)]
    first, last = max(0, -left), min(width, sheet.size[0] - left)
    small = np.empty((_SIDE, _SIDE), np.float32)
    # Darkness and not luma is summed up: there is none outside of the picture.
    line = np.zeros(width)
    for row in range(_SIDE):
        down = _taps(height, row)
        start, stop = max(down.start, -top), min(down.stop, sheet.size[1] - top)
        line[first:last] = 0
        if start < stop:
            box = (first + left, start + top, last + left, stop + top)
            weights = down.weights[start - down.start : stop - down.start]
            line[first:last] = weights @ (_WHITE - _luma(sheet.part(box)))
        small[row] = [
            _WHITE - across.weights @ line[across.start : across.stop] for across in columns
        ]
    return small


def _luma(picture: Image.Image) -> npt.NDArray[np.float32]:
    import numpy as np

    pixels = np.asarray(picture)
    if picture.mode == "L":
        return pixels.astype(np.float32)
    red, green, blue = (pixels[..., band] * weight for band, weight in enumerate(_LUMA))
    return (red + green + blue).astype(np.float32)


def _taps(size: int, block: int) -> _Taps:
    """What the value of one of the 64 blocks along a side is summed up from.

    Args:
        size: of the side, in pixels.
        block: 0 to 63.
    """
    import numpy as np

    centre = (2 * block + 1) * size // (2 * _SIDE)
    first, last = _window(size, np.array([centre]))
    # The tent is a mean over means: a window of windows, all cut off at the edges.
    firsts, lasts = _window(size, np.arange(first[0], last[0] + 1))
    start, stop = int(firsts[0]), int(lasts[-1]) + 1
    weights = 1 / (lasts - firsts + 1) / len(firsts)
    steps = np.zeros(stop - start + 1)
    np.add.at(steps, firsts - start, weights)
    np.subtract.at(steps, lasts - start + 1, weights)
    return _Taps(start, stop, np.cumsum(steps)[:-1])


def _window(
    size: int, centre: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first and the last pixel of the windows around some pixels."""
    import numpy as np

    width = -(-size // (2 * _SIDE))
    right = width // 2
    return np.maximum(centre - (width - 1 - right), 0), np.minimum(centre + right, size - 1)


def _quality(small: npt.NDArray[np.float32]) -> int:
    """How much changes from block to block: percent of the whole range, small steps left out."""
    import numpy as np

    steps = (
        np.trunc(np.diff(small, axis=axis) * np.float32(100) / np.float32(255)) for axis in (0, 1)
    )
    return min(100, sum(int(np.abs(step).sum()) for step in steps) // 90)


def _bits(small: npt.NDArray[np.float32]) -> bytes:
    import numpy as np

    waves = _cosines()
    amplitudes = (waves @ small @ waves.T).reshape(-1)
    # The lower one of the two in the middle.
    median = np.partition(amplitudes, len(amplitudes) // 2 - 1)[len(amplitudes) // 2 - 1]
    # The first wave is the lowest bit.
    return np.packbits((amplitudes > median)[::-1]).tobytes()


@cache
def _cosines() -> npt.NDArray[np.float64]:
    """The waves 1 to 16 of the discrete cosine transform, one a row."""
    import numpy as np

    wave, place = np.arange(1, _WAVES + 1)[:, None], np.arange(_SIDE)
    waves: npt.NDArray[np.float64] = np.cos(np.pi * wave * (2 * place + 1) / (2 * _SIDE))
    return waves
