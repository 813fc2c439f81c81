"""A rehearsal keeps of rows what they have in common, and counts as a run does."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from optout.filter.judge import FINDING
from optout.filter.run.rehearsal import _patterns

ROWS = st.lists(
    st.lists(
        st.tuples(
            *(st.integers(0, 2), st.integers(-1, 1), st.integers(0, 3)),
            *(st.integers(0, 1), st.integers(0, 2)),
        ),
        min_size=1,
        max_size=4,
    ),
    max_size=12,
)


@given(ROWS)
def test_rows_with_the_same_findings_are_one_pattern(rows: list[list[tuple]]) -> None:
    listed = [(row, *finding) for row, findings in enumerate(rows) for finding in findings]
    patterns, counts = _patterns(np.array(listed, FINDING))
    found: dict[int, list[tuple]] = {}
    for number, kind, distance, entry, leaf, grade in patterns.tolist():
        assert distance == 0
        found.setdefault(number, []).append((kind, entry, leaf, grade))
    assert list(found) == list(range(len(counts)))
    expected = Counter(
        tuple((kind, entry, leaf, grade) for kind, _, entry, leaf, grade in findings)
        for findings in rows
    )
    assert {tuple(each): counts[number] for number, each in found.items()} == expected


def test_a_row_of_very_many_findings_is_one_pattern() -> None:
    found = np.zeros(200_000, FINDING)
    found["entry"] = np.arange(len(found))
    patterns, counts = _patterns(found)
    assert patterns["entry"].tolist() == list(range(len(found)))
    assert counts.tolist() == [1]
