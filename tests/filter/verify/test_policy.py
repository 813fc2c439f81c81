"""Which entries bound a run, and what its policy asks less of than the default."""

from __future__ import annotations

import pytest
from optout.filter import Policy
from optout.filter.verify.policy import Eligibility, weaknesses
from optout.registry.identifiers import Grade, Kind, usage_mask

TRAIN, SEARCH = usage_mask(["train-ai"]), usage_mask(["search"])


@pytest.mark.parametrize(
    ("kind", "grade", "usage", "binds"),
    [
        (Kind.URL, Grade.SELF, TRAIN, True),
        (Kind.SITE, Grade.ACCOUNT, TRAIN, False),
        (Kind.SITE, Grade.DOMAIN, TRAIN, True),
        (Kind.IMAGE, Grade.SELF, SEARCH, False),
        (Kind.IMAGE, Grade.SELF, SEARCH | TRAIN, True),
    ],
)
def test_the_default_policy_binds(kind: Kind, grade: Grade, usage: int, binds: bool) -> None:
    assert Eligibility(Policy()).binds(kind, grade, usage) is binds
    assert Eligibility(Policy()).bound_then(3, kind, grade, usage) is binds


def test_a_kind_that_is_left_out_binds_nobody() -> None:
    eligibility = Eligibility(Policy(kinds=frozenset({"image"})))
    assert not eligibility.binds(Kind.URL, Grade.REVIEWED, TRAIN)
    assert [role for role in ("url", "sha256", "image") if eligibility.reaches(role)] == ["image"]


def test_what_counts_is_how_it_was_then() -> None:
    then = Eligibility(Policy(), {1: Grade.SELF, 2: Grade.DOMAIN}, size=4)
    assert not then.bound_then(1, Kind.SITE, Grade.DOMAIN, TRAIN), "proved since"
    assert then.bound_then(2, Kind.SITE, Grade.SELF, TRAIN), "proved then"
    assert not then.bound_then(3, Kind.URL, Grade.SELF, TRAIN), "withdrawn then"
    assert not then.bound_then(9, Kind.URL, Grade.SELF, TRAIN), "registered since"


def test_the_default_policy_has_no_weakness() -> None:
    assert list(weaknesses(Policy())) == []


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(radius=29), "within 29 bits (default: 30)"),
        (Policy(min_grade={"url": "account"}), "url entries below the grade account"),
        (Policy(kinds=frozenset({"url"})), "the kind image was left out"),
        (Policy(usage="search"), "only entries against search"),
        (Policy(unjudgeable={"url": "keep"}), "values of url that cannot be judged were kept"),
        (Policy(hold_share=0.0), "held from 0.000000% of the rows on"),
        (Policy(hold_rows=9), "held from 9 rows on (default: 1000)"),
    ],
)
def test_a_weakness_is_put_in_words(policy: Policy, words: str) -> None:
    assert any(words in weakness for weakness in weaknesses(policy))


def test_a_stricter_policy_has_no_weakness() -> None:
    strict = Policy(
        radius=40,
        min_grade={"site": "self"},
        unjudgeable={"image": "drop"},
        hold_share=0.5,
        hold_rows=5000,
    )
    assert list(weaknesses(strict)) == []
