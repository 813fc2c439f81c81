"""A proof raises what it covers, stands while it is found, and gives nothing once it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import (
    CaseItem,
    CaseNotFound,
    Check,
    Method,
    OpenedCase,
    ProofState,
    Wish,
    lower_unproved,
    proving,
)
from optout.registry.cases.rechecking import LEASE
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import people_tables
from sqlalchemy import event, select

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
    assert registry.rechecks.take_due(EXPIRES) == []
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
    (told,) = [letter.values for letter in registry.news.due(NOW) if letter.wish is Wish.GRADED]
    assert told == {"name": "anna.example", "items": "1"}
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
    words = [Check.MISSING, Check.MISSING, Check.FOUND, Check.MISSING, *[Check.UNREACHABLE] * 5]
    for check in [*words, Check.MISSING]:
        assert registry.rechecks.record_check(made, check, NOW + WEEK) == []
    assert registry.rechecks.record_check(made, Check.MISSING, NOW + WEEK) == sorted(indexes(mine))
    assert registry.rechecks.take_due(NOW + WEEK * 3) == []
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]
    assert registry.rechecks.record_check(made, Check.MISSING, NOW + WEEK) == []
    assert b"no longer stands" in list(registry.leaves())[-1]


def test_a_proof_is_due_once_a_week_and_to_one_process_alone(
    location: str, registry: Registry, mine: OpenedCase
) -> None:
    made = prove(registry, mine)
    assert registry.rechecks.take_due(NOW + WEEK - timedelta(seconds=1)) == []
    with Registry.open(location) as other:
        (due,) = registry.rechecks.take_due(NOW + WEEK)
        assert (due.id, due.subject) == (made, "anna.example")
        assert other.rechecks.take_due(NOW + WEEK) == []
        # Whoever took it has said nothing since.
        assert [one.id for one in other.rechecks.take_due(NOW + WEEK + LEASE)] == [made]
    registry.rechecks.record_check(made, Check.UNREACHABLE, NOW + WEEK)
    assert registry.rechecks.take_due(NOW + WEEK + LEASE) == []


def test_of_many_that_are_due_those_come_first_that_have_waited_longest(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    first, second = prove(registry, mine), prove(registry, theirs, entries=1)
    registry.rechecks.record_check(first, Check.FOUND, NOW + timedelta(hours=2))
    for wanted in (second, first):
        assert [one.id for one in registry.rechecks.take_due(NOW + 2 * WEEK, 1)] == [wanted]
    assert registry.rechecks.take_due(NOW + 2 * WEEK, 1) == []


def test_what_is_found_again_stands_longer(registry: Registry, mine: OpenedCase) -> None:
    made, later = prove(registry, mine), EXPIRES + timedelta(days=90)
    for check in (Check.MISSING, Check.UNREACHABLE, Check.FOUND):
        registry.rechecks.record_check(made, check, NOW + WEEK, expires=later)
        (proof,) = registry.proofs.of(mine.number, mine.secret)
        assert proof.expires == (later if check is Check.FOUND else EXPIRES)
    assert proof.failures == 0
    assert registry.rechecks.record_check(made, Check.FOUND, later, expires=later + WEEK)
    (proof,) = registry.proofs.of(mine.number, mine.secret)
    assert (proof.state, proof.expires) == (ProofState.ENDED, later)


def test_what_is_over_ends_and_what_was_never_proved_is_forgotten(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    made = prove(registry, mine)
    start(registry, theirs)
    assert registry.rechecks.end_over(EXPIRES - timedelta(seconds=1)) == 0
    assert len(registry.proofs.of(theirs.number, theirs.secret)) == 1
    assert registry.rechecks.end_over(EXPIRES) == 1
    assert registry.rechecks.end_over(EXPIRES) == 0
    assert registry.proofs.of(theirs.number, theirs.secret) == []
    assert [one.id for one in registry.proofs.of(mine.number, mine.secret)] == [made]
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]
    assert registry.rechecks.take_due(EXPIRES + WEEK) == []


def test_its_owner_ends_a_proof(registry: Registry, mine: OpenedCase, theirs: OpenedCase) -> None:
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[1]: Grade.ACCOUNT})
    made, asked = prove(registry, mine), start(registry, mine)
    for nobodys in (start(registry, theirs), "none", "\0", ""):
        assert not registry.proofs.end(mine.number, mine.secret, nobodys)
    with pytest.raises(CaseNotFound):
        registry.proofs.end(mine.number, theirs.secret, made)
    assert set(grades(registry, mine)) == {Grade.DOMAIN}
    for _ in range(2):
        assert registry.proofs.end(mine.number, mine.secret, made)
        assert grades(registry, mine) == [Grade.SELF, Grade.ACCOUNT]
    assert registry.proofs.end(mine.number, mine.secret, asked)
    (proof,) = registry.proofs.of(mine.number, mine.secret)
    assert (proof.id, proof.state, proof.entries) == (made, ProofState.ENDED, sorted(indexes(mine)))
    assert len(registry.proofs.of(theirs.number, theirs.secret)) == 1
    # Whoever was still looking when it ended does not bring it back.
    with pytest.raises(UsageError, match="has no"):
        registry.proofs.record_proved(
            mine.number, mine.secret, made, indexes(mine), Grade.DOMAIN, now=NOW, expires=EXPIRES
        )
    assert registry.rechecks.record_check(made, Check.FOUND, NOW) == []


def test_what_was_withdrawn_when_a_proof_ended_falls_back_once_it_is_restored(
    registry: Registry, mine: OpenedCase
) -> None:
    made, at = prove(registry, mine), sorted(indexes(mine))
    registry.withdraw(at)
    registry.proofs.end(mine.number, mine.secret, made)
    registry.restore(at)
    assert grades(registry, mine) == [Grade.SELF, Grade.SELF]


def test_a_case_has_so_many_proofs_at_most(
    registry: Registry, mine: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "MOST_PROOFS", 2)
    made, other = prove(registry, mine), start(registry, mine)
    with pytest.raises(UsageError, match="has 2 proofs already"):
        start(registry, mine)
    registry.proofs.end(mine.number, mine.secret, other)
    start(registry, mine)
    # What stood has left its records in the log, however soon its owner ends it.
    registry.proofs.end(mine.number, mine.secret, made)
    with pytest.raises(UsageError, match="has 2 proofs already"):
        start(registry, mine)


def test_how_many_questions_it_takes_to_fall_back_does_not_depend_on_how_many_entries(
    registry: Registry,
) -> None:
    names = [f"{number}.anna.example" for number in range(30)]
    case = registry.cases.open_case([CaseItem(Identifier.site(name), name) for name in names])
    prove(registry, case, entries=30)
    counts = []
    for some in (2, 30):
        asked: list[str] = []
        with registry._store.reading() as connection:

            @event.listens_for(connection, "before_cursor_execute")
            def note(*given: Any, asked: list[str] = asked) -> None:
                asked.append(given[2])

            assert lower_unproved(connection, indexes(case)[:some]) == []
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_registry_knows_its_newest_instant_and_how_many_proofs_stand(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    assert (registry.rechecks.newest(), registry.rechecks.count()) == (None, 0)
    start(registry, theirs)
    assert (registry.rechecks.newest(), registry.rechecks.count()) == (NOW, 0)
    made = prove(registry, mine)
    registry.rechecks.record_check(made, Check.FOUND, NOW + WEEK, expires=EXPIRES)
    assert (registry.rechecks.newest(), registry.rechecks.count()) == (NOW + WEEK, 1)


def test_what_is_over_is_not_looked_at_again(registry: Registry, mine: OpenedCase) -> None:
    prove(registry, mine)
    assert registry.rechecks.take_due(EXPIRES) == []
    assert len(registry.rechecks.take_due(EXPIRES - timedelta(seconds=1))) == 1


def test_entries_fall_back_to_what_still_stands(registry: Registry, mine: OpenedCase) -> None:
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[1]: Grade.ACCOUNT})
    prove(registry, mine, Grade.ACCOUNT, entries=1)
    made = prove(registry, mine)
    assert registry.rechecks.record_check(made, Check.FOUND, EXPIRES) == sorted(indexes(mine))
    assert grades(registry, mine) == [Grade.ACCOUNT, Grade.ACCOUNT]


def test_what_was_withdrawn_or_reviewed_since_stays_as_it_is(
    registry: Registry, mine: OpenedCase
) -> None:
    made = prove(registry, mine)
    registry.cases.withdraw(mine.number, mine.secret, indexes(mine)[:1])
    registry.cases.grade(mine.number, mine.secret, {indexes(mine)[1]: Grade.REVIEWED})
    assert registry.rechecks.record_check(made, Check.UNREACHABLE, EXPIRES) == []


def test_what_is_restored_has_no_grade_that_nothing_gives(
    registry: Registry, mine: OpenedCase
) -> None:
    made, at = prove(registry, mine), sorted(indexes(mine))
    registry.withdraw(at)
    registry.restore(at[:1])
    assert set(grades(registry, mine)) == {Grade.DOMAIN}
    registry.withdraw(at[:1])
    assert registry.rechecks.record_check(made, Check.UNREACHABLE, EXPIRES) == []
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
        assert before.rechecks.take_due(EXPIRES) == []
    with registry._store.reading() as connection:
        for table in (people_tables.proofs, people_tables.proved):
            assert connection.execute(select(table)).all() == []
