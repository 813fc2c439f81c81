"""A creator shows an item to the reviewer, who decides, and no longer sees it then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, CaseNotFound, OpenedCase, Reason, SharedState, Wish
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade
from optout.registry.store import people_tables
from sqlalchemy import select

from tests.registry.cases.conftest import HOSTILE, NOW

PASSAGE = "The harbour lay still, and nobody had told the gulls about the strike."


def show(registry: Registry, case: OpenedCase, place: int = 0, note: str = "my studio") -> int:
    at = case.entries[place].index
    value = f"{('one', 'two')[place]}.anna.example"
    registry.sharing.show(case.number, case.secret, at, value, note, NOW)
    return at


def test_an_item_that_was_shown_is_reviewed_and_its_value_removed(
    registry: Registry, confirmed: OpenedCase, theirs: OpenedCase
) -> None:
    at = show(registry, confirmed)
    (asked,) = registry.sharing.asked()
    assert (asked.entry, asked.value, asked.note) == (at, "one.anna.example", "my studio")
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
    with pytest.raises(UsageError, match="nothing is shown"):
        registry.sharing.review(at, NOW)
    with pytest.raises(UsageError, match="has no entry"):
        share(mine.number, mine.secret, at, "value", "", NOW)


def test_what_is_reviewed_is_not_shown_again(registry: Registry, mine: OpenedCase) -> None:
    at = show(registry, mine)
    registry.sharing.review(at, NOW)
    with pytest.raises(UsageError, match=f"entry {at} is reviewed already"):
        show(registry, mine)
    registry.cases.grade(mine.number, mine.secret, {at: Grade.SELF}, "the proof is void")
    show(registry, mine)
    assert [item.entry for item in registry.sharing.asked()] == [at]


@pytest.mark.parametrize("who", ["owner", "operator", "quarantine", "notice"])
def test_what_is_withdrawn_is_not_to_be_decided_any_more(
    registry: Registry, mine: OpenedCase, who: str
) -> None:
    at, kept = show(registry, mine), show(registry, mine, 1)
    if who == "owner":
        registry.cases.withdraw(mine.number, mine.secret, [at])
    elif who == "operator":
        registry.withdraw([at])
    elif who == "notice":
        known = Identifier.site("one.anna.example")
        sent = registry.notices.send(at, known, Reason.OTHER, "it is ours", NOW)
        registry.notices.uphold(sent.number, "a court says so", NOW)
    else:
        registry.quarantine({at: "a test"})
    assert [item.entry for item in registry.sharing.asked()] == [kept]
    assert [item.entry for item in registry.sharing.of(mine.number, mine.secret)] == [kept]


def test_what_was_decided_stays_with_an_item_that_is_withdrawn(
    registry: Registry, mine: OpenedCase
) -> None:
    at = show(registry, mine)
    registry.sharing.decline(at, "the page names somebody else")
    registry.cases.withdraw(mine.number, mine.secret, [at])
    (left,) = registry.sharing.of(mine.number, mine.secret)
    assert left.answer == "the page names somebody else"


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_erased_leaves_the_queue(
    registry: Registry, mine: OpenedCase, everything: bool
) -> None:
    at, kept = show(registry, mine), show(registry, mine, 1)
    registry.cases.erase(mine.number, mine.secret, None if everything else [at])
    assert [item.entry for item in registry.sharing.asked()] == ([] if everything else [kept])


def test_a_long_passage_is_shown_as_it_was_registered(registry: Registry) -> None:
    novel = PASSAGE * 1000
    case = registry.cases.open_case(
        [CaseItem(Identifier.text(novel), ""), CaseItem(Identifier.site("anna.example"), "")]
    )
    passage, site = (entry.index for entry in case.entries)
    share = registry.sharing.show
    share(case.number, case.secret, passage, novel, "", NOW)
    assert [item.value for item in registry.sharing.asked()] == [novel]
    for at, value, says in (
        (passage, novel + "else", "not what this entry covers"),
        (site, "a" * 4001, "too long"),
    ):
        with pytest.raises(UsageError, match=says):
            share(case.number, case.secret, at, value, "", NOW)
    registry.sharing.review(passage, NOW)


def test_nobody_learns_what_the_entry_of_another_case_covers(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    other, told = theirs.entries[0].index, set()
    for value in ("one.anna.example", "else.example", "a" * 5000):
        with pytest.raises(UsageError) as refused:
            registry.sharing.show(mine.number, mine.secret, other, value, "", NOW)
        told.add(str(refused.value))
    assert len(told) == 1


def test_what_is_shown_is_what_the_entry_covers(registry: Registry) -> None:
    case = registry.cases.open_case(
        [
            CaseItem(Identifier.url("https://anna.example/1.jpg"), "a page"),
            CaseItem(Identifier.text(PASSAGE), "a passage"),
            CaseItem(Identifier.file_sha256("ab" * 32), "a file"),
        ]
    )
    page, passage, file = (entry.index for entry in case.entries)

    def shown(entry: int, value: str) -> str:
        return registry.sharing.show(case.number, case.secret, entry, value, "", NOW).value

    for entry, value in ((page, "https://else.example/"), (passage, PASSAGE.replace("e", "a"))):
        with pytest.raises(UsageError, match="not what this entry covers"):
            shown(entry, value)
    with pytest.raises(UsageError):
        shown(page, "\N{RIGHT-TO-LEFT OVERRIDE}\0")
    assert registry.sharing.asked() == []
    assert shown(page, "http://ANNA.example/1.jpg#here") == "http://ANNA.example/1.jpg#here"
    assert shown(passage, f"  {PASSAGE.upper()}  ").strip() == PASSAGE.upper()
    # Which file has a hash is to be seen where its creator says.
    assert shown(file, "https://anna.example/novel.pdf") == "https://anna.example/novel.pdf"


def test_what_was_shown_is_taken_back_until_it_is_decided(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    at = show(registry, mine)
    back = registry.sharing.take_back
    back(theirs.number, theirs.secret, at)
    with pytest.raises(CaseNotFound):
        back(mine.number, theirs.secret, at)
    assert [item.entry for item in registry.sharing.asked()] == [at]
    back(mine.number, mine.secret, at)
    assert registry.sharing.asked() == registry.sharing.of(mine.number, mine.secret) == []
    show(registry, mine)
    registry.sharing.review(at, NOW)
    back(mine.number, mine.secret, at)
    assert [item.state for item in registry.sharing.of(mine.number, mine.secret)] == ["reviewed"]


@pytest.mark.parametrize("text", HOSTILE)
def test_notes_and_answers_come_back_as_they_were_said(
    registry: Registry, mine: OpenedCase, text: str
) -> None:
    at = show(registry, mine, note=text)
    assert [item.note for item in registry.sharing.asked()] == [text]
    registry.sharing.decline(at, text)
    assert [item.answer for item in registry.sharing.of(mine.number, mine.secret)] == [text]


@pytest.mark.parametrize("entry", [-1, 1 << 63, 10**30])
def test_there_is_nothing_to_decide_of_what_is_no_entry(registry: Registry, entry: int) -> None:
    with pytest.raises(UsageError, match="nothing is shown"):
        registry.sharing.review(entry, NOW)


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
