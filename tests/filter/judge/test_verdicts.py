"""Drop beats quarantine beats keep; the first kind, the nearest, the oldest entry decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.columns import Leaf
from optout.filter.evidence import MATCHES_SCHEMA
from optout.filter.judge import FINDING, Found, Policy, Verdict, Verdicts, give_verdicts, kind_word
from optout.filter.judge.findings import NO_DISTANCE, UNJUDGEABLE
from optout.registry.identifiers import Kind

LEAVES = [Leaf("URL", "url"), Leaf("jpg", "image")]
URL, SITE, FILE, IMAGE = Kind.URL.code, Kind.SITE.code, Kind.FILE.code, Kind.IMAGE.code


def found(*findings: tuple[int, int, int, int]) -> Found:
    """Row, kind, entry, leaf; sorted as an examiner leaves them."""
    array = np.zeros(len(findings), FINDING)
    for number, (row, kind, entry, leaf) in enumerate(findings):
        array[number] = (row, kind, 4 if kind == IMAGE else NO_DISTANCE, entry, leaf, 3)
    return np.sort(array, order=list(FINDING.names or ()))


def broken(row: int, leaf: int) -> tuple[int, int, int, int]:
    return row, UNJUDGEABLE, -1, leaf


def give(*findings: tuple[int, int, int, int], held: tuple[int, ...] = (), **policy) -> Verdicts:
    return give_verdicts(found(*findings), LEAVES, Policy(**policy), held)


def deciding(verdicts: Verdicts) -> list[tuple[int, int]]:
    reasons = verdicts.reasons[verdicts.deciding]
    return list(zip(reasons["kind"].tolist(), reasons["entry"].tolist(), strict=True))


def test_nothing_found_is_nothing_removed() -> None:
    verdicts = give()
    assert verdicts.removed.tolist() == []
    assert verdicts.dropped_by_kind() == {}
    assert verdicts.matches(LEAVES).num_rows == 0


def test_a_row_that_an_entry_meets_goes_whatever_else_is_wrong_with_it() -> None:
    verdicts = give((5, URL, 1, 0), broken(5, 1), broken(7, 1))
    assert verdicts.dropped.tolist() == [5]
    assert verdicts.quarantined.tolist() == [7]
    assert verdicts.removed.tolist() == [5, 7]
    assert deciding(verdicts) == [(URL, 1), (UNJUDGEABLE, -1)]


def test_the_first_kind_then_the_oldest_entry_decides_and_a_row_counts_once() -> None:
    verdicts = give((1, IMAGE, 0, 1), (1, SITE, 9, 0), (1, SITE, 3, 0), (2, IMAGE, 0, 1))
    assert deciding(verdicts) == [(SITE, 3), (IMAGE, 0)]
    assert verdicts.dropped_by_kind() == {"site": 1, "image": 1}


def test_a_held_entry_removes_nothing_and_is_told() -> None:
    verdicts = give((1, SITE, 9, 0), (2, SITE, 9, 0), (2, URL, 1, 0), held=(9,))
    assert verdicts.dropped.tolist() == [2]
    words = verdicts.matches(LEAVES).to_pylist()
    assert [(m["row"], m["verdict"], m["entry"]) for m in words] == [
        (1, "held", 9),
        (2, "drop", 1),
        (2, "held", 9),
    ]


def test_a_held_entry_does_not_keep_a_broken_row_in() -> None:
    verdicts = give((1, SITE, 9, 0), broken(1, 1), held=(9,))
    assert verdicts.quarantined.tolist() == [1]
    assert deciding(verdicts) == [(UNJUDGEABLE, -1)]


@pytest.mark.parametrize(
    ("action", "dropped", "quarantined"),
    [("quarantine", [], [3]), ("drop", [3], []), ("keep", [], [])],
)
def test_what_becomes_of_a_broken_value_is_the_policys(
    action: str, dropped: list[int], quarantined: list[int]
) -> None:
    verdicts = give(broken(3, 1), unjudgeable={"image": action})
    assert (verdicts.dropped.tolist(), verdicts.quarantined.tolist()) == (dropped, quarantined)
    assert verdicts.dropped_by_kind() == ({"unjudgeable": 1} if dropped else {})
    assert len(verdicts.reasons) == len(dropped) + len(quarantined)


def test_actions_go_by_the_role_of_the_leaf() -> None:
    verdicts = give(broken(1, 0), broken(2, 1), unjudgeable={"url": "drop", "image": "keep"})
    assert verdicts.dropped.tolist() == [1]
    assert verdicts.quarantined.tolist() == []


def test_matches_name_leaf_and_distance_and_hold_no_content() -> None:
    table = give((1, IMAGE, 7, 1), (1, URL, 2, 0), broken(4, 1)).matches(LEAVES)
    assert table.schema.names == MATCHES_SCHEMA.names
    assert table.cast(MATCHES_SCHEMA).to_pylist() == [
        {"row": 1, "verdict": "drop", "kind": "url", "entry": 2, "leaf": "URL", "distance": None},
        {"row": 1, "verdict": "drop", "kind": "image", "entry": 7, "leaf": "jpg", "distance": 4},
        {
            "row": 4,
            "verdict": "quarantine",
            "kind": None,
            "entry": None,
            "leaf": "jpg",
            "distance": None,
        },
    ]


def test_kinds_have_their_words() -> None:
    assert [kind_word(kind.code) for kind in Kind] == [str(kind) for kind in Kind]
    assert kind_word(UNJUDGEABLE) == "unjudgeable"


FINDINGS = st.lists(
    st.tuples(
        st.integers(0, 6), st.sampled_from([URL, SITE, FILE, IMAGE]), st.integers(0, 4), st.just(0)
    )
    | st.tuples(st.integers(0, 6), st.integers(0, 1)).map(lambda pair: broken(*pair)),
    unique=True,
)


@given(FINDINGS, st.frozensets(st.integers(0, 4)), st.sampled_from(["quarantine", "drop", "keep"]))
def test_every_row_has_one_verdict_and_it_is_the_strongest(
    findings: list, held: frozenset[int], action: str
) -> None:
    verdicts = give(*findings, held=tuple(held), unjudgeable={"url": action, "image": action})
    for row in range(7):
        own = [f for f in findings if f[0] == row]
        hit = any(kind != UNJUDGEABLE and entry not in held for _, kind, entry, _ in own)
        unclear = any(kind == UNJUDGEABLE for _, kind, *_ in own)
        drop = hit or (unclear and action == "drop")
        assert (row in verdicts.dropped) == drop
        assert (row in verdicts.quarantined) == (not drop and unclear and action == "quarantine")
    assert sum(verdicts.dropped_by_kind().values()) == len(verdicts.dropped)
    rows = verdicts.reasons["row"][verdicts.deciding]
    assert rows.tolist() == [*verdicts.dropped.tolist(), *verdicts.quarantined.tolist()]
    strongest = verdicts.verdicts[verdicts.deciding]
    assert (strongest[: len(verdicts.dropped)] == Verdict.DROP).all()
    assert (strongest[len(verdicts.dropped) :] == Verdict.QUARANTINE).all()
