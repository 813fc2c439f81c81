"""Pictures that nobody copied and that are alike all the same: logos, charts, text pages, shapes.

They are drawn from a seed, the same ones everywhere. Letters are those of a free font in four
styles.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .transforms import base, saved

_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono-Bold")
_FOLDER = "usr/share/fonts/truetype/dejavu"
_COLOURS = (
    "#111111", "#c0392b", "#2980b9", "#27ae60", "#8e44ad", "#f39c12", "#16a085", "#2c3e50",
    "#d35400", "#e84393", "#0b6e4f", "#555555",
)  # fmt: skip
_GROUNDS = ("white", "white", "white", "#f5f5f5", "#111111", "#1f3a5f")
_STARTS = ("b", "br", "c", "d", "f", "g", "gr", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v")
_ENDS = ("a", "an", "e", "en", "er", "i", "in", "o", "on", "or", "u", "us", "al", "el")


def drawn(sort: str, seed: int, fonts: str, template: bytes = b"") -> bytes:
    """One picture, as PNG.

    Args:
        sort: a name from `SORTS`, or `memes`.
        seed: another one draws another picture.
        fonts: the folder of the unpacked fonts.
        template: what is under the words of a meme.
    """
    chance = random.Random(f"{sort} {seed}")
    if sort == "memes":
        return saved(_meme(template, chance, Path(fonts)), "PNG", compress_level=1)
    return saved(SORTS[sort](chance, Path(fonts)), "PNG", compress_level=1)


def _word(chance: random.Random, least: int = 1, most: int = 3) -> str:
    count = chance.randint(least, most)
    return "".join(chance.choice(_STARTS) + chance.choice(_ENDS) for _ in range(count))


def _words(chance: random.Random, count: int) -> str:
    return " ".join(_word(chance) for _ in range(count)).capitalize()


def _font(chance: random.Random, fonts: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(fonts / _FOLDER / f"{chance.choice(_FONTS)}.ttf", max(8, round(size)))


def _logo(chance: random.Random, fonts: Path) -> Image.Image:
    """A word, and often a sign beside or above it."""
    width, height = chance.choice(((512, 512), (512, 256), (480, 320)))
    ground = chance.choice(_GROUNDS)
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    word = chance.choice((str.upper, str.capitalize, str))(_word(chance, 1, 3))
    font = _font(chance, fonts, min(0.3 * height, 1.3 * 0.7 * width / len(word)))
    colour = chance.choice([each for each in _COLOURS if each != ground])
    ink = "white" if ground in {"#111111", "#1f3a5f"} else chance.choice(("black", colour))
    way = chance.choice(("word", "above", "beside"))
    if way == "word":
        draw.text((width / 2, height / 2), word, fill=ink, font=font, anchor="mm")
        return picture
    size = 0.2 * height if way == "above" else min(0.15 * height, 0.12 * width)
    x, y = (width / 2, 0.35 * height) if way == "above" else (0.16 * width, 0.5 * height)
    _sign(draw, chance, x, y, size, colour)
    if way == "above":
        draw.text((width / 2, 0.75 * height), word, fill=ink, font=font, anchor="mm")
    else:
        draw.text((0.32 * width, height / 2), word, fill=ink, font=font, anchor="lm")
    return picture


def _sign(
    draw: ImageDraw.ImageDraw, chance: random.Random, x: float, y: float, size: float, colour: str
) -> None:
    box = (x - size, y - size, x + size, y + size)
    kind = chance.randrange(4)
    if kind == 0:
        draw.ellipse(box, fill=colour)
    elif kind == 1:
        draw.ellipse(box, outline=colour, width=max(3, round(size / 4)))
    elif kind == 2:
        draw.rounded_rectangle(box, size / 3, fill=colour)
    else:
        corners, turn = chance.randint(3, 7), chance.uniform(0, math.tau)
        angles = [turn + math.tau * corner / corners for corner in range(corners)]
        draw.polygon([(x + size * math.cos(a), y + size * math.sin(a)) for a in angles], colour)


def _shapes(chance: random.Random, fonts: Path) -> Image.Image:  # noqa: ARG001
    """One to three shapes of one colour each on a ground of one colour."""
    width, height = chance.choice(((512, 512), (512, 384), (384, 512)))
    ground = chance.choice(_GROUNDS)
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    for _ in range(chance.randint(1, 3)):
        size = chance.uniform(0.1, 0.4) * min(width, height)
        x, y = chance.uniform(0.2, 0.8) * width, chance.uniform(0.2, 0.8) * height
        _sign(draw, chance, x, y, size, chance.choice([c for c in _COLOURS if c != ground]))
    return picture


def _gradient(chance: random.Random, fonts: Path) -> Image.Image:  # noqa: ARG001
    """From one colour to another, straight or round."""
    side = 384
    ways = (Image.linear_gradient("L"), Image.radial_gradient("L"))
    mask = chance.choice(ways).rotate(chance.choice((0, 90, 180, 270))).resize((side, side))
    first, second = (Image.new("RGB", (side, side), c) for c in chance.sample(_COLOURS, 2))
    return Image.composite(first, second, mask)


def _chart(chance: random.Random, fonts: Path) -> Image.Image:
    """Bars, lines or a pie, with a title and axes."""
    width, height = 640, 420
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((width / 2, 24), _words(chance, 4), "black", _font(chance, fonts, 20), anchor="mm")
    left, top, right, foot = 60, 50, width - 30, height - 50
    kind = chance.choice(("bars", "lines", "pie"))
    if kind == "pie":
        start, box = chance.uniform(0, 360), (left + 20, top + 10, left + 320, top + 310)
        shares = [chance.uniform(0.3, 2) for _ in range(chance.randint(3, 7))]
        for number, share in enumerate(shares):
            end = start + 360 * share / sum(shares)
            draw.pieslice(box, start, end, fill=_COLOURS[number], outline="white")
            draw.rectangle((430, 100 + 30 * number, 446, 116 + 30 * number), _COLOURS[number])
            draw.text((454, 100 + 30 * number), _word(chance), "black", _font(chance, fonts, 13))
            start = end
        return picture
    for step in range(6):
        y = foot - (foot - top) * step / 5
        draw.line((left, y, right, y), fill="#dddddd")
        draw.text((left - 8, y), str(step * 20), "black", _font(chance, fonts, 12), anchor="rm")
    draw.line((left, top, left, foot, right, foot), fill="black", width=2)
    count = chance.randint(4, 14)
    pitch = (right - left) / count
    for number in range(chance.randint(1, 3)):
        colour = chance.choice(_COLOURS)
        heights = [chance.uniform(0.05, 1) * (foot - top) for _ in range(count)]
        if kind == "bars":
            if number == 0:
                for at, high in enumerate(heights):
                    x = left + at * pitch + 0.15 * pitch
                    draw.rectangle((x, foot - high, x + 0.7 * pitch, foot), fill=colour)
            continue
        points = [(left + (at + 0.5) * pitch, foot - high) for at, high in enumerate(heights)]
        draw.line(points, fill=colour, width=3)
    for at in range(count):
        place = left + (at + 0.5) * pitch, foot + 14
        draw.text(place, _word(chance, 1, 1), "black", _font(chance, fonts, 11), anchor="mm")
    return picture


def _page(chance: random.Random, fonts: Path) -> Image.Image:
    """A page of a document: a title, paragraphs of one to two columns."""
    width, height = 600, 800
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    margin, size = chance.randint(40, 80), chance.choice((11, 12, 14))
    y = float(margin)
    if chance.random() < 0.8:
        title = _font(chance, fonts, 2 * size)
        draw.text((margin, y), _words(chance, chance.randint(2, 4)), "black", title)
        y += 4 * size
    font = _font(chance, fonts, size)
    columns, gap = chance.choice((1, 1, 2)), 24
    wide = (width - 2 * margin - gap * (columns - 1)) / columns
    for column in range(columns):
        x, line = margin + column * (wide + gap), y
        left = chance.randint(2, 9)
        while line < height - margin - size:
            share = 1.0 if left else chance.uniform(0.2, 0.9)
            text = _words(chance, 1)
            while draw.textlength(f"{text} ", font=font) < share * wide - 5 * size:
                text += f" {_word(chance)}"
            draw.text((x, line), text, "black", font)
            line += 1.5 * size
            left -= 1
            if left < 0:
                left, line = chance.randint(2, 9), line + 1.2 * size
    return picture


def _meme(template: bytes, chance: random.Random, fonts: Path) -> Image.Image:
    """Words above and below on a photograph that others use too."""
    picture = base(template, 512)
    draw = ImageDraw.Draw(picture)
    size = picture.width / 13
    font = ImageFont.truetype(fonts / _FOLDER / "DejaVuSans-Bold.ttf", round(size))
    middle = picture.width / 2
    for y, anchor in ((0.03 * picture.height, "ma"), (0.97 * picture.height, "md")):
        text = _words(chance, chance.randint(2, 4)).upper()
        while draw.textlength(text, font=font) > 0.95 * picture.width:
            text = text.rpartition(" ")[0] or text[:-1]
        draw.text((middle, y), text, "white", font, anchor, stroke_width=3, stroke_fill="black")
    return picture


SORTS: dict[str, Callable[[random.Random, Path], Image.Image]] = {
    "logos": _logo,
    "charts": _chart,
    "text pages": _page,
    "flat shapes": _shapes,
    "gradients": _gradient,
}
"""How each class is drawn."""
