"""Logos, charts and pages of text, drawn here: the plain pictures that are made of several parts.

Their letters are of the one font that comes with Pillow, drawn thin and bold, narrow and wide.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

_HIGH = 128
_STARTS = (
    "b",
    "br",
    "c",
    "d",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "v",
    "w",
)
_ENDS = ("a", "an", "ay", "e", "en", "er", "i", "ia", "in", "o", "on", "or", "u", "um", "us", "el")


def size_of(chance: random.Random) -> tuple[int, int]:
    """Width and height of a logo: as high as wide, or up to twice as wide."""
    return chance.choice((_HIGH, _HIGH * 3 // 2, _HIGH * 2)), _HIGH


def word(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """One word in the middle, sometimes two above each other."""
    width, height = draw.im.size
    lines = chance.choice((1, 1, 1, 2))
    for line in range(lines):
        place = height * (0.5 + 0.3 * (line - (lines - 1) / 2))
        _write(draw, chance, (width / 2, place), (0.95 * width, 0.42 * height / lines**0.5), ink)


def sign_above(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """A sign, and a word below it."""
    width, height = draw.im.size
    size = chance.uniform(0.12, 0.26) * height
    _sign(draw, chance, width / 2, chance.uniform(0.3, 0.4) * height, size, ink)
    place = width / 2, chance.uniform(0.7, 0.82) * height
    _write(draw, chance, place, (0.95 * width, 0.34 * height), ink)


def sign_beside(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """A sign, and a word to the right of it."""
    width, height = draw.im.size
    size = min(chance.uniform(0.08, 0.2) * height, 0.14 * width)
    _sign(draw, chance, chance.uniform(0.14, 0.2) * width, height / 2, size, ink)
    left = 0.3 * width
    _write(draw, chance, (left, height / 2), (0.95 * width - left, 0.42 * height), ink, "lm")


def bars(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """Bars of one colour on lines, with a title."""
    left, top, right, foot = _axes(draw, chance, ink)
    count = chance.randint(3, 14)
    pitch = (right - left) / count
    for place in range(count):
        x, high = left + (place + 0.15) * pitch, chance.uniform(0.05, 1) * (foot - top)
        draw.rectangle((x, foot - high, x + 0.7 * pitch, foot), fill=_between(chance, ink))


def curves(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """One to three broken lines, with a title."""
    left, top, right, foot = _axes(draw, chance, ink)
    for _ in range(chance.randint(1, 3)):
        count = chance.randint(4, 14)
        step = (right - left) / (count - 1)
        draw.line(
            [(left + at * step, chance.uniform(top, foot)) for at in range(count)],
            fill=_between(chance, ink),
            width=chance.randint(1, 3),
        )


def pie(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """A pie in slices, in the middle or to the left, with its key beside it."""
    width, height = draw.im.size
    beside = chance.random() < 0.6
    size = chance.uniform(0.3, 0.45) * height
    x, y = (0.32 if beside else 0.5) * width, chance.uniform(0.48, 0.55) * height
    start = chance.uniform(0, 360)
    shares = [chance.uniform(0.3, 2) for _ in range(chance.randint(2, 7))]
    for number, share in enumerate(shares):
        end = start + 360 * share / sum(shares)
        tone = _between(chance, ink)
        draw.pieslice((x - size, y - size, x + size, y + size), start, end, fill=tone)
        start = end
        if beside:
            place = height * (0.25 + 0.08 * number)
            draw.rectangle((0.68 * width, place, 0.7 * width, place + 0.04 * height), fill=tone)
            _line(draw, chance, (0.72 * width, place), 0.2 * width, 0.04 * height, ink)


def page(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    """Lines of text in one or two columns, in paragraphs."""
    width, height = draw.im.size
    margin, high = chance.uniform(0.05, 0.15), chance.uniform(0.012, 0.03) * height
    columns = chance.choice((1, 1, 2))
    wide = (1 - 2 * margin - 0.04 * (columns - 1)) * width / columns
    for column in range(columns):
        x, y = margin * width + column * (wide + 0.04 * width), margin * height
        left = chance.randint(2, 9)
        while y < (1 - margin) * height:
            _line(draw, chance, (x, y), wide * (1 if left else chance.uniform(0.2, 0.9)), high, ink)
            y += 1.6 * high
            left -= 1
            if left < 0:
                left, y = chance.randint(2, 9), y + 1.3 * high


def _axes(
    draw: ImageDraw.ImageDraw, chance: random.Random, ink: int
) -> tuple[float, float, float, float]:
    width, height = draw.im.size
    left, top, right, foot = 0.1 * width, 0.12 * height, 0.95 * width, 0.88 * height
    faint = (ink + 3 * (255 - ink if ink in {0, 255} else 255)) // 4
    for step in range(6):
        y = foot - (foot - top) * step / 5
        draw.line((left, y, right, y), fill=faint)
    draw.line((left, top, left, foot, right, foot), fill=ink)
    title = chance.uniform(0.3, 0.7) * width
    _line(draw, chance, ((width - title) / 2, 0.03 * height), title, 0.05 * height, ink)
    return left, top, right, foot


def _line(
    draw: ImageDraw.ImageDraw,
    chance: random.Random,
    place: tuple[float, float],
    wide: float,
    high: float,
    ink: int,
) -> None:
    """Words too small to be read: a dash for each."""
    x, end = place[0], place[0] + wide
    while x < end:
        length = chance.uniform(1.5, 6) * high
        draw.rectangle((x, place[1], min(end, x + length), place[1] + 0.6 * high), fill=ink)
        x += length + 0.7 * high


def _between(chance: random.Random, ink: int) -> int:
    """A tone between that of the ink and the middle."""
    return round(ink + (128 - ink) * chance.random())


def _sign(
    draw: ImageDraw.ImageDraw, chance: random.Random, x: float, y: float, size: float, ink: int
) -> None:
    box = (x - size, y - size, x + size, y + size)
    kind = chance.randrange(4)
    if kind == 0:
        draw.ellipse(box, fill=ink)
    elif kind == 1:
        draw.ellipse(box, outline=ink, width=max(2, round(size / 4)))
    elif kind == 2:
        draw.rounded_rectangle(box, chance.uniform(0, 0.4) * size, fill=ink)
    else:
        corners, turn = chance.randint(3, 7), chance.uniform(0, math.tau)
        turns = [turn + math.tau * corner / corners for corner in range(corners)]
        points = [(x + size * math.cos(each), y + size * math.sin(each)) for each in turns]
        draw.polygon(points, fill=ink)


def _write(
    draw: ImageDraw.ImageDraw,
    chance: random.Random,
    place: tuple[float, float],
    room: tuple[float, float],
    ink: int,
    anchor: str = "mm",
) -> None:
    """A word that nobody knows, as large as there is room, or smaller."""
    text = "".join(
        chance.choice(_STARTS) + chance.choice(_ENDS) for _ in range(chance.randint(1, 3))
    )
    text = chance.choice((str.upper, str.capitalize, str))(text)
    size = min(room[1], room[0] / (0.62 * len(text))) * chance.uniform(0.7, 1)
    bold = chance.choice((0, 0, size / 30, size / 16))
    draw.text(
        place, text, fill=ink, anchor=anchor, font=_font(round(size)), stroke_width=round(bold)
    )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(max(6, size))
