"""A chart of growth, drawn on the server as SVG that the stylesheet colours."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from optout.api.service import Day

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 24, 24
_STEPS = (1, 2, 5)
_ROWS = 24
"""Rows of the table beside it at most, before months stand for days."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Where things stand in the drawing, in its own units.

    Attributes:
        line: the points of the line, as SVG writes them.
        area: the points of what lies under it.
        top: the number at the upper edge.
        top_at: how far down that edge is.
        base_at: how far down nothing is.
    """

    line: str
    area: str
    top: int
    top_at: int
    base_at: int


def chart_of(days: Sequence[Day], until: datetime.date) -> Chart | None:
    """Draw how many entries were in force, day by day.

    Args:
        days: in order.
        until: the day up to which it is drawn.

    Returns:
        None where there is nothing to see.
    """
    if not days:
        return None
    first = _ordinal(days[0].date)
    last = max(until.toordinal(), _ordinal(days[-1].date), first + 1)
    top = _round_above(max(day.in_force for day in days))
    base = HEIGHT - _BOTTOM

    def place(ordinal: int, count: int) -> str:
        x = _LEFT + (ordinal - first) / (last - first) * (WIDTH - _LEFT - _RIGHT)
        y = base - count / top * (base - _TOP)
        return f"{x:.1f},{y:.1f}"

    points, before = [], 0
    for day in days:
        # What is in force changes on a day, and stays until the next one.
        points += [place(_ordinal(day.date), before), place(_ordinal(day.date), day.in_force)]
        before = day.in_force
    points.append(place(last, before))
    return Chart(
        " ".join(points),
        " ".join([place(first, 0), *points, place(last, 0)]),
        *(top, _TOP, base),
    )


def table_of(days: Sequence[Day]) -> list[Day]:
    """The days that a table beside the chart tells; of many days the last one of each month."""
    if len(days) <= _ROWS:
        return list(days)
    months = {day.date[:7]: day for day in days}
    return list(months.values())[-_ROWS:]


def _ordinal(date: str) -> int:
    return datetime.date.fromisoformat(date).toordinal()


def _round_above(count: int) -> int:
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= count:
                return step * power
        power *= 10
