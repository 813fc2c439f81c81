"""From the greys of a picture to the hashes that it is looked for by, compiled.

To be imported through `optout.registry.compiled.kernels` only. They are held to
`registry.images.sighted_hashes`. Half of the waves of a cosine transform are alike seen from either
end, half are opposite: so the lines of a picture are added and taken from each other in pairs, the
first with the last, and each pair is weighed once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, fused, shared

Array = Any
Number = Any
"""float32 or float64, as the weights are."""

WAVES = 16
_HALF = WAVES // 2
_AT_ONCE = 4


@shared
def _waves(greys: Array, down: Array, across: Array) -> Array:
    """The lowest waves of a picture, float64[256]: along columns, then along lines."""
    height, width = greys.shape
    totals = np.zeros((WAVES, width), down.dtype)
    pairs = np.empty((2 * _AT_ONCE, width), down.dtype)
    for first in range(0, len(down), _AT_ONCE):
        for number in range(_AT_ONCE):
            line = min(first + number, height - 1)
            _pair(greys[line], greys[height - 1 - line], pairs[number], pairs[_AT_ONCE + number])
        for wave in range(0, WAVES, 2):
            some = 0 if wave < _HALF else _AT_ONCE
            weights = down[first : first + _AT_ONCE, wave : wave + 2]
            _weigh(pairs[some : some + _AT_ONCE], weights, totals[wave], totals[wave + 1])
    waves = np.empty(WAVES * WAVES)
    for place in range(WAVES):
        row = 2 * place if place < _HALF else 2 * (place - _HALF) + 1
        _waves_of_line(totals[place], across, waves[WAVES * row : WAVES * (row + 1)])
    return waves


@shared
def _pair(one: Array, other: Array, sums: Array, differences: Array) -> None:
    for column in range(len(one)):
        here, there = np.int32(one[column]), np.int32(other[column])
        sums[column] = here + there
        differences[column] = here - there


@fused
def _weigh(lines: Array, weights: Array, total: Array, next_total: Array) -> None:
    """Add four lines to two waves: eight products for each total that comes and goes."""
    one, two, three, four = lines[0], lines[1], lines[2], lines[3]
    a, b, c, d = weights[0, 0], weights[1, 0], weights[2, 0], weights[3, 0]
    e, f, g, h = weights[0, 1], weights[1, 1], weights[2, 1], weights[3, 1]
    for column in range(len(total)):
        total[column] += a * one[column] + b * two[column] + c * three[column] + d * four[column]
        next_total[column] += (
            e * one[column] + f * two[column] + g * three[column] + h * four[column]
        )


@fused
def _waves_of_line(line: Array, across: Array, waves: Array) -> None:
    even, odd = np.zeros(_HALF, line.dtype), np.zeros(_HALF, line.dtype)
    for column in range((len(line) + 1) // 2):
        here, there = line[column], line[len(line) - 1 - column]
        both, difference = here + there, here - there
        for wave in range(_HALF):
            even[wave] += both * across[column, wave]
            odd[wave] += difference * across[column, _HALF + wave]
    for wave in range(_HALF):
        waves[2 * wave] = even[wave]
        waves[2 * wave + 1] = odd[wave]


@shared
def _select(values: Array, place: int) -> Number:
    """The value that would stand at a place if they were sorted; smaller ones come before it."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[place]
        left, right = low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if right < place:
            low = left
        if left > place:
            high = right
    return values[place]


@shared
def _median(values: Array) -> Number:
    """The median of an even number of values, whose order is lost."""
    upper = _select(values, len(values) // 2)
    lower = values[0]
    for place in range(1, len(values) // 2):
        lower = max(lower, values[place])
    return (lower + upper) / 2


@shared
def _hash(waves: Array, median: Number, packed: Array) -> None:
    for place in range(len(packed)):
        byte = 0
        for bit in range(8):
            byte = byte << 1 | (waves[8 * place + bit] > median)
        packed[place] = np.uint8(byte)


@shared
def _hash_both_ways(waves: Array, within: Number, packed: Array) -> int:
    """Hash a picture and its mirror image; how many waves of either are near the median."""
    values = np.empty(len(waves))
    most = 0
    for way in range(2):
        for number in range(len(waves)):
            # A mirrored wave is the same one, upside down where it has an odd number of halves.
            if way == 1 and number & 1:
                waves[number] = -waves[number]
            values[number] = waves[number]
        median = _median(values)
        _hash(waves, median, packed[way])
        near = 0
        for number in range(len(waves)):
            near += abs(values[number] - median) < within
        most = max(most, near)
    return most


@compiled("int64(Array(uint8, 2, 'C', readonly=True), float64[:, ::1], float64, uint8[:, ::1])")
def hash_greys(small: Array, weights: Array, within: float, packed: Array) -> int:
    """Hash a picture in both ways: as the reference does, or to a tie.

    Args:
        small: uint8[64, 64], as the reference reduces it.
        weights: float64[32, 16], what each line of the upper half counts in each wave, the even
            waves first.
        within: how near to the median a wave counts as tied, in the transform's unit.
        packed: uint8[2, 32], becomes the phash256 of the picture and of its mirror image.

    Returns:
        How many waves of either are tied.
    """
    return _hash_both_ways(_waves(small, weights, weights), within, packed)


@compiled(
    "int64(Array(uint8, 2, 'C', readonly=True), float32[:, ::1], float32[:, ::1], float64, "
    "uint8[:, ::1])"
)
def hash_draft(greys: Array, down: Array, across: Array, within: float, packed: Array) -> int:
    """Hash a picture of any size in both ways, nearly as the reference does.

    The reference scales a picture to 64 x 64 greys, rounds them, and transforms them. Here both
    steps are one sum, of numbers that are not rounded.

    Args:
        greys: uint8[height, width].
        down: float32[n, 16], what each line of the upper half counts in each wave, the even waves
            first; n is a multiple of four, and what lies behind the middle counts nothing.
        across: float32[m, 16], the same of each column of the left half.
        within: how near to the median a wave counts as faint, in the transform's unit.
        packed: uint8[2, 32], becomes the phash256 of each way, or nearly.

    Returns:
        How many waves of either are faint.
    """
    return _hash_both_ways(_waves(greys, down, across), within, packed)
