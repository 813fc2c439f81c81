"""The figures as a picture: bars of rates, by a scale of powers of ten."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from . import limits, ours, peers

if TYPE_CHECKING:
    from .found import Found

_WIDTH, _LEFT, _RIGHT, _LINE = 760, 250, 90, 22
_COLOURS = {"ours": "#0b6e4f", "peer": "#9aa5b1", "limit": "#d9c27c"}


@dataclass(frozen=True)
class Line:
    """One bar.

    Attributes:
        name: whose.
        rate: rows a second.
        kind: `ours`, `peer` or `limit`.
    """

    name: str
    rate: float
    kind: str


Group = tuple[str, list[Line]]


def groups(found: Found) -> list[Group]:
    """What is drawn."""
    everybody = (*peers.FAST, *peers.MIDDLING)
    wanted = [
        (
            "say which rows go",
            "mask zstd urls",
            [("scan zstd", f"{limits.READ}, 2 threads")],
        ),
        ("rewrite, nothing to drop", "rewrite zstd nothing", [("copy zstd", limits.COPY)]),
        ("rewrite, a hit in 10% of row groups", "rewrite zstd clustered", []),
        (
            "rewrite, 1% of rows everywhere",
            "rewrite zstd urls",
            [("encode zstd", f"{limits.CODEC}, 2 threads")],
        ),
        ("the same, fewer opted out", "rewrite zstd few", []),
    ]
    drawn: list[Group] = []
    for title, job, above in wanted:
        lines = [Line(name, rate, "limit") for at, name in above if (rate := found.rate(at, name))]
        if rate := found.rate(job):
            lines.append(Line(ours.NAME, rate, "ours"))
        lines += [Line(name, rate, "peer") for name in everybody if (rate := found.rate(job, name))]
        slow = f"{job}, few rows"
        lines += [
            Line(name, rate, "peer") for name in peers.SLOW if (rate := found.rate(slow, name))
        ]
        drawn.append((title, lines))
    return [group for group in drawn if group[1]]


def draw(drawn: Sequence[Group], what: str = "rows", powers: range = range(3, 9)) -> str:
    """An SVG document.

    Args:
        drawn: the bars.
        what: is done in a second.
        powers: of ten, from one end of the scale to the other.
    """
    height = 40 + sum(34 + _LINE * len(lines) for _, lines in drawn) + 20
    room = _WIDTH - _LEFT - _RIGHT
    low, high = powers[0], powers[-1]

    def along(rate: float) -> float:
        return room * min(1, max(0.002, (math.log10(rate) - low) / (high - low)))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" fill="#1f2933">',
        f"<title>{what.capitalize()} a second, by job</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for power in powers:
        x = _LEFT + along(10**power) if power > low else _LEFT
        label = f"{10**power:,}" if power < 6 else f"{10 ** (power - 6)} M"
        parts.append(
            f'<line x1="{x:.0f}" y1="28" x2="{x:.0f}" y2="{height - 14}" stroke="#e4e7eb"/>'
            f'<text x="{x:.0f}" y="20" text-anchor="middle" fill="#52606d">{label}</text>'
        )
    parts.append(f'<text x="12" y="20" fill="#52606d">{what} a second</text>')
    y = 40
    for title, lines in drawn:
        y += 20
        parts.append(f'<text x="12" y="{y}" font-weight="600">{escape(title)}</text>')
        y += 8
        for line in lines:
            weight = ' font-weight="600"' if line.kind == "ours" else ""
            parts.append(
                f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end"{weight}>'
                f"{escape(line.name)}</text>"
                f'<rect x="{_LEFT}" y="{y + 3}" width="{along(line.rate):.0f}" height="14" '
                f'rx="2" fill="{_COLOURS[line.kind]}"/>'
                f'<text x="{_LEFT + along(line.rate) + 6:.0f}" y="{y + 14}"{weight}>'
                f"{short(line.rate)}</text>"
            )
            y += _LINE
        y += 6
    return "\n".join([*parts, "</svg>"]) + "\n"


def short(rate: float) -> str:
    """A rate in three digits."""
    if rate < 1e3:
        return f"{rate:.3g}"
    return f"{rate / 1e6:.3g} M" if rate >= 1e6 else f"{rate / 1e3:.3g} k"
