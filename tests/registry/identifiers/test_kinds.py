"""Kinds, grades and usages: their words, and the numbers under which files store them."""

from __future__ import annotations

import pytest
from optout.registry.errors import LogFault, UsageError
from optout.registry.identifiers import DEFAULT_USAGE, USAGES, Grade, Kind, usage_mask


def test_the_codes_of_kinds_never_change() -> None:
    assert {str(kind): kind.code for kind in Kind} == {
        "url": 1,
        "site": 2,
        "prefix": 3,
        "account": 4,
        "work": 5,
        "text": 6,
        "file": 7,
        "image": 8,
    }


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_found_by_its_code_and_by_its_word(kind: Kind) -> None:
    assert Kind.from_code(kind.code) is kind
    assert Kind(str(kind)) is kind


@pytest.mark.parametrize("code", [-1, 0, 9, 255])
def test_codes_that_no_kind_has_are_faults(code: int) -> None:
    with pytest.raises(LogFault, match=f"no kind has the code {code}"):
        Kind.from_code(code)


def test_grades_rank_from_the_weakest_to_the_strongest() -> None:
    assert [(str(grade), grade.rank) for grade in Grade] == [
        ("self", 0),
        ("account", 1),
        ("domain", 2),
        ("reviewed", 3),
    ]


@pytest.mark.parametrize("grade", Grade)
def test_a_grade_is_found_by_its_rank(grade: Grade) -> None:
    assert Grade.from_rank(grade.rank) is grade


@pytest.mark.parametrize("rank", [-1, 4, 255])
def test_ranks_that_no_grade_has_are_faults(rank: int) -> None:
    with pytest.raises(LogFault, match=f"no grade has the rank {rank}"):
        Grade.from_rank(rank)


def test_usages_are_bits_in_the_order_of_their_list() -> None:
    assert USAGES == ("train-ai", "search")
    assert DEFAULT_USAGE == ("train-ai",)
    assert usage_mask([]) == 0
    assert usage_mask(["train-ai"]) == 1
    assert usage_mask(["search"]) == 2
    assert usage_mask(["search", "train-ai", "search"]) == 3


def test_an_unknown_usage_is_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        usage_mask(["train-ai", "display"])
    assert str(refusal.value) == "'display' is no usage. It may be train-ai or search."
