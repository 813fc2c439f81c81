"""Plain pictures, drawn here: what a hash that was made by a client must not resemble.

They are what everybody draws: shapes, stripes, gradients, letters, badges, logos, charts. Two of
them are often alike though nobody copied, so that one hash that was registered could drop
thousands. How many are within 30 bits of each other: ellipses 15%, stripes 20%, letters 0.1%,
photographs none. Words are too many for any set to hold: see `regularity` for those.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from . import flat_logos

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image, ImageDraw

_SIDE = 128
_SEED = 1
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789&@#?!"


def plain_pictures(seed: int = _SEED, share: float = 1.0) -> Iterator[tuple[str, Image.Image]]:
    """Draw plain pictures, the same ones for the same arguments.

    Args:
        seed: another one draws others.
        share: how many of each sort, as a share of those that `flat_hashes` is made of.

    Yields:
        the name of the sort and the picture, mode L, 128 pixels high; logos, charts and pages are
        up to twice as wide, all others as wide as they are high.
    """
    from PIL import Image, ImageDraw

    chance = random.Random(seed)  # noqa: S311  # the same pictures on every machine
    for paint, count in _SORTS.items():
        for _ in range(round(count * share)):
            ground, ink = chance.choice(((255, 0), (0, 255), (255, chance.randrange(200))))
            size = flat_logos.size_of(chance) if paint in _LOGOS else (_SIDE, _SIDE)
            picture = Image.new("L", size, ground)
            paint(ImageDraw.Draw(picture), chance, ink)
            yield paint.__name__.removeprefix("_"), picture


_drawing = threading.Lock()


def flat_hashes() -> npt.NDArray[np.uint8]:
    """phash256 of every plain picture: uint8, one row of 32 bytes for each.

    Drawn by whoever asks first, which takes seconds; other threads wait, and draw nothing.
    """
    with _drawing:
        return _flat_hashes()


@cache
def _flat_hashes() -> npt.NDArray[np.uint8]:
    import imagehash
    import numpy as np

    bits = [imagehash.phash(picture, 16).hash.reshape(-1) for _, picture in plain_pictures()]
    return np.packbits(np.stack(bits), axis=1)


_Box = tuple[float, float, float, float]


def _box(chance: random.Random) -> _Box:
    wide, high = chance.uniform(0.25, 0.95) * _SIDE, chance.uniform(0.25, 0.95) * _SIDE
    if chance.random() < 0.6:
        high = wide
    left, top = (_SIDE - wide) / 2, (_SIDE - high) / 2
    if chance.random() < 0.5:
        left, top = chance.uniform(0, _SIDE - wide), chance.uniform(0, _SIDE - high)
    return left, top, left + wide, top + high


def _ellipse(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    draw.ellipse(_box(chance), fill=ink)


def _ring(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    draw.ellipse(_box(chance), outline=ink, width=chance.randint(2, 20))


def _rectangle(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    draw.rectangle(_box(chance), fill=ink)


def _frame(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    draw.rectangle(_box(chance), outline=ink, width=chance.randint(2, 20))


def _polygon(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    corners = chance.randint(3, 8)
    turn = chance.choice((0.0, math.pi / corners, chance.uniform(0, math.tau)))
    draw.polygon(_corners(_box(chance), corners, turn, [1.0]), fill=ink)


def _star(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    depth = chance.uniform(0.35, 0.6)
    draw.polygon(_corners(_box(chance), 2 * chance.randint(4, 8), 0.0, [1.0, depth]), fill=ink)


def _corners(box: _Box, count: int, turn: float, reaches: list[float]) -> list[tuple[float, float]]:
    left, top, right, bottom = box
    points = []
    for corner in range(count):
        angle = turn - math.pi / 2 + math.tau * corner / count
        reach = reaches[corner % len(reaches)] / 2
        x = (left + right) / 2 + math.cos(angle) * reach * (right - left)
        points.append((x, (top + bottom) / 2 + math.sin(angle) * reach * (bottom - top)))
    return points


def _half(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    angle = chance.choice((0.0, math.pi / 2, math.pi / 4, chance.uniform(0, math.tau)))
    _band(draw, angle, chance.uniform(-0.35, 0.35) * _SIDE, 3 * _SIDE, ink)


def _stripes(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    angle = chance.choice((0.0, math.pi / 2, math.pi / 4, 3 * math.pi / 4))
    step = chance.uniform(8, 60)
    place, width = chance.uniform(0, step) - 1.5 * _SIDE, step * chance.uniform(0.2, 0.8)
    while place < 1.5 * _SIDE:
        _band(draw, angle, place, width, ink)
        place += step


def _band(draw: ImageDraw.ImageDraw, angle: float, place: float, width: float, ink: int) -> None:
    """A band at an angle, `width` wide, from `place` off the centre on."""
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    ends = ((-2, place), (2, place), (2, place + width), (-2, place + width))
    draw.polygon(
        [
            (
                _SIDE / 2 + along[0] * far * _SIDE + across[0] * off,
                _SIDE / 2 + along[1] * far * _SIDE + across[1] * off,
            )
            for far, off in ends
        ],
        fill=ink,
    )


def _cross(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    left, top, right, bottom = _box(chance)
    width = chance.randint(4, 30)
    if chance.random() < 0.5:
        draw.line((left, top, right, bottom), fill=ink, width=width)
        draw.line((left, bottom, right, top), fill=ink, width=width)
    else:
        x, y = (left + right) / 2, (top + bottom) / 2
        draw.line((left, y, right, y), fill=ink, width=width)
        draw.line((x, top, x, bottom), fill=ink, width=width)


def _gradient(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    angle = chance.choice((0.0, math.pi / 2, math.pi / 4, chance.uniform(0, math.tau)))
    reach, steps = chance.uniform(0.6, 1.4) * _SIDE, 64
    for step in range(steps):
        grey = round(ink + (255 - 2 * ink) * step / steps)
        place = reach * (step / steps - 0.5)
        _band(draw, angle, place, 3 * _SIDE, min(255, max(0, grey)))


def _letter(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    _write(draw, chance.choice(_LETTERS), chance.uniform(0.5, 1), ink)


def _badge(draw: ImageDraw.ImageDraw, chance: random.Random, ink: int) -> None:
    margin = chance.uniform(0, 0.15) * _SIDE
    corner = chance.choice((0.1, 0.25, 0.5)) * (_SIDE - 2 * margin)
    box = (margin, margin, _SIDE - margin, _SIDE - margin)
    draw.rounded_rectangle(box, corner, fill=ink)
    _write(draw, chance.choice(_LETTERS), chance.uniform(0.4, 0.7), 0 if ink > 127 else 255)


def _write(draw: ImageDraw.ImageDraw, text: str, size: float, ink: int) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(size * _SIDE)
    draw.text((_SIDE / 2, _SIDE / 2), text, fill=ink, anchor="mm", font=font)


_Paint = Callable[["ImageDraw.ImageDraw", random.Random, int], None]

_LOGOS: dict[_Paint, int] = {
    flat_logos.word: 150,
    flat_logos.sign_above: 300,
    flat_logos.sign_beside: 100,
    flat_logos.bars: 50,
    flat_logos.curves: 50,
    flat_logos.pie: 200,
    flat_logos.page: 50,
}

_SORTS: dict[_Paint, int] = {
    _ellipse: 200,
    _ring: 200,
    _rectangle: 200,
    _frame: 200,
    _polygon: 400,
    _star: 200,
    _half: 200,
    _stripes: 300,
    _cross: 300,
    _gradient: 100,
    _letter: 800,
    _badge: 600,
    **_LOGOS,
}
"""How many of each sort are drawn, more of those that vary more."""
