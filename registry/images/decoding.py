"""From bytes that nobody vouches for to pixels: one way, whatever the process has set in Pillow.

Pillow's own gate, `Image.open`, warns about large pictures and about broken metadata. Warnings
and Pillow's limits belong to the whole process, which may not be ours. So the format is told
here by the first bytes, its size is checked against a ceiling of our own, and Pillow's decoder of
that one format gets a file without metadata (see `containers`).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optout.registry.errors import OptOutError, PictureError, UsageError

from .containers import Contained, contained
from .orientation import orientation
from .sheet import Sheet

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 128_000_000
"""A picture of more pixels is not decoded: it would take more than half a GiB."""

MAX_BYTES = 1 << 30
"""No file is longer: the most pixels, each stored in 8 bytes."""

MAX_WORK = 2_000_000_000
"""Pixels times passes. A progressive JPEG of a few bytes can ask for thousands of passes."""

_READABLE = "Pictures are read as PNG, JPEG, WebP, GIF or BMP."
_CHECK = "Check that a picture viewer opens it, or send it in another format."


def decode(data: bytes, *, grey: bool = False) -> Image.Image:
    """Decode a picture.

    Args:
        data: a PNG, JPEG, WebP, GIF or BMP file; its first bytes decide which.
        grey: hand back its greys, mode L, all that a hash needs, for less time and memory.

    Returns:
        its first frame, mode RGB or L, turned as its EXIF orientation asks for, what is
        transparent composited on white; 16-bit greys by their high byte.

    Raises:
        PictureError: it is none of these formats, damaged, cut off, or has more than `MAX_PIXELS`
            pixels.
        UsageError: the process told Pillow to load cut-off pictures, which would let a hash depend
            on the process.
    """
    with opened(data) as sheet:
        return sheet.whole(grey=grey)


@contextmanager
def opened(data: bytes) -> Iterator[Sheet]:
    """Decode a picture for a while, without turning it or putting it on white as a whole.

    Args:
        data: see `decode`.

    Raises:
        PictureError, UsageError: see `decode`; whatever goes wrong with the sheet is the picture's
            fault.
    """
    held = _taken_apart(data)
    if held.size is not None:
        _check_size(*held.size)
    from PIL import Image, ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise UsageError(
            "Pillow is set to load cut-off pictures, so their hashes would differ from elsewhere",
            "Leave PIL.ImageFile.LOAD_TRUNCATED_IMAGES at False while pictures are hashed.",
        )
    try:
        with _opened(held) as file:
            _check_size(*file.size, passes=held.passes)
            file.load()
            exif = held.exif or file.info.get("exif", b"").removeprefix(b"Exif\0\0")
            yield Sheet(file, orientation(exif))
    except (OptOutError, MemoryError):
        raise
    except Image.DecompressionBombError as fault:
        raise PictureError(
            "the picture has more pixels than Pillow is set to read in this process",
            "Leave PIL.Image.MAX_IMAGE_PIXELS as it is, or raise it.",
        ) from fault
    except Exception as fault:  # whatever a decoder makes of hostile bytes
        raise PictureError(f"the {held.format} picture is damaged or cut off", _CHECK) from fault


def _taken_apart(data: bytes) -> Contained:
    try:
        held = contained(data)
    except (ValueError, IndexError, struct.error) as fault:
        raise PictureError("the picture is damaged or cut off", _CHECK) from fault
    if held is None:
        raise PictureError("this is not a picture in a format that is read here", _READABLE)
    return held


def _opened(held: Contained) -> ImageFile:
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    decoders: dict[str, type[ImageFile]] = {
        "BMP": BmpImagePlugin.BmpImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "JPEG": JpegImagePlugin.JpegImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
    }
    return decoders[held.format](io.BytesIO(held.data))


def _check_size(width: int, height: int, *, passes: int = 1) -> None:
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"the picture has {width} x {height} pixels, more than the {MAX_PIXELS // 10**6} "
            "million that are read",
            "Send it at a smaller size.",
        )
    if width * height * passes > MAX_WORK:
        raise PictureError(
            f"the picture is stored in {passes} passes, more than its size allows",
            "Save it again in a picture editor.",
        )
