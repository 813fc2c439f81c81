"""The contact sheet: what went and what stayed, as one HTML file that needs no network."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template


@dataclass(frozen=True)
class Tile:
    """One picture of the corpus."""

    picture: bytes
    title: str
    place: str
    """Shard and row."""
    distance: int | None


@dataclass(frozen=True)
class Line:
    """One address of the corpus."""

    url: str
    place: str
    why: str = ""


@dataclass(frozen=True)
class Sheet:
    """Everything that the page shows."""

    registered: bytes
    numbers: Sequence[tuple[str, str]]
    """What was counted, and how many."""
    radius: int
    copies: Sequence[Tile]
    resembling: Sequence[Tile]
    distances: Sequence[int]
    """Of every picture in the corpus, to the nearest registered variant, mirrored or not."""
    look_alike: int
    """The distance of the look-alike."""
    went: Sequence[Line]
    stayed: Sequence[Line]
    evidence: str


def render(sheet: Sheet) -> str:
    """The page as HTML, with every picture inside it."""
    template = Template((files(__package__) / "sheet.html").read_text("utf-8"))
    return template.substitute(
        numbers="".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(number)}</dd></div>"
            for name, number in sheet.numbers
        ),
        registered=_inline(sheet.registered),
        radius=sheet.radius,
        copies=_tiles(sheet.copies),
        resembling=_tiles(sheet.resembling),
        chart=_chart(sheet),
        went="".join(_line(line.url, "soft", line.why) for line in sheet.went),
        stayed="".join(_line(line.url, "number", line.place) for line in sheet.stayed),
        evidence=escape(sheet.evidence),
    )


def _line(url: str, style: str, words: str) -> str:
    return f"<tr><td><code>{escape(url)}</code></td><td class='{style}'>{escape(words)}</td></tr>"


_SIGNATURES = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG", "png"), (b"RIFF", "webp"))


def _inline(picture: bytes) -> str:
    form = next((name for start, name in _SIGNATURES if picture.startswith(start)), "octet-stream")
    return f"data:image/{form};base64,{base64.b64encode(picture).decode()}"


def _tiles(tiles: Iterable[Tile]) -> str:
    return "".join(
        "<figure><div class='frame'>"
        f"<img src='{_inline(tile.picture)}' alt='{escape(tile.title, quote=True)}'></div>"
        f"<figcaption>{escape(tile.title)}"
        + ("" if tile.distance is None else f"<span>distance {tile.distance}</span>")
        + f"<span>{escape(tile.place)}</span></figcaption></figure>"
        for tile in tiles
    )


_WIDTH, _HEIGHT, _FOOT = 1000, 210, 34
_BITS = 180
"""The chart ends here: unrelated photographs lie around 128."""


def _chart(sheet: Sheet) -> str:
    """A histogram as inline SVG: copies at the left, the crowd far to the right."""
    counts: dict[int, int] = {}
    for distance in sheet.distances:
        counts[distance] = counts.get(distance, 0) + 1
    tallest = math.log1p(max(counts.values(), default=1))
    floor = _HEIGHT - _FOOT

    def x(distance: float) -> float:
        return round(distance / _BITS * _WIDTH, 1)

    bars = []
    for distance, count in sorted(counts.items()):
        height = round(math.log1p(count) / tallest * (floor - 40), 1)
        colour = (
            "var(--gone)"
            if distance <= sheet.radius
            else "var(--stay)"
            if distance == sheet.look_alike
            else "var(--crowd)"
        )
        bars.append(
            f"<rect x='{x(distance) - 4}' y='{floor - height}' width='8' height='{height}' rx='2' "
            f"style='fill:{colour}'><title>{count} at distance {distance}</title></rect>"
        )
    words = "".join(
        f"<text x='{left}' y='{top}' text-anchor='{anchor}'>{escape(text)}</text>"
        for left, top, anchor, text in (
            (x(sheet.radius) + 8, 16, "start", f"radius {sheet.radius}: all left of it went"),
            (x(sheet.look_alike), floor - 60, "middle", f"the look-alike, {sheet.look_alike}"),
            (x(126), 16, "middle", "unrelated photographs"),
            *((x(bits), _HEIGHT - 12, "middle", str(bits)) for bits in range(0, _BITS, 30)),
        )
    )
    limit = x(sheet.radius)
    return (
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' aria-label='Distances of all pictures'>"
        f"<rect x='0' y='0' width='{limit}' height='{floor}' style='fill:var(--gone-wash)'/>"
        f"<line x1='0' x2='{_WIDTH}' y1='{floor}' y2='{floor}' style='stroke:var(--line)'/>"
        f"<line x1='{limit}' x2='{limit}' y1='0' y2='{floor}' "
        "style='stroke:var(--gone);stroke-dasharray:3 4'/>"
        f"{''.join(bars)}{words}</svg>"
    )
