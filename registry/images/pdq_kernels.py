"""From the levels of a picture to its PDQ, both ways, compiled.

To be imported through `optout.registry.compiled.kernels` only. They are held to
`optout.registry.images.pdq`, whose sums they take in the same order of numbers and whose roundings
they make where it makes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, shared

Array = Any
Number = Any

SIDE, WAVES = 64, 16
_BITS = WAVES * WAVES
_WHITE = 255


@shared
def _add_grey(line: Array, levels: Array, weight: Number) -> None:
    for place in range(len(line)):
        line[place] += weight * (np.float32(_WHITE) - np.float32(levels[place]))


@shared
def _add_coloured(line: Array, levels: Array, weight: Number) -> None:
    for place in range(len(line)):
        luma = (
            levels[3 * place] * 0.299
            + levels[3 * place + 1] * 0.587
            + levels[3 * place + 2] * 0.114
        )
        line[place] += weight * (np.float32(_WHITE) - np.float32(luma))


@shared
def _add_pixels(line: Array, levels: Array, weight: Number) -> None:
    for place in range(len(line)):
        luma = (
            levels[4 * place] * 0.299
            + levels[4 * place + 1] * 0.587
            + levels[4 * place + 2] * 0.114
        )
        line[place] += weight * (np.float32(_WHITE) - np.float32(luma))


@shared
def _read_off(line: Array, starts: Array, counts: Array, weights: Array, small: Array) -> None:
    """The weighted sums along a line, and along the same line from its other end."""
    last = len(line) - 1
    for column in range(SIDE):
        here = there = 0.0
        for tap in range(counts[column]):
            place = starts[column] + tap
            here += weights[column, tap] * line[place]
            there += weights[column, tap] * line[last - place]
        small[0, column] = np.float32(_WHITE - here)
        small[1, column] = np.float32(_WHITE - there)


@shared
def _steps(small: Array) -> Number:
    """What changes from block to block, in percent of the whole range, small steps left out."""
    total = 0
    for row in range(SIDE):
        for column in range(SIDE):
            here = small[row, column]
            if row + 1 < SIDE:
                step = np.float32(np.float32(small[row + 1, column] - here) * np.float32(100))
                total += abs(int(np.float32(step / np.float32(255))))
            if column + 1 < SIDE:
                step = np.float32(np.float32(small[row, column + 1] - here) * np.float32(100))
                total += abs(int(np.float32(step / np.float32(255))))
    return total


@shared
def _transform(small: Array, cosines: Array, half: Array, amplitudes: Array) -> None:
    half[:] = 0
    for wave in range(WAVES):
        for row in range(SIDE):
            weight = cosines[wave, row]
            for column in range(SIDE):
                half[wave, column] += weight * small[row, column]
    for down in range(WAVES):
        for along in range(WAVES):
            total = 0.0
            for column in range(SIDE):
                total += half[down, column] * cosines[along, column]
            amplitudes[WAVES * down + along] = total


@compiled(
    "void(Array(uint8, 2, 'C', readonly=True), int64, int64[::1], int64[::1], float64[:, ::1], "
    "int64[::1], int64[::1], float64[:, ::1], float64[:, ::1], uint8[:, ::1], int64[::1], "
    "float64[::1])"
)
def hash_levels(
    levels: Array,
    bands: Number,
    tops: Array,
    heights: Array,
    down: Array,
    lefts: Array,
    widths: Array,
    across: Array,
    cosines: Array,
    packed: Array,
    steps: Array,
    apart: Array,
) -> None:
    """Hash a picture and its mirror image.

    Args:
        levels: uint8[height, width * bands], the picture.
        bands: 1 where these are greys, 3 where they are red, green and blue in turn, 4 where a
            fourth byte after each three says nothing.
        tops: int64[64], the first row that each row of blocks is made of.
        heights: int64[64], how many rows.
        down: float64[64, n], their weights.
        lefts: int64[64], the first pixel that each column of blocks is made of.
        widths: int64[64], how many pixels.
        across: float64[64, m], their weights.
        cosines: float64[16, 64], the waves of the transform, one a row.
        packed: uint8[2, 32], becomes the hash of the picture and of its mirror image.
        steps: int64[2], becomes how much changes in each; 90 are a quality of 1.
        apart: float64[2], becomes how far the two waves are from each other between which bits
            begin to be set.
    """
    line = np.empty(levels.shape[1] // bands)
    small = np.empty((2, SIDE, SIDE), np.float32)
    half = np.empty((WAVES, SIDE))
    amplitudes = np.empty(_BITS)
    for row in range(SIDE):
        line[:] = 0
        for tap in range(heights[row]):
            if bands == 1:
                _add_grey(line, levels[tops[row] + tap], down[row, tap])
            elif bands == 4:
                _add_pixels(line, levels[tops[row] + tap], down[row, tap])
            else:
                _add_coloured(line, levels[tops[row] + tap], down[row, tap])
        _read_off(line, lefts, widths, across, small[:, row])
    for way in range(2):
        _transform(small[way], cosines, half, amplitudes)
        ordered = np.sort(amplitudes)
        median = ordered[_BITS // 2 - 1]
        steps[way] = _steps(small[way])
        apart[way] = ordered[_BITS // 2] - median
        for place in range(_BITS // 8):
            byte = 0
            for bit in range(8):
                # The first wave is the lowest bit.
                byte = byte << 1 | (amplitudes[_BITS - 1 - 8 * place - bit] > median)
            packed[way, place] = np.uint8(byte)
