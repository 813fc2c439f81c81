"""From the colours of a picture to 64 x 64 greys, exactly as Pillow makes them, compiled.

To be imported through `optout.registry.compiled.kernels` only. The steps are those of Pillow's
`convert` and of its `resize` with LANCZOS: weighted sums in whole numbers (22 bits behind the
point), across first, rounded to a grey level in between. Sums are made of floating-point numbers,
which processors are faster at; one that falls so close to a rounding that it might be wrong is made
again of whole numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from optout.registry.compiled import compiled, fused, inlined, shared
from optout.registry.compiled.memory import load64, store64

Array = Any
Number = Any

SIDE = 64
EVERY = 4
"""Lines are a sample of the whole, by which levels are counted."""

_BITS = 22
_HALF = 1 << (_BITS - 1)
_ERROR = np.float32(2**-24 * 255 * 2)
"""By which a sum may be off for each of its terms: half a unit in the last place of a total. Totals
are below 255 times the sum of the weights without their signs, which is below 2."""

_ONES = np.uint64(0x00FF00FF00FF00FF)
_TWOS = np.uint64(0x0000FFFF0000FFFF)
_FOURS = np.uint64(0x00000000FFFFFFFF)

_BYTE = np.uint32(0xFF)
_RED, _GREEN, _BLUE = np.uint32(19595), np.uint32(38470), np.uint32(7471)
"""What red, green and blue count in a grey: ITU-R BT.601, in parts of 65,536."""


@shared
def _clipped(pixels: Array) -> Number:
    total = np.uint32(0)
    for place in range(len(pixels)):
        pixel = pixels[place]
        for channel in range(3):
            level = pixel >> np.uint32(8 * channel) & _BYTE
            total = np.uint32(total + np.uint32((level + np.uint32(1) & np.uint32(0xFE)) == 0))
    return total


@inlined
def _swapped(one: Number, other: Number, bits: Number, mask: Number) -> tuple[Number, Number]:
    """Two words, with the upper part of each group of bytes of one in the lower of the other."""
    both = ((one >> bits) ^ other) & mask
    return one ^ (both << bits), other ^ both


@shared
def _turn_block(source: Number, step: Number, target: Number, target_step: Number) -> None:
    """Eight lines of eight bytes, turned."""
    a, b = load64(source), load64(source + step)
    c, d = load64(source + 2 * step), load64(source + 3 * step)
    e, f = load64(source + 4 * step), load64(source + 5 * step)
    g, h = load64(source + 6 * step), load64(source + 7 * step)
    a, b = _swapped(a, b, np.uint64(8), _ONES)
    c, d = _swapped(c, d, np.uint64(8), _ONES)
    e, f = _swapped(e, f, np.uint64(8), _ONES)
    g, h = _swapped(g, h, np.uint64(8), _ONES)
    a, c = _swapped(a, c, np.uint64(16), _TWOS)
    b, d = _swapped(b, d, np.uint64(16), _TWOS)
    e, g = _swapped(e, g, np.uint64(16), _TWOS)
    f, h = _swapped(f, h, np.uint64(16), _TWOS)
    a, e = _swapped(a, e, np.uint64(32), _FOURS)
    b, f = _swapped(b, f, np.uint64(32), _FOURS)
    c, g = _swapped(c, g, np.uint64(32), _FOURS)
    d, h = _swapped(d, h, np.uint64(32), _FOURS)
    store64(target, a)
    store64(target + target_step, b)
    store64(target + 2 * target_step, c)
    store64(target + 3 * target_step, d)
    store64(target + 4 * target_step, e)
    store64(target + 5 * target_step, f)
    store64(target + 6 * target_step, g)
    store64(target + 7 * target_step, h)


@shared
def _turn(lines: Array, turned: Array) -> None:
    """Let columns become lines: sums of whole lines are what a processor is fast at."""
    height, width = lines.shape
    source, target = np.uint64(lines.ctypes.data), np.uint64(turned.ctypes.data)
    step, target_step = np.uint64(width), np.uint64(height)
    for top in range(0, height - 7, 8):
        for left in range(0, width - 7, 8):
            from_here = source + np.uint64(top) * step + np.uint64(left)
            to_there = target + np.uint64(left) * target_step + np.uint64(top)
            _turn_block(from_here, step, to_there, target_step)
        for left in range(width & ~7, width):
            for line in range(top, top + 8):
                turned[left, line] = lines[line, left]
    for line in range(height & ~7, height):
        for column in range(width):
            turned[column, line] = lines[line, column]


@fused
def _add_four(lines: Array, parts: Array, totals: Array) -> None:
    """Four at once: it is totals that take the time, coming and going."""
    one, two, three, four = lines[0], lines[1], lines[2], lines[3]
    a, b, c, d = parts[0], parts[1], parts[2], parts[3]
    for place in range(len(totals)):
        totals[place] += (
            a * np.float32(one[place])
            + b * np.float32(two[place])
            + c * np.float32(three[place])
            + d * np.float32(four[place])
        )


@shared
def _exact(lines: Array, first: Number, weights: Array, place: Number) -> Number:
    total = np.int64(_HALF)
    for tap in range(len(weights)):
        total += np.int64(lines[first + tap, place]) * np.int64(weights[tap])
    return min(max(total >> _BITS, 0), 255)


@shared
def _round(totals: Array, sums: Array, safe: Number) -> Number:
    """Round totals to levels; how many were further from their level than is safe."""
    unsafe = np.int32(0)
    for place in range(len(totals)):
        whole = np.floor(totals[place] + np.float32(0.5))
        unsafe += np.int32(abs(totals[place] - whole) >= safe)
        sums[place] = np.uint8(min(max(whole, np.float32(0)), np.float32(255)))
    return unsafe


@shared
def _sum_up(lines: Array, firsts: Array, weights: Array, shares: Array, sums: Array) -> None:
    """Weighted sums of lines, each a line of `sums`."""
    taps = weights.shape[1]
    totals = np.empty(lines.shape[1], np.float32)
    safe = np.float32(0.5) - _ERROR * np.float32(taps + 1)
    for line in range(SIDE):
        first, parts = firsts[line], shares[line]
        totals[:] = 0
        for tap in range(0, taps - 3, 4):
            _add_four(lines[first + tap : first + tap + 4], parts[tap : tap + 4], totals)
        for tap in range(taps & ~3, taps):
            for place in range(len(totals)):
                totals[place] += parts[tap] * np.float32(lines[first + tap, place])
        if _round(totals, sums[line], safe):
            for place in range(len(totals)):
                off = abs(totals[place] - np.floor(totals[place] + np.float32(0.5)))
                if off >= safe:
                    sums[line, place] = _exact(lines, first, weights[line], place)


@compiled("void(Array(uint32, 2, 'C', readonly=True), uint8[:, ::1])")
def greys_of(colours: Array, greys: Array) -> None:
    """A picture's greys, as Pillow's `convert` makes them.

    Args:
        colours: uint32[height, width], of each pixel red in the lowest byte, then green, then blue.
        greys: uint8[height, width], becomes the greys.
    """
    for line in range(len(colours)):
        for column in range(colours.shape[1]):
            pixel = colours[line, column]
            greys[line, column] = np.uint8(
                (
                    (pixel & _BYTE) * _RED
                    + (pixel >> np.uint32(8) & _BYTE) * _GREEN
                    + (pixel >> np.uint32(16) & _BYTE) * _BLUE
                    + np.uint32(0x8000)
                )
                >> np.uint32(16)
            )


@compiled("int64(Array(uint32, 2, 'C', readonly=True))")
def clipped(colours: Array) -> int:
    """How many of the reds, greens and blues of every fourth line are 0 or 255.

    Args:
        colours: uint32[height, width], of each pixel red in the lowest byte, then green, then blue.
    """
    total = 0
    for line in range(0, len(colours), EVERY):
        total += _clipped(colours[line])
    return total


@compiled(
    "void(Array(uint8, 2, 'C', readonly=True), int32[::1], int32[:, ::1], float32[:, ::1], "
    "int32[::1], int32[:, ::1], float32[:, ::1], uint8[:, ::1], uint8[:, ::1])"
)
def reduce_greys(
    greys: Array,
    lefts: Array,
    across: Array,
    shares_across: Array,
    tops: Array,
    down: Array,
    shares_down: Array,
    columns: Array,
    small: Array,
) -> None:
    """Scale a picture to 64 x 64, as Pillow's `resize` does with LANCZOS.

    Args:
        greys: uint8[height, width], the picture.
        lefts: int32[64], the first pixel of a row that each column is made of.
        across: int32[64, n], the weights of the n pixels from there on, times 2**22.
        shares_across: float32[64, n], the weights.
        tops: int32[64], the first row that each row is made of.
        down: int32[64, m], the weights of the m rows from there on, times 2**22.
        shares_down: float32[64, m], the weights.
        columns: uint8[width, height], to work in.
        small: uint8[64, 64], becomes the picture.
    """
    height = greys.shape[0]
    _turn(greys, columns)
    narrow = np.empty((SIDE, height), np.uint8)
    _sum_up(columns, lefts, across, shares_across, narrow)
    upright = np.empty((height, SIDE), np.uint8)
    _turn(narrow, upright)
    _sum_up(upright, tops, down, shares_down, small)
