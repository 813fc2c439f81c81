"""Counts and lists in words."""

from __future__ import annotations

from optout.api.cli import words


def test_a_count_has_its_noun() -> None:
    assert words.counted(1, "row") == "1 row"
    assert words.counted(2000, "row") == "2,000 rows"


def test_kinds_without_entries_are_not_named() -> None:
    assert words.per_kind({"image": 2, "site": 1, "url": 0}) == "2 images, 1 site"
    assert words.per_kind({"prefix": 2}) == "2 prefixes"


def test_long_lists_of_entries_are_cut() -> None:
    assert words.counted_entries([4]) == "entry 4"
    assert words.counted_entries([1, 2]) == "entries 1, 2"
    assert words.counted_entries(list(range(20)), most=3) == "entries 0, 1, 2 and 17 more"
