"""What happens to a photograph on its way through the web, and what does not hide it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageEnhance, ImageOps


@dataclass(frozen=True)
class Copy:
    """One way in which somebody passed the photograph on."""

    name: str
    """Shown on the contact sheet."""
    make: Callable[[Image.Image], bytes]


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """The picture as JPEG bytes."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture scaled so that its longer side measures `side` pixels."""
    scale = side / max(picture.size)
    width, height = (max(1, round(edge * scale)) for edge in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def centre_square(picture: Image.Image) -> Image.Image:
    """The largest square around the centre, as training pipelines cut it."""
    return ImageOps.fit(picture, (min(picture.size),) * 2)


def on_white(picture: Image.Image) -> Image.Image:
    """The picture centred on a white square, as shops and pipelines pad it."""
    return ImageOps.pad(picture, (max(picture.size),) * 2, color="white")


def _webp(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    fitted(picture, 240).save(stream, "WEBP", quality=45)
    return stream.getvalue()


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    fitted(picture, 200).save(stream, "PNG")
    return stream.getvalue()


def _off_centre(picture: Image.Image) -> bytes:
    width, height = picture.size
    return jpeg(fitted(picture.crop((0, 0, width * 7 // 10, height * 7 // 10)), 256), 85)


FOUND = (
    Copy("smaller, JPEG 85", lambda picture: jpeg(fitted(picture, 256), 85)),
    Copy("JPEG 20", lambda picture: jpeg(fitted(picture, 256), 20)),
    Copy("thumbnail", lambda picture: jpeg(fitted(picture, 96), 60)),
    Copy("WebP", _webp),
    Copy("PNG", _png),
    Copy("greyscale", lambda picture: jpeg(fitted(picture.convert("L").convert("RGB"), 240), 75)),
    Copy("squashed to a square", lambda picture: jpeg(picture.resize((224, 224)), 80)),
    Copy("centre square", lambda picture: jpeg(fitted(centre_square(picture), 224), 80)),
    Copy("padded with white", lambda picture: jpeg(fitted(on_white(picture), 256), 80)),
    Copy("mirror image", lambda picture: jpeg(fitted(ImageOps.mirror(picture), 256), 85)),
    Copy(
        "brighter",
        lambda picture: jpeg(ImageEnhance.Brightness(fitted(picture, 256)).enhance(1.15), 80),
    ),
    Copy(
        "more contrast",
        lambda picture: jpeg(ImageEnhance.Contrast(fitted(picture, 256)).enhance(1.2), 80),
    ),
)
"""Copies that stay within the radius of one of the three registered variants, mirrored or not."""

NOT_FOUND = (
    Copy("a corner of it", _off_centre),
    Copy("turned by 90°", lambda picture: jpeg(fitted(picture.rotate(90, expand=True), 256), 85)),
)
"""Copies that a hash of the whole picture cannot see; the demo shows them too."""
