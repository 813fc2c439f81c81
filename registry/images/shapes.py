"""The shapes in which data sets store a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .orientation import Box

if TYPE_CHECKING:
    from PIL import Image

SHAPES = ("original", "square", "padded")
"""The shapes in which data sets store a picture."""

_MAX_PADDED_SIDE = 8192


def variants(picture: Image.Image) -> dict[str, Image.Image]:
    """A picture in each of its shapes, as img2dataset's modes make them.

    Args:
        picture: mode RGB or L.

    Returns:
        `original`; `square`, the largest one around the centre; `padded`, centred on a white
        square. A picture whose longer side is above 8192 pixels is padded at that size.
    """
    return {"original": picture, "square": _square(picture), "padded": _padded(picture)}


def frame(size: tuple[int, int], variant: str) -> Box:
    """Where a variant lies on the picture, or the picture on it."""
    width, height = size
    if variant == "original":
        return 0, 0, width, height
    side = min(size) if variant == "square" else max(size)
    left, top = -((side - width) // 2), -((side - height) // 2)
    return left, top, left + side, top + side


def _square(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    return _centred(picture, side)


def _padded(picture: Image.Image) -> Image.Image:
    from PIL.Image import Resampling

    longest = max(picture.size)
    if longest > _MAX_PADDED_SIDE:
        # A panorama's square would have more pixels than any picture may have.
        scale = _MAX_PADDED_SIDE / longest
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Resampling.LANCZOS)
    return _centred(picture, max(picture.size))


def _centred(picture: Image.Image, side: int) -> Image.Image:
    """A picture on the middle of a white square, cut off where it is larger."""
    from PIL import Image

    if picture.size == (side, side):
        return picture
    square = Image.new(picture.mode, (side, side), "white")
    # Pasted and not cropped: `crop` warns about large pictures.
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square
