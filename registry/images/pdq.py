"""PDQ: 256 bits and a quality, for corpora that carry such hashes.

The luma of a picture is blurred by a tent as wide as one of 64 x 64 blocks, read off at their
centres, and transformed; each bit says whether one of the 16 x 16 lowest waves, without the
constant ones, is above the median. Blurring and reading off are linear, across and down apart
from each other, so that every one of the 64 x 64 values is two short weighted sums.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook,
August 2019, sections on PDQ; held by vectors that the published implementation made.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .orientation import Box
from .sheet import Sheet

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

MIN_QUALITY = 50
"""A hash of a lower quality says too little about its picture to be compared."""

SIDE, WAVES = 64, 16

_SMALLEST = 5
_LARGEST = 1 << 20
_KEPT = 1 << 13
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


class Taps(NamedTuple):
    """One weighted sum over a part of a row or of a column.

    Attributes:
        start: the first pixel.
        stop: the one behind the last.
        weights: float64, of each pixel; 1 together.
    """

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
    return _hashed(picture, frame, 1)[0]


def pdq_both_ways(picture: Image.Image | Sheet) -> tuple[Pdq, Pdq]:
    """What `pdq` says of a picture and of its mirror image, left and right exchanged."""
    one, other = _hashed(picture, None, 2)
    return one, other


def has_pdq(width: int, height: int) -> bool:
    """Whether a picture is neither too small nor too large for a hash."""
    return min(width, height) >= _SMALLEST and max(width, height) <= _LARGEST


def _hashed(picture: Image.Image | Sheet, frame: Box | None, ways: int) -> list[Pdq]:
    sheet = picture if isinstance(picture, Sheet) else Sheet(picture)
    left, top, right, bottom = frame or (0, 0, *sheet.size)
    sides = right - left, bottom - top
    if not has_pdq(*sides):
        return [Pdq(bytes(WAVES**2 // 8), 0)] * ways
    small = _decimated(sheet, left, top, *sides, ways)
    hashes = (packed.tobytes() for packed in bits_of(small))
    return list(map(Pdq, hashes, map(_quality, small)))


def _decimated(
    sheet: Sheet, left: int, top: int, width: int, height: int, ways: int
) -> npt.NDArray[np.float32]:
    """The luma of a frame, blurred, at the centres of 64 x 64 blocks; and mirrored, if two ways."""
    import numpy as np

    places, weights, begins = laid_out(side_taps(width))
    first, last = max(0, -left), min(width, sheet.size[0] - left)
    small = np.empty((ways, SIDE, SIDE), np.float32)
    # Darkness and not luma is summed up: there is none outside of the picture.
    line = np.zeros(width)
    for row, down in enumerate(side_taps(height)):
        start, stop = max(down.start, -top), min(down.stop, sheet.size[1] - top)
        line[first:last] = 0
        if start < stop:
            box = (first + left, start + top, last + left, stop + top)
            inside = down.weights[start - down.start : stop - down.start]
            darkness = _WHITE - _luma(sheet.part(box))
            # Not `@`: so small a product is faster than the threads that would share it.
            line[first:last] = np.einsum("i,ij->j", inside, darkness)
        for way, seen in enumerate((line, line[::-1])[:ways]):
            small[way, row] = _WHITE - np.add.reduceat(weights * seen[places], begins)
    return small


def laid_out(
    taps: Sequence[Taps],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Taps one behind the other: all pixels, their weights, and where those of each tap begin."""
    import numpy as np

    places = np.concatenate([np.arange(each.start, each.stop) for each in taps])
    lengths = [each.stop - each.start for each in taps]
    return places, np.concatenate([each.weights for each in taps]), np.cumsum([0, *lengths[:-1]])


def _luma(picture: Image.Image) -> npt.NDArray[np.float32]:
    import numpy as np

    pixels = np.asarray(picture)
    if picture.mode == "L":
        return pixels.astype(np.float32)
    red, green, blue = (pixels[..., band] * weight for band, weight in enumerate(_LUMA))
    return (red + green + blue).astype(np.float32)


def side_taps(size: int) -> Sequence[Taps]:
    """What the values of the 64 blocks along a side are summed up from.

    Args:
        size: of the side, in pixels.
    """
    # Of longer ones each takes megabytes.
    return _kept_taps(size) if size <= _KEPT else _side_taps(size)


def _side_taps(size: int) -> Sequence[Taps]:
    return tuple(_taps(size, block) for block in range(SIDE))


_kept_taps = lru_cache(256)(_side_taps)


def _taps(size: int, block: int) -> Taps:
    """What the value of one of the 64 blocks along a side is summed up from.

    Args:
        size: of the side, in pixels.
        block: 0 to 63.
    """
    import numpy as np

    centre = (2 * block + 1) * size // (2 * SIDE)
    first, last = _window(size, np.array([centre]))
    # The tent is a mean over means: a window of windows, all cut off at the edges.
    firsts, lasts = _window(size, np.arange(first[0], last[0] + 1))
    start, stop = int(firsts[0]), int(lasts[-1]) + 1
    weights = 1 / (lasts - firsts + 1) / len(firsts)
    steps = np.zeros(stop - start + 1)
    np.add.at(steps, firsts - start, weights)
    np.subtract.at(steps, lasts - start + 1, weights)
    return Taps(start, stop, np.cumsum(steps)[:-1])


def _window(
    size: int, centre: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first and the last pixel of the windows around some pixels."""
    import numpy as np

    width = -(-size // (2 * SIDE))
    right = width // 2
    return np.maximum(centre - (width - 1 - right), 0), np.minimum(centre + right, size - 1)


def _quality(small: npt.NDArray[np.float32]) -> int:
    """How much changes from block to block: percent of the whole range, small steps left out."""
    import numpy as np

    steps = (
        np.trunc(np.diff(small, axis=axis) * np.float32(100) / np.float32(255)) for axis in (0, 1)
    )
    return min(100, sum(int(np.abs(step).sum()) for step in steps) // 90)


def bits_of(small: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """The hashes of pictures.

    Args:
        small: float32[n, 64, 64], each blurred, at the centres of its blocks.

    Returns:
        uint8[n, 32].
    """
    import numpy as np

    waves, middle = cosines(), WAVES * WAVES // 2 - 1
    half = np.einsum("nij,kj->nik", small, waves)
    amplitudes = np.einsum("li,nik->nlk", waves, half).reshape(len(small), -1)
    # The lower one of the two in the middle.
    medians = np.partition(amplitudes, middle)[:, middle : middle + 1]
    # The first wave is the lowest bit.
    return np.packbits((amplitudes > medians)[:, ::-1], axis=1)


@cache
def cosines() -> npt.NDArray[np.float64]:
    """The waves 1 to 16 of the discrete cosine transform, one a row."""
    import numpy as np

    wave, place = np.arange(1, WAVES + 1)[:, None], np.arange(SIDE)
    waves: npt.NDArray[np.float64] = np.cos(np.pi * wave * (2 * place + 1) / (2 * SIDE))
    return waves
