"""The figures as pictures, in SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_WIDTH = 760
_OURS, _PEER, _OTHER, _INK, _GREY = "#0b6e4f", "#9aa5b1", "#d9a441", "#1f2933", "#52606d"
_BAD = "#c0392b"
_KINDS = (
    ("phash256 30", "phash256 within 30, with variants", _OURS, 5.0),
    ("alone", "phash256 within 30, the original alone", "#7fc4a8", 3.5),
    ("pdq256 31", "PDQ within 31", _PEER, 3.5),
    ("phash64 8", "phash64 within 8", _OTHER, 3.5),
)


def recall(lines: Sequence[Mapping[str, Any]]) -> str:
    """The share of copies that are found, a transform a line."""
    left, right, pitch = 290, 24, 17
    groups = list(dict.fromkeys(line["group"] for line in lines))
    height = 92 + 26 * len(groups) + pitch * len(lines) + 12
    room = _WIDTH - left - right
    parts = _opened(height, "Copies that are found, by what was done to them")
    for number, (_, label, colour, size) in enumerate(_KINDS):
        x, y = 16 + 370 * (number % 2), 20 + 20 * (number // 2)
        parts.append(
            f'<circle cx="{x}" cy="{y - 4}" r="{size}" fill="{colour}"/>'
            f'<text x="{x + 12}" y="{y}" fill="{_GREY}">{label}</text>'
        )
    for share in range(0, 101, 20):
        x = left + room * share / 100
        parts.append(
            f'<line x1="{x:.0f}" y1="72" x2="{x:.0f}" y2="{height - 10}" stroke="#e4e7eb"/>'
            f'<text x="{x:.0f}" y="64" text-anchor="middle" fill="{_GREY}">{share}%</text>'
        )
    y = 70.0
    for group in groups:
        y += 22
        parts.append(f'<text x="12" y="{y:.0f}" font-weight="600">{escape(group)}</text>')
        y += 4
        for line in lines:
            if line["group"] != group:
                continue
            y += pitch
            weight = ' font-weight="600"' if line["promised"] else ""
            parts.append(
                f'<text x="{left - 14}" y="{y:.0f}" text-anchor="end" font-size="12"{weight}>'
                f"{escape(line['name'])}</text>"
            )
            found = {**line["found"], "alone": line["alone"]}
            for kind, _, colour, size in reversed(_KINDS):
                x = left + room * found[kind] / 100
                parts.append(f'<circle cx="{x:.1f}" cy="{y - 4:.1f}" r="{size}" fill="{colour}"/>')
    return _closed(parts)


def tail(drawn: Sequence[Mapping[str, Any]], radius: int = 30) -> str:
    """Distances of unrelated pairs on a logarithmic scale, and how the tail is drawn out."""
    left, right, top, foot, height = 78, 20, 66, 42, 470
    least, most, last = -22.0, 0.0, 160
    colours = (_OURS, _OTHER, "#5b7db1", _PEER)

    def x(bits: float) -> float:
        return left + (_WIDTH - left - right) * bits / last

    def y(power: float) -> float:
        return top + (height - top - foot) * (most - power) / (most - least)

    parts = _opened(height, "Distances of unrelated pairs")
    for power in range(int(least), 1, 2):
        parts.append(
            f'<line x1="{left}" y1="{y(power):.1f}" x2="{_WIDTH - right}" y2="{y(power):.1f}" '
            f'stroke="#e4e7eb"/><text x="{left - 8}" y="{y(power) + 4:.1f}" text-anchor="end" '
            f'font-size="12" fill="{_GREY}">1e{power}</text>'
        )
    for bits in range(0, last + 1, 20):
        parts.append(
            f'<text x="{x(bits):.0f}" y="{height - 22}" text-anchor="middle" font-size="12" '
            f'fill="{_GREY}">{bits}</text>'
        )
    parts.append(
        f'<text x="{(left + _WIDTH - right) / 2:.0f}" y="{height - 6}" text-anchor="middle" '
        f'fill="{_GREY}">bits between two unrelated pictures</text>'
        f'<text x="{left}" y="{top - 10}" fill="{_GREY}">share of pairs at most so near; dashed: '
        "extrapolated, and 95% of what resampling gave</text>"
        f'<line x1="{x(radius):.1f}" y1="{top}" x2="{x(radius):.1f}" y2="{height - foot}" '
        f'stroke="{_BAD}"/><text x="{x(radius) - 6:.0f}" y="{top + 14}" text-anchor="end" '
        f'font-size="12" fill="{_BAD}">radius {radius}</text>'
    )
    for number, (each, colour) in enumerate(zip(drawn, colours, strict=False)):
        label = f"{each['name']}: {each['pairs']:,} pairs"
        place = 16 + 370 * (number % 2), 20 + 18 * (number // 2)
        parts.append(
            f'<circle cx="{place[0]}" cy="{place[1] - 4}" r="4" fill="{colour}"/>'
            f'<text x="{place[0] + 10}" y="{place[1]}" font-size="12" fill="{_GREY}">'
            f"{escape(label)}</text>"
        )
        below, points = 0, []
        for bits, count in enumerate(each["histogram"][: last + 1]):
            below += count
            if below:
                points.append((bits, math.log10(below / each["pairs"])))
        parts.append(_path(points, x, y, colour))
        fitted = each["fitted"]
        if fitted:
            ends = [(b, fitted["at"] + fitted["slope"] * b) for b in (0.0, float(fitted["last"]))]
            parts.append(_path(ends, x, y, colour, dashed=True, least=least))
            for entry in each["radii"]:
                low, high = (
                    max(least, math.log10(max(entry[end], 1e-300))) for end in ("low", "high")
                )
                at = x(entry["radius"]) + 3 * number
                parts.append(
                    f'<line x1="{at:.1f}" y1="{y(low):.1f}" x2="{at:.1f}" y2="{y(high):.1f}" '
                    f'stroke="{colour}" stroke-width="2"/>'
                )
    return _closed(parts)


def _path(
    points: Sequence[tuple[float, float]], x: Any, y: Any, colour: str, *,
    dashed: bool = False, least: float = -99.0,
) -> str:  # fmt: skip
    if dashed and points[0][1] < least:
        (low, below), (high, above) = points
        points = [(low + (high - low) * (least - below) / (above - below), least), (high, above)]
    listed = " ".join(f"{x(bits):.1f},{y(power):.1f}" for bits, power in points)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{listed}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _opened(height: float, title: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
    ]


def _closed(parts: list[str]) -> str:
    return "\n".join([*parts, "</svg>"]) + "\n"
