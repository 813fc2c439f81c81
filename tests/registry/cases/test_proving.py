"""A proof raises what it covers, stands while it is found, and gives nothing once it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from optout.registry import Registry
from optout.registry.cases import (
    CaseNotFound,
    Check,
    Method,
    OpenedCase,
    ProofState,
    Wish,
)
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import people_tables
from sqlalchemy import select

from tests.registry.cases.conftest import NOW

EXPIRES = NOW + timedelta(days=90)
WEEK = timedelta(days=7)


def indexes(case: OpenedCase) -> list[int]:
    return [entry.index for entry in case.entries]


def start(registry: Registry, case: OpenedCase, method: Method = Method.DNS) -> str:
    return registry.proofs.start(
        case.number, case.secret, method, "anna.example", b"t" * 32, now=NOW, expires=EXPIRES
    )


def prove(
    registry: Registry, case: OpenedCase, grade: Grade = Grade.DOMAIN, *, entries: int = 2
) -> str:
    made = start(registry, case)
    chosen = indexes(case)[:entries]
    registry.proofs.record_proved(
        case.number, case.secret, made, chosen, grade, now=NOW, expires=EXPIRES, stable="7"
    )
    return made


def grades(registry: Registry, case: OpenedCase) -> list[Grade]:
    items = registry.cases.read(case.number, case.secret).items
    return [item.grade for item in items]


def test_a_proof_raises_its_entries_and_says_no_subject(
    registry: Registry, confirmed: OpenedCase, theirs: OpenedCase
) -> None:
    made = start(registry, confirmed)
    (asked,) = registry.proofs.of(confirmed.number, confirmed.secret)
    assert (asked.state, asked.grade, asked.checked) == (ProofState.ASKED, None, None)
    assert "anna" not in repr(asked)
    assert registry.proofs.due_checks(EXPIRES) == []
    raised = registry.proofs.record_proved(
        confirmed.number,
        confirmed.secret,
        made,
        indexes(confirmed)[:1],
        Grade.DOMAIN,
        now=NOW,
        expires=EXPIRES,
        stable="7",
    )
    assert raised == indexes(confirmed)[:1]
    assert grades(registry, confirmed) == [Grade.DOMAIN, Grade.SELF]
    (proof,) = registry.proofs.of(confirmed.number, confirmed.secret)
    assert (proof.state, proof.grade, proof.entries) == (ProofState.STANDING, Grade.DOMAIN, raised)
    assert (proof.subject, proof.token, proof.stable) == ("anna.example", b"t" * 32, "7")
    assert b"anna" not in list(registry.leaves())[-1]
    assert [letter.wish for letter in registry.news.due(NOW)].count(Wish.GRADED) == 1
    with pytest.raises(CaseNotFound):
        registry.proofs.of(confirmed.number, theirs.secret)


def test_a_proof_lowers_nothing(registry: Registry, mine: OpenedCase) -> None:
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[0]: Grade.REVIEWED})
    prove(registry, mine)
    assert grades(registry, mine) == [Grade.REVIEWED, Grade.DOMAIN]


def test_a_proof_is_of_no_other_case(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    own, other = start(registry, mine), start(registry, theirs)
    for proof, entries, now in (
        (other, indexes(mine), NOW),
        (own, indexes(mine), EXPIRES),
        (own, indexes(theirs), NOW),
    ):
        with pytest.raises(UsageError, match="has no"):
            registry.proofs.record_proved(
                mine.number, mine.secret, proof, entries, Grade.DOMAIN, now=now, expires=EXPIRES
            )
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]


def test_three_checks_in_a_row_that_find_nothing_end_a_proof(
    registry: Registry, mine: OpenedCase
) -> None:
    made = prove(registry, mine)
    assert registry.proofs.due_checks(NOW) == []
    (due,) = registry.proofs.due_checks(NOW + WEEK)
    assert (due.id, due.subject) == (made, "anna.example")
    words = [Check.MISSING, Check.MISSING, Check.FOUND, Check.MISSING, *[Check.UNREACHABLE] * 5]
    for check in [*words, Check.MISSING]:
        assert registry.proofs.record_check(made, check, NOW + WEEK) == []
    assert registry.proofs.due_checks(NOW + WEEK) == []
    assert registry.proofs.record_check(made, Check.MISSING, NOW + WEEK) == sorted(indexes(mine))
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]
    assert registry.proofs.record_check(made, Check.MISSING, NOW + WEEK) == []
    assert b"no longer stands" in list(registry.leaves())[-1]


def test_entries_fall_back_to_what_still_stands(registry: Registry, mine: OpenedCase) -> None:
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[1]: Grade.ACCOUNT})
    prove(registry, mine, Grade.ACCOUNT, entries=1)
    made = prove(registry, mine)
    assert registry.proofs.record_check(made, Check.FOUND, EXPIRES) == sorted(indexes(mine))
    assert grades(registry, mine) == [Grade.ACCOUNT, Grade.ACCOUNT]


def test_what_was_withdrawn_or_reviewed_since_stays_as_it_is(
    registry: Registry, mine: OpenedCase
) -> None:
    made = prove(registry, mine)
    registry.cases.withdraw(mine.number, mine.secret, indexes(mine)[:1])
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[1]: Grade.REVIEWED})
    assert registry.proofs.record_check(made, Check.UNREACHABLE, EXPIRES) == []


def test_what_is_restored_has_no_grade_that_nothing_gives(
    registry: Registry, mine: OpenedCase
) -> None:
    made, at = prove(registry, mine), sorted(indexes(mine))
    registry.withdraw(at)
    registry.restore(at[:1])
    assert set(grades(registry, mine)) == {Grade.DOMAIN}
    registry.withdraw(at[:1])
    assert registry.proofs.record_check(made, Check.UNREACHABLE, EXPIRES) == []
    registry.restore(at)
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]
    assert b"no longer stands" in list(registry.leaves())[-1]


def test_proofs_go_with_case_and_item(
    database: Path,
    registry: Registry,
    mine: OpenedCase,
    before_and_after: Callable[..., Registry],
) -> None:
    prove(registry, mine)
    registry.cases.erase(mine.number, mine.secret, indexes(mine)[:1])
    (proof,) = registry.proofs.of(mine.number, mine.secret)
    assert proof.entries == indexes(mine)[1:]
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"anna.example" not in data

    def erase() -> None:
        registry.cases.erase(mine.number, mine.secret)

    with before_and_after(registry, erase) as before:
        assert before.proofs.of(mine.number, mine.secret) == []
        assert before.proofs.due_checks(EXPIRES) == []
    with registry._store.reading() as connection:
        for table in (people_tables.proofs, people_tables.proved):
            assert connection.execute(select(table)).all() == []
