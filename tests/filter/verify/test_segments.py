"""An input and its output are cut where both have a border."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from optout.filter.verify.segments import Segment, segments

SIZES = st.lists(st.integers(0, 5), max_size=12)


def test_row_groups_that_stayed_are_parts_of_their_own() -> None:
    assert segments([3, 0, 2], [3, 2]) == [
        Segment(range(1), range(1), 0),
        Segment(range(1, 2), range(1, 1), 3),
        Segment(range(2, 3), range(1, 2), 3),
    ]


def test_row_groups_that_were_cut_anew_are_looked_at_together() -> None:
    assert segments([2, 2, 2], [3, 3]) == [Segment(range(3), range(2), 0)]


@given(SIZES, SIZES)
def test_every_row_group_is_in_one_part_and_parts_begin_alike(
    left: list[int], rows: list[int]
) -> None:
    found = segments(left, rows)
    assert [n for part in found for n in part.groups] == list(range(len(left)))
    assert [n for part in found for n in part.output] == list(range(len(rows)))
    for part in found:
        assert sum(left[: part.groups.start]) == part.first_row
        assert sum(rows[: part.output.start]) == part.first_row


@given(SIZES)
def test_sides_that_are_alike_are_cut_everywhere(sizes: list[int]) -> None:
    assert [(p.groups, p.output) for p in segments(sizes, sizes) if len(p.output)] or not sizes
    borders = {part.first_row for part in segments(sizes, sizes)}
    assert {sum(sizes[:n]) for n in range(len(sizes))} == borders
