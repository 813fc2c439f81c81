"""A decoded picture as it lies in memory, and what anybody sees of it: upright, on white.

A large picture as it was stored takes all the memory that there is for one. So it is turned and
put on white a part at a time, and never lies there a second time in colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .orientation import Box, stored_box, upright

if TYPE_CHECKING:
    from PIL import Image

_TILE = 1024


class Sheet:
    """A picture in parts.

    Args:
        stored: of any mode, not upright; it is not changed.
        orientation: 1 to 8, how it is to be turned.

    Attributes:
        size: width and height in pixels, upright.
    """

    def __init__(self, stored: Image.Image, orientation: int = 1) -> None:
        self._stored, self._orientation = stored, orientation
        width, height = stored.size
        self.size = (width, height) if orientation < 5 else (height, width)

    def part(self, box: Box, *, grey: bool = False) -> Image.Image:
        """What lies in a box.

        Args:
            box: left, top, right and bottom, inside the picture.
            grey: its greys only.

        Returns:
            mode RGB or L, upright, what is transparent composited on white; 16-bit greys by their
            high byte.
        """
        part = _cut(self._stored, stored_box(box, self._stored.size, self._orientation))
        return upright(_plain(part, grey=grey), self._orientation)

    def whole(self, *, grey: bool = False) -> Image.Image:
        """All of it: see `part`."""
        from PIL import Image

        whole = None
        for box in _tiles(self.size):
            tile = self.part(box, grey=grey)
            if tile.size == self.size:
                return tile
            whole = whole or Image.new(tile.mode, self.size)
            whole.paste(tile, box)
        assert whole is not None  # noqa: S101  # no picture is without a pixel
        return whole


def _tiles(size: tuple[int, int]) -> Iterator[Box]:
    width, height = size
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            yield left, top, min(left + _TILE, width), min(top + _TILE, height)


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    from PIL.Image import Resampling

    if box == (0, 0, *picture.size):
        return picture
    left, top, right, bottom = box
    # Not cropped: `crop` warns about large pictures.
    return picture.resize((right - left, bottom - top), Resampling.NEAREST, box)


def _plain(picture: Image.Image, *, grey: bool) -> Image.Image:
    """The picture as RGB or L, on white."""
    if picture.mode.startswith("I"):
        return _high_bytes(picture)
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = _on_white(picture.convert("RGBA"))
    elif picture.mode not in {"1", "L", "RGB"}:
        picture = picture.convert("RGB")
    return picture.convert("RGB" if picture.mode == "RGB" and not grey else "L")


def _high_bytes(picture: Image.Image) -> Image.Image:
    # Pillow would cut off at 255.
    import numpy as np
    from PIL import Image

    deep = np.asarray(picture).astype(np.uint16)
    grey = (deep >> 8).astype(np.uint8)
    transparent = picture.info.get("transparency")
    if transparent is not None:
        grey[deep == transparent] = 255
    return Image.fromarray(grey)


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image

    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, (0, 0), picture)
    return white
