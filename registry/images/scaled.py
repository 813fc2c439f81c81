"""A JPEG at a part of its size, for who only guesses what it is hashed to.

A decoder of its own scales a JPEG down while it decodes it. It is taken at its word only where it
has nothing to complain about; whatever it stumbles over is the registry's decoder's to judge (see
`decoding`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .containers import Contained, JpegFacts, contained
from .decoding import MAX_PIXELS, MAX_WORK
from .orientation import orientation

_FORMS = {("YCbCr", "444"), ("YCbCr", "422"), ("YCbCr", "420"), ("Gray", "Gray")}
"""How the colours of a plain JPEG are kept."""

_HUFFMAN = {0xC0, 0xC1, 0xC2}
"""The processes that every decoder knows: sequential and progressive, 8 bits (ITU-T T.81)."""

_PARTS = (8, 4, 2)
"""Of other parts, such as three eighths, decoders are slower at."""

_MOST_PASSES = 32
"""An encoder makes ten or so. Others are gone through once, by the registry's decoder."""

_MOST_PIXELS = 1 << 25
"""Of more the colours take more memory than one picture is worth."""

_MOST_BYTES = 0.5
"""A pixel. What is larger is full of noise, or was made to be: at a part of its size it may look
quite different, because its levels are cut off at black and white before or after they are
averaged."""

_COARSE = 90.0
"""The mean quantizer above which a picture may look different in that way too: at quality 30 it is
96 in the tables that most encoders use (ITU-T T.81 annex K, scaled as libjpeg does)."""


@dataclass(frozen=True, slots=True)
class ScaledJpeg:
    """A decoded JPEG.

    Attributes:
        pixels: uint32[height, width], red in the lowest byte, then green, then blue.
        part: how many pixels each of them stands for, across and down.
    """

    pixels: npt.NDArray[np.uint32]
    part: int

    def levels(self) -> npt.NDArray[np.uint8]:
        """The same as uint8[height, width, 4], red, green, blue and a byte that says nothing."""
        return self.pixels.view(np.uint8).reshape(*self.pixels.shape, 4)


def scaled_jpeg(
    data: bytes,
    least: int | None,
    room: Callable[[int], npt.NDArray[np.uint8]] | None = None,
) -> ScaledJpeg | None:
    """Decode a JPEG at its size, a half, a quarter or an eighth of it.

    Args:
        data: a picture's file.
        least: pixels; no side becomes shorter than that. None: it is decoded whole.
        room: gives so many bytes to decode into; memory of its own by default.

    Returns:
        None if it is no JPEG of the plain sort, is to be turned, or gave the decoder cause for
        complaint. What is handed back `decode` can decode too.
    """
    import simplejpeg

    try:
        held = contained(data)
        if held is None or held.jpeg is None or not _is_plain(held, held.jpeg):
            return None
        height, width, *form = simplejpeg.decode_jpeg_header(held.data)
        pixels = height * width
        if tuple(form) not in _FORMS or pixels > MAX_PIXELS or pixels * held.passes > MAX_WORK:
            return None
        if len(held.data) > _MOST_BYTES * pixels or held.jpeg.quantizer > _COARSE:
            least = None
        shortest = min(height, width)
        part = next((each for each in _PARTS if least and shortest >= least * each), 1)
        high, wide = -(-height // part), -(-width // part)
        if high * wide > _MOST_PIXELS:
            return None
        decoded = simplejpeg.decode_jpeg(
            held.data,
            "RGBX",
            min_height=high,
            min_width=wide,
            buffer=None if room is None else room(high * wide * 4),
        )
    except (ValueError, LookupError, struct.error):
        # An unknown sampling, which its decoder can do, is a key it does not find.
        return None
    return ScaledJpeg(decoded.view("<u4")[:, :, 0], part)


def _is_plain(held: Contained, jpeg: JpegFacts) -> bool:
    return (
        jpeg.ordinary
        and jpeg.frame in _HUFFMAN
        and held.passes <= _MOST_PASSES
        and orientation(held.exif) == 1
    )
