"""From the greys of a picture to the hashes that it is looked for by, compiled.

To be imported through `optout.registry.compiled.kernels` only. They are held to
`registry.images.sighted_hashes`; the steps are Pillow's reduction in whole numbers (22 bits behind
the point, across first, rounded to a grey level in between) and imagehash's cosine transform.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, shared

Array = Any
Number = Any
"""float64."""

SIDE, WAVES = 64, 16
_BITS = 22
_HALF = 1 << (_BITS - 1)
_BLOCK = 32


@shared
def _turned(greys: Array) -> Array:
    """A picture column by column: sums of whole lines are what a processor is fast at."""
    height, width = greys.shape
    columns = np.empty((width, height), np.uint8)
    for top in range(0, height, _BLOCK):
        for left in range(0, width, _BLOCK):
            for column in range(left, min(left + _BLOCK, width)):
                for row in range(top, min(top + _BLOCK, height)):
                    columns[column, row] = greys[row, column]
    return columns


@shared
def _sum_up(lines: Array, firsts: Array, weights: Array, sums: Array) -> None:
    """Weighted sums of lines, each a column of `sums`."""
    length = lines.shape[1]
    totals = np.empty(length, np.int32)
    for line in range(SIDE):
        totals[:] = _HALF
        first, taps = firsts[line], weights.shape[1]
        for tap in range(0, taps - 3, 4):
            # Four at once: it is totals that take the time, coming and going.
            one, two = weights[line, tap], weights[line, tap + 1]
            three, four = weights[line, tap + 2], weights[line, tap + 3]
            for place in range(length):
                totals[place] += np.int32(
                    np.int32(lines[first + tap, place]) * one
                    + np.int32(lines[first + tap + 1, place]) * two
                    + np.int32(lines[first + tap + 2, place]) * three
                    + np.int32(lines[first + tap + 3, place]) * four
                )
        for tap in range(taps & ~3, taps):
            weight = weights[line, tap]
            for place in range(length):
                totals[place] += np.int32(lines[first + tap, place]) * weight
        for place in range(length):
            sums[place, line] = min(max(totals[place] >> _BITS, 0), 255)


@compiled(
    "void(Array(uint8, 2, 'C', readonly=True), int32[::1], int32[:, ::1], int32[::1], "
    "int32[:, ::1], uint8[:, ::1])"
)
def reduce_greys(
    greys: Array, lefts: Array, across: Array, tops: Array, down: Array, small: Array
) -> None:
    """Scale a picture to 64 x 64, as Pillow's `resize` does with LANCZOS.

    Args:
        greys: uint8[height, width], the picture.
        lefts: int32[64], the first pixel of a row that each column is made of.
        across: int32[64, n], the weights of the n pixels from there on, times 2**22.
        tops: int32[64], the first row that each row is made of.
        down: int32[64, m], the weights of the m rows from there on, times 2**22.
        small: uint8[64, 64], becomes the picture.
    """
    narrow = np.empty((greys.shape[0], SIDE), np.uint8)
    _sum_up(_turned(greys), lefts, across, narrow)
    _sum_up(narrow, tops, down, small.T)


@shared
def _hash(waves: Array, median: Number, packed: Array) -> None:
    for place in range(WAVES * WAVES // 8):
        byte = 0
        for bit in range(8):
            number = 8 * place + bit
            byte = byte << 1 | (waves[number // WAVES, number % WAVES] > median)
        packed[place] = np.uint8(byte)


@shared
def _median(waves: Array, ordered: Array, around: Array) -> Number:
    """The median of some waves; `around` becomes how far from it each of them is."""
    ordered[:] = waves.ravel()
    ordered.sort()
    middle = len(ordered) // 2
    median = (ordered[middle - 1] + ordered[middle]) / 2
    for number in range(len(ordered)):
        around[number] = abs(ordered[number] - median)
    return median


@compiled("void(uint8[:, :, ::1], float64[:, ::1], uint8[:, :, ::1], float64[:, :, ::1])")
def hash_greys(small: Array, cosines: Array, packed: Array, around: Array) -> None:
    """Hash pictures, each in both ways.

    Args:
        small: uint8[n, 64, 64].
        cosines: float64[16, 64], the waves of the transform, one a row.
        packed: uint8[n, 2, 32], becomes the phash256 of each picture and of its mirror image.
        around: float64[n, 2, 256], becomes how far each wave is from the median, in any order, in
            the transform's own unit.
    """
    half = np.empty((WAVES, SIDE))
    waves = np.empty((WAVES, WAVES))
    ordered = np.empty(WAVES * WAVES)
    for number in range(len(small)):
        half[:] = 0
        for row in range(SIDE):
            for wave in range(WAVES):
                weight = cosines[wave, row]
                for column in range(SIDE):
                    half[wave, column] += weight * small[number, row, column]
        for down in range(WAVES):
            for along in range(WAVES):
                total = 0.0
                for column in range(SIDE):
                    total += half[down, column] * cosines[along, column]
                waves[down, along] = total
        _hash(waves, _median(waves, ordered, around[number, 0]), packed[number, 0])
        # A mirrored wave is the same one, upside down where it has an odd number of halves.
        for down in range(WAVES):
            for along in range(1, WAVES, 2):
                waves[down, along] = -waves[down, along]
        _hash(waves, _median(waves, ordered, around[number, 1]), packed[number, 1])
