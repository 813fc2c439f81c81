"""An entry is disputed by whoever knows what it covers, and in force until that is decided."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import (
    CaseItem,
    CaseNotFound,
    NoticeState,
    OpenedCase,
    OpenedNotice,
    Reason,
)
from optout.registry.cases.notices import MOST_UNDECIDED, due_date
from optout.registry.errors import UsageError
from optout.registry.log import Dispute, Restore, Status, Withdraw, parse_leaf
from optout.registry.store import people_tables
from optout.registry.store.shredding import seal
from optout.registry.store.vault import Label
from sqlalchemy import update

from tests.registry.cases.conftest import HOSTILE, NOW

SITE = Identifier.site("one.anna.example")


def send(registry: Registry, case: OpenedCase, statement: str = "it is ours") -> OpenedNotice:
    return registry.notices.send(case.entries[0].index, SITE, Reason.NOT_THEIRS, statement, NOW)


def status(registry: Registry, case: OpenedCase) -> str:
    return str(registry.state().entries[case.entries[0].index].status)


def records(registry: Registry, start: int) -> list[type]:
    return [type(parse_leaf(leaf)) for leaf in registry.leaves(start)]


def test_sender_owner_and_operator_each_see_their_part(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    sent = send(registry, mine)
    assert sent.secret not in repr(sent)
    assert status(registry, mine) == "disputed"
    assert sent.due == "2026-03-20"
    (seen,) = registry.notices.of(mine.number, mine.secret)
    assert (seen.number, seen.reason, seen.statement) == (
        sent.number,
        Reason.NOT_THEIRS,
        "it is ours",
    )
    registry.notices.counter(mine.number, mine.secret, sent.number.lower(), "it is mine", NOW)
    (decidable,) = registry.notices.undecided()
    assert (decidable.state, decidable.counter) == (NoticeState.COUNTERED, "it is mine")
    own = registry.notices.read(sent.number, sent.secret)
    assert (own.statement, own.counter, own.countered) == ("it is ours", None, "2026-03-02")
    assert "ours" not in repr(own)
    assert registry.notices.of(theirs.number, theirs.secret) == []
    with pytest.raises(UsageError, match="no such notice"):
        registry.notices.counter(theirs.number, theirs.secret, sent.number, "mine", NOW)
    for number, secret in ((sent.number, mine.secret), (mine.number, mine.secret), ("", "")):
        with pytest.raises(CaseNotFound, match="no such notice"):
            registry.notices.read(number, secret)
    with pytest.raises(CaseNotFound):
        registry.notices.of(sent.number, sent.secret)


def test_who_does_not_know_what_an_entry_covers_learns_nothing(
    registry: Registry, mine: OpenedCase
) -> None:
    at, other = (entry.index for entry in mine.entries)
    registry.withdraw([other])
    size, told = registry.size, set()
    for entry, identifier in (
        (at, Identifier.site("else.example")),
        (at, Identifier.url("https://one.anna.example/")),
        (other, Identifier.site("two.anna.example")),
        (10**30, SITE),
        (-1, SITE),
        (size - 1, SITE),
    ):
        with pytest.raises(UsageError) as refused:
            registry.notices.send(entry, identifier, Reason.OTHER, "why", NOW)
        told.add(str(refused.value))
    assert len(told) == 1
    assert registry.size == size


def test_nobody_buries_an_owner_under_notices(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    start = registry.size
    first, *_ = [send(registry, mine) for _ in range(MOST_UNDECIDED)]
    with pytest.raises(UsageError, match="20 notices about this entry are being decided") as told:
        send(registry, mine)
    assert "Write to the operator" in told.value.advice
    at = mine.entries[0].index
    with pytest.raises(UsageError, match="no entry in force"):
        # Who guesses is not told that there are notices either.
        registry.notices.send(at, Identifier.site("else.example"), Reason.OTHER, "why", NOW)
    assert registry.cases.read(mine.number, mine.secret).undecided == MOST_UNDECIDED
    assert registry.cases.read(theirs.number, theirs.secret).undecided == 0
    assert records(registry, start) == [Dispute]
    assert status(registry, mine) == "disputed"
    registry.notices.reject(first.number, "it is theirs", NOW)
    assert registry.cases.read(mine.number, mine.secret).undecided == MOST_UNDECIDED - 1
    send(registry, mine)


def test_so_many_are_taken_whoever_comes_at_once(
    registry: Registry, mine: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.registry.cases.notices.MOST_UNDECIDED", 3)

    def sent(_: int) -> bool:
        try:
            send(registry, mine)
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(sent, range(6))) == 3
    assert len(registry.notices.undecided()) == 3


def test_who_is_not_admitted_has_changed_nothing(registry: Registry, mine: OpenedCase) -> None:
    def refuse() -> None:
        asked.append(1)
        raise UsageError("not you", "Wait.")

    asked, at, start = [], mine.entries[0].index, registry.size
    with pytest.raises(UsageError, match="not you"):
        registry.notices.send(at, SITE, Reason.OTHER, "why", NOW, admit=refuse)
    with pytest.raises(UsageError, match="no entry in force"):
        registry.notices.send(
            *(at, Identifier.site("else.example"), Reason.OTHER, "why", NOW), admit=refuse
        )
    assert len(asked) == 1, "who guesses is told that alone"
    assert (registry.size, registry.notices.undecided()) == (start, [])


def test_a_notice_ends_nothing_by_itself_however_old_it_is(
    registry: Registry, mine: OpenedCase, tmp_path: Path
) -> None:
    at, long_ago = mine.entries[0].index, NOW - timedelta(days=3650)
    registry.notices.send(at, SITE, Reason.COURT_ORDER, "a court says so", long_ago)
    assert at in [opening.index for opening in registry.openings()]
    registry.snapshot(tmp_path / "snapshot")
    assert status(registry, mine) == "disputed"
    assert registry.entries([at])[at].status.in_force
    assert [notice.due < "2026" for notice in registry.notices.undecided()] == [True]


def test_what_two_people_say_of_one_thing_are_two_claims(registry: Registry) -> None:
    one, other = (registry.cases.open_case([CaseItem(SITE, "one.anna.example")]) for _ in range(2))
    for _ in range(3):
        notice = send(registry, one)
    send(registry, other)
    registry.notices.uphold(notice.number, "a court says so", NOW)
    assert (status(registry, one), status(registry, other)) == ("withdrawn", "disputed")
    assert registry.cases.read(other.number, other.secret).undecided == 1
    registry.cases.erase(one.number, one.secret)
    assert status(registry, other) == "disputed"
    mine, theirs = (case.entries[0].index for case in (one, other))
    for end in (registry.cases.withdraw, registry.cases.erase):
        with pytest.raises((UsageError, CaseNotFound)):
            end(one.number, one.secret, [theirs])
        with pytest.raises(CaseNotFound):
            end(other.number, one.secret, [mine])
    assert registry.entries([theirs])[theirs].status.in_force


@pytest.mark.parametrize("text", HOSTILE)
def test_statements_come_back_as_they_were_said(
    registry: Registry, mine: OpenedCase, text: str
) -> None:
    sent = send(registry, mine, text)
    told = registry.notices.counter(mine.number, mine.secret, sent.number, text, NOW)
    assert (told.state, told.counter, told.countered) == ("countered", text, "2026-03-02")
    assert registry.notices.read(sent.number, sent.secret).statement == text
    assert registry.notices.of(mine.number, mine.secret) == [told]


@pytest.mark.parametrize("statement", [" ", "x" * 4001])
def test_a_statement_has_its_bounds(registry: Registry, mine: OpenedCase, statement: str) -> None:
    with pytest.raises(UsageError, match="empty or too long"):
        send(registry, mine, statement)


def test_a_rejected_notice_ends_the_dispute_once_no_other_is_open(
    registry: Registry, mine: OpenedCase
) -> None:
    start = registry.size
    one, two = send(registry, mine), send(registry, mine)
    registry.notices.reject(one.number, "it is theirs", NOW)
    assert status(registry, mine) == "disputed"
    assert registry.notices.reject(two.number, "it is theirs", NOW) == mine.entries[0].index
    assert status(registry, mine) == "in-force"
    assert records(registry, start) == [Dispute, Restore]
    assert registry.notices.read(one.number, one.secret).state is NoticeState.REJECTED
    with pytest.raises(UsageError, match="no such notice is to be decided"):
        registry.notices.uphold(one.number, "after all", NOW)


@pytest.mark.parametrize("others", [0, 1])
def test_a_reason_that_cannot_be_logged_decides_nothing(
    registry: Registry, mine: OpenedCase, others: int
) -> None:
    sent, *_ = [send(registry, mine) for _ in range(1 + others)]
    for why, says in (("two\nlines", "line break"), ("x" * 501, "501 characters")):
        with pytest.raises(UsageError, match=says):
            registry.notices.reject(sent.number, why, NOW)
    assert len(registry.notices.undecided()) == 1 + others


def test_an_upheld_notice_withdraws_the_entry(registry: Registry, mine: OpenedCase) -> None:
    start = registry.size
    one, two = send(registry, mine), send(registry, mine)
    registry.notices.uphold(one.number, "a court says so", NOW)
    assert records(registry, start) == [Dispute, Withdraw]
    assert registry.notices.read(one.number, one.secret).state is NoticeState.UPHELD
    assert registry.notices.read(two.number, two.secret).state is NoticeState.LAPSED
    assert registry.notices.undecided() == []


def test_what_the_sender_calls_it_and_the_reason_are_kept_until_the_entry_is_erased(
    database: Path,
    registry: Registry,
    mine: OpenedCase,
    before_and_after: Callable[..., Registry],
) -> None:
    at = mine.entries[0].index
    sent, other = (
        registry.notices.send(at, SITE, Reason.OTHER, "why", NOW, shown="ONE.Anna.example")
        for _ in range(2)
    )
    assert [one.covers for one in registry.notices.undecided()] == ["ONE.Anna.example"] * 2
    assert registry.notices.read(sent.number, sent.secret).because is None
    registry.notices.reject(sent.number, "another site", NOW)
    registry.notices.uphold(other.number, "a court says so", NOW)
    told = [registry.notices.read(one.number, one.secret) for one in (sent, other)]
    assert [one.because for one in told] == ["another site", "a court says so"]
    assert {one.covers for one in told} == {"ONE.Anna.example"}
    against = registry.notices.of(mine.number, mine.secret)
    assert {one.because for one in against} == {"another site", "a court says so"}
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"ONE.Anna" not in data
    assert b"another site" not in data, "what is not logged stands nowhere in the plain"

    def erase() -> None:
        registry.cases.erase(mine.number, mine.secret, [at])

    with before_and_after(registry, erase) as before:
        left = before.notices.read(sent.number, sent.secret)
        assert (left.covers, left.because) == (None, None)
    left = registry.notices.read(sent.number, sent.secret)
    assert (left.covers, left.because, left.state) == (None, None, NoticeState.REJECTED)


def test_a_notice_from_before_senders_words_were_kept_is_decided_likewise(
    registry: Registry, mine: OpenedCase
) -> None:
    sent, at = send(registry, mine, "it is ours"), mine.entries[0].index
    with registry._store.writing() as connection:
        box = seal(connection, Label.ENTRY, at, f"notice/{sent.number}", b"it is ours")
        connection.execute(update(people_tables.notices).values(box=box))
    (left,) = registry.notices.undecided()
    assert (left.statement, left.covers) == ("it is ours", None)
    registry.notices.reject(sent.number, "it is theirs", NOW)
    left = registry.notices.read(sent.number, sent.secret)
    assert (left.statement, left.covers, left.because) == ("it is ours", None, "it is theirs")


def test_a_disputed_entry_is_restored_by_deciding_its_notice_alone(
    registry: Registry, mine: OpenedCase
) -> None:
    sent, at, size = send(registry, mine), mine.entries[0].index, registry.size
    registry.withdraw([mine.entries[1].index])
    with pytest.raises(UsageError, match=f"a notice about entry {at} is open") as told:
        registry.restore([at, mine.entries[1].index])
    assert f"optout review reject {sent.number} --because" in told.value.advice
    assert registry.size == size + 1
    assert [one.number for one in registry.notices.undecided()] == [sent.number]
    registry.notices.reject(sent.number, "it is theirs", NOW)
    registry.restore([mine.entries[1].index])
    assert {registry.state().entries[one.index].status for one in mine.entries} == {Status.IN_FORCE}


def test_a_notice_lapses_with_its_entry(registry: Registry, mine: OpenedCase) -> None:
    sent = send(registry, mine)
    registry.cases.withdraw(mine.number, mine.secret)
    assert registry.notices.read(sent.number, sent.secret).state is NoticeState.LAPSED


def test_what_was_said_is_erased_with_the_entry(
    database: Path,
    registry: Registry,
    mine: OpenedCase,
    before_and_after: Callable[..., Registry],
) -> None:
    sent = send(registry, mine, "a statement of Anna's")
    registry.notices.counter(mine.number, mine.secret, sent.number, "an answer", NOW)
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"of Anna's" not in data

    def erase() -> None:
        registry.cases.erase(mine.number, mine.secret)

    with before_and_after(registry, erase) as before:
        (left,) = before.notices.undecided()
        assert (left.statement, left.counter) == (None, None)
    left = registry.notices.read(sent.number, sent.secret)
    assert (left.statement, left.state) == (None, NoticeState.LAPSED)


def test_business_days_pass_over_the_end_of_the_week() -> None:
    assert due_date(date(2026, 3, 2)) == date(2026, 3, 20)
    assert due_date(date(2026, 3, 7)) == date(2026, 3, 26)
