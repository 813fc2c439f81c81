"""EXIF orientation: how a camera was held (CIPA DC-008, tag 0x0112)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""

_TAG = 0x0112
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def orientation(exif: bytes) -> int:
    """Read the orientation out of an EXIF block.

    Returns:
        1 to 8, the value of the tag; 1 (as stored) for whatever is missing or broken.
    """
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", exif, entry)
            if tag == _TAG and values == 1 and kind in {3, 4}:
                (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), exif, entry + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def upright(picture: Image.Image, value: int) -> Image.Image:
    """Turn a picture as its EXIF orientation asks for.

    Args:
        picture: as stored.
        value: 1 to 8.
    """
    if value == 1:
        return picture
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[value])


def stored_box(box: Box, size: tuple[int, int], value: int) -> Box:
    """Where a part of a picture that is turned upright lies in the picture as stored.

    Args:
        box: of the part, in the upright picture.
        size: width and height of the picture as stored.
        value: 1 to 8, how the picture is turned.
    """
    left, top, right, bottom = box
    if value >= 5:
        left, top, right, bottom = top, left, bottom, right
    width, height = size
    if value in {2, 3, 7, 8}:
        left, right = width - right, width - left
    if value in {3, 4, 6, 7}:
        top, bottom = height - bottom, height - top
    return left, top, right, bottom
