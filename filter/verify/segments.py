"""An input and its output cut where both have a border, so that parts compare by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """Row groups of an input, and those of its output that must hold what is left of them.

    Attributes:
        groups: numbers of the input's row groups.
        output: numbers of the output's.
        first_row: the number of the first row in the output.
    """

    groups: range
    output: range
    first_row: int


def segments(left: Sequence[int], rows: Sequence[int]) -> list[Segment]:
    """Cut both sides into as many parts as there are.

    Args:
        left: for every row group of the input, how many of its rows are left.
        rows: for every row group of the output, how many rows it has.

    Returns:
        The parts in order; the last has what the two sides do not have alike.
    """
    found: list[Segment] = []
    one = other = behind = reached = first = start = last = 0
    while one < len(left) or other < len(rows):
        if one < len(left) and (behind <= reached or other == len(rows)):
            behind += left[one]
            one += 1
        else:
            reached += rows[other]
            other += 1
        if behind == reached:
            found.append(Segment(range(start, one), range(last, other), first))
            start, last, first = one, other, behind
    if start < one or last < other:
        found.append(Segment(range(start, one), range(last, other), first))
    return found
