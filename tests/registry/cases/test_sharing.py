"""A creator shows an item to the reviewer, who decides, and no longer sees it then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.registry import Registry
from optout.registry.cases import CaseNotFound, OpenedCase, SharedState, Wish
from optout.registry.errors import TransitionError, UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import people_tables
from sqlalchemy import select

from tests.registry.cases.conftest import NOW


def show(registry: Registry, case: OpenedCase, place: int = 0, note: str = "my studio") -> int:
    at = case.entries[place].index
    registry.sharing.show(case.number, case.secret, at, "https://anna.example/1.jpg", note, NOW)
    return at


def test_an_item_that_was_shown_is_reviewed_and_its_value_removed(
    registry: Registry, confirmed: OpenedCase, theirs: OpenedCase
) -> None:
    at = show(registry, confirmed)
    (asked,) = registry.sharing.asked()
    assert (asked.entry, asked.value, asked.note) == (at, "https://anna.example/1.jpg", "my studio")
    assert (asked.state, asked.asked) == (SharedState.ASKED, "2026-03-02")
    assert "anna" not in repr(asked)
    registry.sharing.review(at, NOW)
    assert registry.sharing.asked() == []
    (left,) = registry.sharing.of(confirmed.number, confirmed.secret)
    assert (left.value, left.note, left.state) == ("", "", SharedState.REVIEWED)
    assert registry.state().entries[at].grade is Grade.REVIEWED
    assert Wish.GRADED in {letter.wish for letter in registry.news.due(NOW)}
    assert registry.sharing.of(theirs.number, theirs.secret) == []
    with pytest.raises(CaseNotFound):
        registry.sharing.of(confirmed.number, theirs.secret)
    with pytest.raises(UsageError, match="nothing is shown"):
        registry.sharing.review(at, NOW)


def test_a_creator_sees_why_an_item_was_declined_and_may_show_it_again(
    registry: Registry, mine: OpenedCase
) -> None:
    at = show(registry, mine)
    registry.sharing.decline(at, "the page names somebody else")
    (left,) = registry.sharing.of(mine.number, mine.secret)
    assert (left.value, left.answer) == ("", "the page names somebody else")
    assert left.state is SharedState.DECLINED
    assert registry.state().entries[at].grade is Grade.SELF
    show(registry, mine)
    assert [item.entry for item in registry.sharing.asked()] == [at]


def test_what_cannot_be_shown_is_refused(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    at, other = mine.entries[0].index, theirs.entries[0].index
    share = registry.sharing.show
    with pytest.raises(UsageError, match="has no entry"):
        share(mine.number, mine.secret, other, "value", "", NOW)
    with pytest.raises(UsageError, match="nothing to show"):
        share(mine.number, mine.secret, at, " ", "", NOW)
    with pytest.raises(UsageError, match="too long"):
        show(registry, mine, note="x" * 4001)
    show(registry, mine)
    registry.cases.withdraw(mine.number, mine.secret)
    with pytest.raises(TransitionError):
        registry.sharing.review(at, NOW)
    with pytest.raises(UsageError, match="has no entry"):
        share(mine.number, mine.secret, at, "value", "", NOW)


def test_what_was_shown_is_erased_with_the_item(
    database: Path,
    registry: Registry,
    mine: OpenedCase,
    before_and_after: Callable[..., Registry],
) -> None:
    at = show(registry, mine)
    show(registry, mine, 1)
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"my studio" not in data

    def erase() -> None:
        registry.cases.erase(mine.number, mine.secret, [at])

    kept = mine.entries[1].index
    with before_and_after(registry, erase) as before:
        assert [item.entry for item in before.sharing.asked()] == [kept]
    with registry._store.reading() as connection:
        assert connection.execute(select(people_tables.shared.c.entry)).scalars().all() == [kept]
