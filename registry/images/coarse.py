"""What is left of a picture where it is stored coarsely, and its faint parts are left out.

Haze, fog and night have waves of hardly a grey level, and each decides a bit of the hash. A coarse
JPEG and a palette without dithering move grey levels by more than that. Of 369 photographs JPEG of
quality 10 moves 3 by more than 30 bits, and such a palette 2.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from .sheet import Sheet

FORMS = ("jpeg", "palette")
"""Ways to store a picture coarsely: as JPEG of quality 10, with 256 colours."""

_LONGEST = 1024
_TILE = 1024
_QUALITY = 10
_COLOURS = 256


def small_copy(sheet: Sheet) -> Image.Image:
    """A picture of a size at which coarse copies go round.

    What a coarse encoder does depends on the size, and a camera's is not that of its copies.

    Returns:
        in its colours, at a half, a quarter ... of its size, so that the longer side has at most
        1024 pixels.
    """
    from PIL import Image

    factor = 1
    while factor * _LONGEST < max(sheet.size):
        factor *= 2
    width, height = sheet.size
    small = None
    # All of it in its colours would be too much.
    tile = max(_TILE, factor)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            part = sheet.part((left, top, min(left + tile, width), min(top + tile, height)))
            part = part.reduce(factor)
            if small is None:
                size = -(-width // factor), -(-height // factor)
                small = Image.new(part.mode, size)
            small.paste(part, (left // factor, top // factor))
    assert small is not None  # noqa: S101  # no picture is without a pixel
    return small


def coarse_forms(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    """A picture as each coarse form leaves it.

    Args:
        picture: mode RGB or L.

    Yields:
        the name of the form, and its greys, mode L.
    """
    from PIL import Image, JpegImagePlugin

    file = io.BytesIO()
    # The colours move the greys by nothing.
    picture.convert("L").save(file, "JPEG", quality=_QUALITY)
    file.seek(0)
    yield "jpeg", JpegImagePlugin.JpegImageFile(file).convert("L")
    of_palette = picture.convert("RGB").quantize(_COLOURS, Image.Quantize.FASTOCTREE)
    yield "palette", of_palette.convert("RGB").convert("L")
