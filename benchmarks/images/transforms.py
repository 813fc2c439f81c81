"""What happens to a picture on its way into a data set, and what people do to it.

The modes of img2dataset are done as it does them: area averages down, Lanczos up, sides rounded,
JPEG at quality 95. Pillow does the arithmetic where img2dataset lets OpenCV do it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from optout.registry.images import decode
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps
from PIL.Image import Resampling

Transform = Callable[[Image.Image], bytes]
_ORIENTATION = 0x0112
_OCTREE = Image.Quantize.FASTOCTREE


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        group: under which it stands.
        name: of the transform.
        make: a file from a picture of mode RGB.
        promised: every copy of this sort has to be found.
    """

    group: str
    name: str
    make: Transform
    promised: bool = True


def base(data: bytes, side: int) -> Image.Image:
    """A picture as it is published here: upright, RGB, its longer side at most `side`."""
    picture = decode(data).convert("RGB")
    picture.thumbnail((side, side), Resampling.LANCZOS)
    return picture


def published(data: bytes, side: int) -> bytes:
    """The same as a file that loses nothing."""
    return saved(base(data, side), "PNG", compress_level=1)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    held = io.BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def jpeg(picture: Image.Image, quality: int = 95, **options: object) -> bytes:
    """As JPEG; the colours at half the resolution, which is the encoder's default."""
    return saved(picture, "JPEG", quality=quality, **options)


def again(file: bytes) -> Image.Image:
    """A copy, to be copied again."""
    return Image.open(io.BytesIO(file)).convert("RGB")


def resized(picture: Image.Image, width: float, height: float) -> Image.Image:
    """Another size: averages of areas if it is smaller, Lanczos if it is larger."""
    size = max(1, round(width)), max(1, round(height))
    smaller = size[0] * size[1] < picture.width * picture.height
    return picture.resize(size, Resampling.BOX if smaller else Resampling.LANCZOS)


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    """Both sides by a factor."""
    return resized(picture, picture.width * factor, picture.height * factor)


def border(picture: Image.Image, side: int) -> Image.Image:
    """img2dataset's `border`: the longer side, on the middle of a white square."""
    small = scaled(picture, side / max(picture.size))
    square = Image.new("RGB", (side, side), "white")
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


def keep_ratio(picture: Image.Image, side: int) -> Image.Image:
    """img2dataset's `keep_ratio`: the shorter side."""
    return scaled(picture, side / min(picture.size))


def center_crop(picture: Image.Image, side: int) -> Image.Image:
    """img2dataset's `center_crop`: the shorter side, then the square around the middle."""
    small = keep_ratio(picture, side)
    left, top = (small.width - side) // 2, (small.height - side) // 2
    return small.crop((left, top, left + side, top + side))


def squash(picture: Image.Image, side: int) -> Image.Image:
    """A square, whatever becomes of the proportions."""
    return resized(picture, side, side)


def cropped(picture: Image.Image, share: float, *, corner: bool = False) -> Image.Image:
    """Without a share of each side: half of it at both ends, or all of it at the right and foot."""
    width, height = (round(side * (1 - share)) for side in picture.size)
    left, top = (0, 0) if corner else ((picture.width - width) // 2, (picture.height - height) // 2)
    return picture.crop((left, top, left + width, top + height))


def framed(picture: Image.Image, share: float, colour: str = "white") -> Image.Image:
    """With an edge as wide as a share of the longer side."""
    return ImageOps.expand(picture, round(max(picture.size) * share), colour)


def watermarked(picture: Image.Image) -> Image.Image:
    """With words across it, half transparent, a sixth of its width high."""
    layer = Image.new("RGBA", picture.size, (255, 255, 255, 0))
    font = ImageFont.load_default(picture.width / 6)
    middle = picture.width / 2, picture.height / 2
    ImageDraw.Draw(layer).text(
        middle, "© sample", fill=(255, 255, 255, 128), font=font, anchor="mm"
    )
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def captioned(picture: Image.Image) -> Image.Image:
    """With a line of white letters along its foot."""
    drawn = picture.copy()
    font = ImageFont.load_default(picture.width / 16)
    place = picture.width / 2, picture.height * 0.97
    ImageDraw.Draw(drawn).text(
        place, "when they ask who took it", fill="white", stroke_fill="black", stroke_width=2,
        font=font, anchor="ms",
    )  # fmt: skip
    return drawn


def stored_turned(picture: Image.Image) -> bytes:
    """Stored on its side, with EXIF that says so."""
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    return saved(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)


def _enhanced(kind: Callable[[Image.Image], ImageEnhance._Enhance], factor: float) -> Transform:
    return lambda picture: jpeg(kind(picture).enhance(factor))


def _gamma(power: float) -> Transform:
    table = [round(255 * (level / 255) ** power) for level in range(256)] * 3
    return lambda picture: jpeg(picture.point(table))


def _mode(mode: Callable[[Image.Image, int], Image.Image], side: int) -> Transform:
    return lambda picture: jpeg(mode(picture, side))


def _filtered(kind: ImageFilter.Filter) -> Transform:
    return lambda picture: jpeg(picture.filter(kind))


def _of_the_web(picture: Image.Image) -> Image.Image:
    return picture.convert("P", palette=Image.Palette.WEB)


def _rows() -> list[Row]:
    rows = [
        Row("encoded anew", f"JPEG, quality {quality}", lambda p, q=quality: jpeg(p, q))
        for quality in (90, 70, 50, 30, 20, 15, 12, 10)
    ]
    full = 0  # how Pillow is told to keep the colours at full resolution
    rows += [
        Row(
            "encoded anew",
            "JPEG, quality 10, full colours",
            lambda p: jpeg(p, 10, subsampling=full),
        ),
        Row("encoded anew", "JPEG, quality 30, then 10", lambda p: jpeg(again(jpeg(p, 30)), 10)),
        Row("encoded anew", "WebP, quality 80", lambda p: saved(p, "WEBP", quality=80)),
        Row("encoded anew", "WebP, quality 30", lambda p: saved(p, "WEBP", quality=30)),
        Row("encoded anew", "PNG", lambda p: saved(p, "PNG", compress_level=1)),
        Row("encoded anew", "GIF, 256 colours", lambda p: saved(p.quantize(256, _OCTREE), "GIF")),
        Row("encoded anew", "GIF, 256 colours by median cut", lambda p: saved(p, "GIF")),
        Row(
            "encoded anew",
            "GIF, the web's palette, dithered",
            lambda p: saved(_of_the_web(p), "GIF"),
        ),
        Row("encoded anew", "stored on its side, turned by EXIF", stored_turned),
        Row("img2dataset", "no", lambda p: jpeg(p)),
    ]
    for mode in (border, keep_ratio, center_crop):
        rows += [
            Row("img2dataset", f"{mode.__name__}, {side}", _mode(mode, side))
            for side in (256, 384, 512)
        ]
    rows += [
        Row(
            "img2dataset",
            f"{mode.__name__}, 256, quality 10",
            lambda p, m=mode: jpeg(m(p, 256), 10),
            False,
        )
        for mode in (border, keep_ratio, center_crop)
    ]
    rows += [
        Row("resized", f"squash to {side} x {side}", _mode(squash, side))
        for side in (256, 384, 512)
    ]
    rows += [
        Row("resized", f"{factor:g}x", lambda p, f=factor: jpeg(scaled(p, f)))
        for factor in (2, 0.5, 0.25)
    ]
    rows += [
        Row("turned", "mirrored", lambda p: jpeg(ImageOps.mirror(p))),
        Row(
            "turned",
            "mirrored, center_crop 256, quality 75",
            lambda p: jpeg(center_crop(ImageOps.mirror(p), 256), 75),
        ),
        Row(
            "turned",
            "mirrored, border 256, quality 75",
            lambda p: jpeg(border(ImageOps.mirror(p), 256), 75),
        ),
        Row("turned", "by 1 degree", lambda p: jpeg(p.rotate(1, Resampling.BICUBIC)), False),
        Row(
            "turned", "by 90 degrees", lambda p: jpeg(p.transpose(Image.Transpose.ROTATE_90)), False
        ),
        Row("turned", "upside down", lambda p: jpeg(ImageOps.flip(p)), False),
        Row("colours", "greyscale", lambda p: jpeg(p.convert("L"))),
        Row("colours", "contrast 1.5x", _enhanced(ImageEnhance.Contrast, 1.5), False),
        Row("colours", "contrast 0.7x", _enhanced(ImageEnhance.Contrast, 0.7), False),
        Row("colours", "brightness 1.2x", _enhanced(ImageEnhance.Brightness, 1.2), False),
        Row("colours", "brightness 1.5x", _enhanced(ImageEnhance.Brightness, 1.5), False),
        Row("colours", "brightness 0.7x", _enhanced(ImageEnhance.Brightness, 0.7), False),
        Row("colours", "gamma 0.8", _gamma(0.8), False),
        Row("colours", "saturation 1.5x", _enhanced(ImageEnhance.Color, 1.5), False),
        Row(
            "sharpness", "blurred, 2 pixels", lambda p: jpeg(p.filter(ImageFilter.GaussianBlur(2)))
        ),
        Row("sharpness", "sharpened", _filtered(ImageFilter.SHARPEN())),
    ]
    rows += [
        Row(
            "cut",
            f"{share:.0%} off, around the middle",
            lambda p, s=share: jpeg(cropped(p, s)),
            False,
        )
        for share in (0.01, 0.02, 0.05, 0.1)
    ]
    rows += [
        Row(
            "cut",
            f"{share:.0%} off, right and foot",
            lambda p, s=share: jpeg(cropped(p, s, corner=True)),
            False,
        )
        for share in (0.02, 0.05)
    ]
    rows += [
        Row("added", f"white edge of {share:.0%}", lambda p, s=share: jpeg(framed(p, s)), False)
        for share in (0.01, 0.03)
    ]
    rows += [
        Row("added", "watermark across", lambda p: jpeg(watermarked(p)), False),
        Row("added", "caption at the foot", lambda p: jpeg(captioned(p)), False),
    ]
    return rows


ROWS = _rows()
"""Every transform, in the order of the table."""
