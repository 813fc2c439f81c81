"""What an operator may decide, and that it is kept as it was meant."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import ROLES
from optout.filter.judge import ACTIONS, Policy
from optout.registry.errors import UsageError
from optout.registry.identifiers import USAGES, Grade, Kind, usage_mask
from optout.registry.images import DEFAULT_RADIUS, MAX_RADIUS

TRAIN = usage_mask(["train-ai"])

POLICIES = st.builds(
    Policy,
    usage=st.sampled_from(USAGES),
    min_grade=st.dictionaries(st.sampled_from([*Kind]), st.sampled_from([*Grade])),
    radius=st.integers(0, MAX_RADIUS),
    unjudgeable=st.dictionaries(st.sampled_from(ROLES), st.sampled_from(ACTIONS)),
    kinds=st.none() | st.frozensets(st.sampled_from([*Kind])),
    hold_share=st.floats(0, 1),
    hold_rows=st.integers(0, 2**53 - 1),
    obey=st.frozensets(st.integers(0, 2**53 - 1)),
)


def test_the_default_is_the_design() -> None:
    usual = Policy()
    assert usual.usage == "train-ai"
    assert usual.min_grade == {kind: "domain" if kind == "site" else "self" for kind in Kind}
    assert usual.radius == DEFAULT_RADIUS
    assert set(usual.unjudgeable.values()) == {"quarantine"}
    assert (usual.hold_share, usual.hold_rows) == (0.001, 1000)


@pytest.mark.parametrize(
    ("variants", "radius"), [(0, 30), (3 * 10**8, 30), (10**9, 26), (10**10, 22)]
)
def test_the_radius_follows_from_how_much_is_registered(variants: int, radius: int) -> None:
    asked = Policy(usage="search", kinds=frozenset({"image"}), hold_rows=7)
    suited = asked.suited_to(SimpleNamespace(variants=variants))
    assert suited == replace(asked, radius=radius)


@given(POLICIES)
def test_a_policy_is_read_back_as_it_was_written(policy: Policy) -> None:
    assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_what_means_the_same_is_the_same() -> None:
    spelt_out = Policy(
        min_grade={Kind.SITE: Grade.DOMAIN, Kind.URL: Grade.SELF},
        unjudgeable={"url": "quarantine"},
        obey=frozenset(),
    )
    assert spelt_out == Policy()
    assert spelt_out.to_dict() == Policy().to_dict()


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"usage": "training"}, "the usage is 'training'"),
        ({"min_grade": {"link": "self"}}, "the kind of a least grade is 'link'"),
        ({"min_grade": {"url": "proven"}}, "the least grade of url is 'proven'"),
        ({"radius": -1}, "the radius -1"),
        ({"radius": MAX_RADIUS + 1}, "the radius 65"),
        ({"radius": 30.5}, "the radius 30.5"),
        ({"unjudgeable": {"words": "keep"}}, "role of what cannot be judged is 'words'"),
        ({"unjudgeable": {"url": "ignore"}}, "a broken url is 'ignore'"),
        ({"kinds": frozenset({"pictures"})}, "the kind is 'pictures'"),
        ({"hold_share": 1.5}, "limits for holding"),
        ({"hold_rows": -1}, "limits for holding"),
        ({"hold_rows": 2**53}, "limits for holding"),
        ({"obey": frozenset({-1})}, "-1 is no entry's number"),
        ({"obey": frozenset({2**70})}, "is no entry's number"),
    ],
)
def test_what_a_field_cannot_mean_is_refused(field: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        Policy(**field)
    assert caught.value.advice


def test_a_field_of_a_newer_policy_is_refused() -> None:
    with pytest.raises(UsageError, match="no field 'mood'"):
        Policy.from_dict({**Policy().to_dict(), "mood": "good"})


@pytest.mark.parametrize("grade", Grade)
def test_a_grade_below_the_least_is_not_obeyed(grade: Grade) -> None:
    usual = Policy()
    assert usual.obeys(Kind.URL, grade, TRAIN)
    assert usual.obeys(Kind.SITE, grade, TRAIN) == (grade.rank >= Grade.DOMAIN.rank)
    strict = Policy(min_grade={"url": "reviewed"})
    assert strict.obeys(Kind.URL, grade, TRAIN) == (grade is Grade.REVIEWED)


def test_an_entry_counts_where_its_usages_meet_the_run() -> None:
    search = usage_mask(["search"])
    assert not Policy().obeys(Kind.URL, Grade.SELF, search)
    assert Policy().obeys(Kind.URL, Grade.SELF, search | TRAIN)
    assert Policy(usage="search").obeys(Kind.URL, Grade.SELF, search)


def test_other_kinds_than_those_asked_for_are_not_obeyed() -> None:
    only = Policy(kinds=frozenset({"url"}))
    assert only.obeys(Kind.URL, Grade.SELF, TRAIN)
    assert not only.obeys(Kind.IMAGE, Grade.REVIEWED, TRAIN)


@pytest.mark.parametrize(
    ("grade", "rows", "of", "held"),
    [
        (Grade.SELF, 1001, 1_001_000, False),  # not more than 0.1%
        (Grade.SELF, 1001, 1_000_999, True),
        (Grade.SELF, 1000, 1000, False),  # not more than 1,000 rows
        (Grade.ACCOUNT, 1001, 10_000, True),
        (Grade.DOMAIN, 10_000, 10_000, False),
        (Grade.REVIEWED, 10_000, 10_000, False),
    ],
)
def test_a_weak_claim_on_very_many_rows_is_held(
    grade: Grade, rows: int, of: int, held: bool
) -> None:
    assert Policy().holds(7, grade, rows, of) == held
    assert not Policy(obey=frozenset({7})).holds(7, grade, rows, of)


@pytest.mark.parametrize("role", ROLES)
def test_what_cannot_be_judged_is_put_aside_unless_the_operator_says_otherwise(role: str) -> None:
    assert Policy().action(role) == "quarantine"
    for action in ACTIONS:
        assert Policy(unjudgeable={role: action}).action(role) == action
