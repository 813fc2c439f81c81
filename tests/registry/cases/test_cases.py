"""A case: opened by anybody, read and ended by whoever holds its secret."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, CaseNotFound, OpenedCase, cases
from optout.registry.cases.secret import CaseKeys, new_secret
from optout.registry.errors import RegistryError, TransitionError, UsageError
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import ByOperator, Erase, Revealed, Status, Withdraw, parse_leaf
from optout.registry.registry import Added, Claim
from optout.registry.store import dispute, regrade, tables
from sqlalchemy import select, update

HARBOUR = CaseItem(Identifier.url("https://anna.example/harbour.jpg"), "harbour")
SITE = CaseItem(Identifier.site("anna.example"), "Anna.example")
FILE = CaseItem(Identifier.file_sha256("ab" * 32), "novel.epub", ("train-ai", "search"))


@pytest.fixture
def opened(registry: Registry) -> OpenedCase:
    registry.add([Claim(Identifier.site("before.example"))])
    return registry.cases.open_case([HARBOUR, SITE, FILE])


def indexes(opened: OpenedCase) -> list[int]:
    return [entry.index for entry in opened.entries]


def statuses(registry: Registry, opened: OpenedCase) -> dict[str, str]:
    case = registry.cases.read(opened.number, opened.secret)
    return {item.shown: item.status for item in case.items}


def last(registry: Registry, count: int) -> list:
    return [parse_leaf(leaf) for leaf in registry.leaves(registry.size - count)]


def test_a_case_shows_its_items_in_the_order_in_which_they_were_given(
    registry: Registry, opened: OpenedCase
) -> None:
    case = registry.cases.read(opened.number, opened.secret)
    assert case.number == opened.number
    assert case.date == datetime.datetime.now(datetime.UTC).date().isoformat()
    assert [item.shown for item in case.items] == ["harbour", "Anna.example", "novel.epub"]
    assert [item.index for item in case.items] == indexes(opened)
    assert [item.kind for item in case.items] == [Kind.URL, Kind.SITE, Kind.FILE]
    assert [item.usage for item in case.items] == [
        ("train-ai",),
        ("train-ai",),
        ("train-ai", "search"),
    ]
    assert {item.status for item in case.items} == {Status.IN_FORCE}
    assert {item.grade for item in case.items} == {Grade.SELF}
    assert {item.date for item in case.items} == {case.date}


def test_what_a_case_registers_is_in_force(registry: Registry, opened: OpenedCase) -> None:
    covered = {opening.index: opening.identifier() for opening in registry.openings()}
    wanted = [HARBOUR.identifier, SITE.identifier, FILE.identifier]
    assert [covered[index] for index in indexes(opened)] == wanted
    assert all(entry.new for entry in opened.entries)


def test_records_of_a_case_stand_in_the_log_in_any_order(registry: Registry) -> None:
    items = [CaseItem(Identifier.site(f"{n}.example"), f"{n}") for n in range(50)]
    found = indexes(registry.cases.open_case(items))
    assert sorted(found) == list(range(50))
    assert found != sorted(found)


def test_a_case_is_opened_however_number_and_secret_were_typed(
    registry: Registry, opened: OpenedCase
) -> None:
    number = opened.number.lower().replace("-", "")
    secret = f" {opened.secret.replace('-', ' – ').replace('O', '0').lower()}\n"
    assert registry.cases.read(number, secret).number == opened.number


def test_an_item_that_is_given_twice_is_one_entry(registry: Registry) -> None:
    renamed = CaseItem(HARBOUR.identifier, "the same again")
    opened = registry.cases.open_case([HARBOUR, SITE, renamed])
    first, site, again = opened.entries
    assert (first.new, site.new, again) == (True, True, Added(first.index, new=False))
    assert registry.size == 2
    shown = [item.shown for item in registry.cases.read(opened.number, opened.secret).items]
    assert shown == ["harbour", "Anna.example"]


def test_an_item_with_another_usage_is_another_entry(registry: Registry) -> None:
    wider = CaseItem(HARBOUR.identifier, "harbour", ("search", "train-ai"))
    turned = CaseItem(HARBOUR.identifier, "harbour", ("train-ai", "search"))
    opened = registry.cases.open_case([HARBOUR, wider, turned])
    assert [entry.new for entry in opened.entries] == [True, True, False]


def test_the_same_thing_said_by_two_people_is_two_entries(registry: Registry) -> None:
    one = registry.cases.open_case([HARBOUR])
    other = registry.cases.open_case([HARBOUR])
    (operator,) = registry.add([Claim(HARBOUR.identifier)])
    assert {*indexes(one), *indexes(other), operator.index} == {0, 1, 2}
    assert operator.new
    registry.cases.erase(one.number, one.secret)
    assert [opening.index for opening in registry.openings()] == [1, 2]


@pytest.mark.parametrize("items", [[], [HARBOUR, CaseItem(SITE.identifier, "", ("dance",))]])
def test_a_case_without_proper_items_is_refused(registry: Registry, items: list[CaseItem]) -> None:
    with pytest.raises(UsageError):
        registry.cases.open_case(items)
    assert registry.size == 0


def test_a_taken_number_is_not_given_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(["AAAA-AAAA", "AAAA-AAAA", "AAAA-AAAA", "BBBB-BBBB"])
    monkeypatch.setattr(cases, "new_number", lambda: next(numbers))
    first = registry.cases.open_case([HARBOUR])
    second = registry.cases.open_case([HARBOUR])
    assert (first.number, second.number) == ("AAAA-AAAA", "BBBB-BBBB")
    assert registry.cases.read(first.number, first.secret)


@pytest.mark.parametrize("step", ["read", "withdraw", "erase"])
def test_a_wrong_secret_and_an_unknown_number_cannot_be_told_apart(
    registry: Registry, opened: OpenedCase, step: str
) -> None:
    other = registry.cases.open_case([HARBOUR])
    before = registry.root()
    told = set()
    for number, secret in (
        (opened.number, new_secret()),
        (opened.number, other.secret),
        ("AAAA-AAAA", opened.secret),
        ("", ""),
        (opened.number, ""),
        ("no number", "and \ud800 no secret"),
        ("9" * 1000, "9" * 1000),
    ):
        with pytest.raises(CaseNotFound) as refused:
            getattr(registry.cases, step)(number, secret)
        told.add((refused.value.message, refused.value.advice))
    assert len(told) == 1
    assert registry.root() == before


def test_an_unknown_number_costs_the_same_derivation_as_a_wrong_secret(
    registry: Registry, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived: list[str] = []
    derive = CaseKeys.derive

    def counting(number: str, secret: str) -> CaseKeys:
        derived.append(number)
        return derive(number, secret)

    monkeypatch.setattr(CaseKeys, "derive", counting)
    for number in (opened.number, "AAAA-AAAA"):
        with pytest.raises(CaseNotFound):
            registry.cases.read(number, new_secret())
    assert derived == [opened.number, "AAAA-AAAA"]


def test_the_secret_is_kept_nowhere(database: Path, registry: Registry, opened: OpenedCase) -> None:
    assert opened.secret not in repr(opened)
    plain = opened.secret.replace("-", "")
    for path in database.parent.iterdir():
        data = path.read_bytes()
        assert opened.secret.encode() not in data
        assert plain.encode() not in data
        assert b"novel.epub" not in data


@pytest.mark.parametrize("chosen", [[0], [2, 0], [1, 1, 1]])
def test_items_are_withdrawn_by_revealing_their_tokens(
    registry: Registry, opened: OpenedCase, chosen: list[int]
) -> None:
    wanted = [indexes(opened)[place] for place in chosen]
    registry.cases.withdraw(opened.number, opened.secret, wanted)
    records = last(registry, len(set(wanted)))
    assert {record.entry for record in records} == set(wanted)
    entries = registry.state().entries
    for record in records:
        assert isinstance(record, Withdraw)
        assert isinstance(record.proof, Revealed)
        assert hashlib.sha256(record.proof.token).digest() == entries[record.entry].auth
    case = registry.cases.read(opened.number, opened.secret)
    assert {i.index for i in case.items if i.status is Status.WITHDRAWN} == set(wanted)
    assert "harbour" in {item.shown for item in case.items}


def test_everything_that_is_in_force_is_withdrawn_at_once(
    registry: Registry, opened: OpenedCase
) -> None:
    registry.cases.withdraw(opened.number, opened.secret, indexes(opened)[:1])
    registry.cases.withdraw(opened.number, opened.secret, None)
    assert set(statuses(registry, opened).values()) == {"withdrawn"}
    size = registry.size
    registry.cases.withdraw(opened.number, opened.secret, None)
    assert registry.size == size


def test_what_is_withdrawn_already_stays_so(registry: Registry, opened: OpenedCase) -> None:
    registry.cases.withdraw(opened.number, opened.secret, indexes(opened)[:1])
    size = registry.size
    registry.cases.withdraw(opened.number, opened.secret, indexes(opened)[:1])
    assert registry.size == size
    registry.cases.withdraw(opened.number, opened.secret, indexes(opened))
    assert registry.size == size + len(indexes(opened)) - 1
    assert set(statuses(registry, opened).values()) == {"withdrawn"}


def test_what_is_erased_cannot_be_withdrawn(registry: Registry, opened: OpenedCase) -> None:
    registry.cases.erase(opened.number, opened.secret, indexes(opened)[:1])
    size = registry.size
    with pytest.raises(TransitionError, match=f"entry {indexes(opened)[0]} is erased"):
        registry.cases.withdraw(opened.number, opened.secret, indexes(opened))
    assert registry.size == size


@pytest.mark.parametrize("step", ["withdraw", "erase"])
@pytest.mark.parametrize("strangers", [[0], [-1], [10**30], "one of another case"])
def test_an_entry_of_somebody_else_is_out_of_reach(
    registry: Registry, opened: OpenedCase, step: str, strangers: Sequence[int] | str
) -> None:
    if isinstance(strangers, str):
        strangers = indexes(registry.cases.open_case([HARBOUR]))
    before = registry.root()
    with pytest.raises(UsageError, match=f"has no entry {strangers[0]}"):
        getattr(registry.cases, step)(opened.number, opened.secret, [*indexes(opened), *strangers])
    assert registry.root() == before


def test_an_erased_item_is_shown_as_erased_and_as_nothing_else(
    registry: Registry, opened: OpenedCase
) -> None:
    gone = indexes(opened)[0]
    registry.cases.erase(opened.number, opened.secret, [gone])
    (record,) = last(registry, 1)
    assert isinstance(record, Erase)
    assert isinstance(record.proof, Revealed)
    items = registry.cases.read(opened.number, opened.secret).items
    assert [(item.shown, str(item.status)) for item in items] == [
        ("Anna.example", "in-force"),
        ("novel.epub", "in-force"),
        ("", "erased"),
    ]
    with pytest.raises(TransitionError, match=f"entry {gone} is erased"):
        registry.cases.erase(opened.number, opened.secret, [gone])


def test_a_withdrawn_item_can_still_be_erased(registry: Registry, opened: OpenedCase) -> None:
    wanted = indexes(opened)[:1]
    registry.cases.withdraw(opened.number, opened.secret, wanted)
    registry.cases.erase(opened.number, opened.secret, wanted)
    assert registry.state().entries[wanted[0]].status is Status.ERASED


@pytest.mark.parametrize("before", [0, 1, 3])
def test_an_erased_case_is_gone_with_all_its_items(
    registry: Registry, opened: OpenedCase, before: int
) -> None:
    if before:
        registry.cases.erase(opened.number, opened.secret, indexes(opened)[:before])
    registry.cases.erase(opened.number, opened.secret, None)
    with pytest.raises(CaseNotFound):
        registry.cases.read(opened.number, opened.secret)
    assert [opening.index for opening in registry.openings()] == [0]
    entries = registry.state().entries
    assert all(entries[index].status is Status.ERASED for index in indexes(opened))
    with registry._store.reading() as connection:
        rows = connection.execute(select(tables.sealed)).all()
    assert {(row.case_number, row.box) for row in rows} == {(None, None)}


def test_what_the_operator_does_shows_in_the_case(registry: Registry, opened: OpenedCase) -> None:
    harbour, site, _ = indexes(opened)
    registry.withdraw([harbour], "not hers")
    registry.erase([site], "a court order")
    case = registry.cases.read(opened.number, opened.secret)
    assert [(item.shown, str(item.status)) for item in case.items] == [
        ("harbour", "withdrawn"),
        ("novel.epub", "in-force"),
        ("", "erased"),
    ]
    assert [item.why for item in case.items] == ["not hers", None, None]
    registry.cases.erase(opened.number, opened.secret, None)
    assert [opening.index for opening in registry.openings()] == [0]


def test_only_what_the_operator_took_out_last_has_the_operators_reason(
    registry: Registry, opened: OpenedCase
) -> None:
    def reasons() -> list[str | None]:
        case = registry.cases.read(opened.number, opened.secret)
        return [item.why for item in case.items]

    harbour, site, _ = indexes(opened)
    assert registry.quarantine({harbour: "quarantined: matches 3 of 9 background pictures"})
    registry.withdraw([site], "spam")
    assert reasons() == ["quarantined: matches 3 of 9 background pictures", "spam", None]
    registry.restore([harbour, site], "looked at")
    assert reasons() == [None, None, None]
    registry.cases.withdraw(opened.number, opened.secret)
    assert reasons() == [None, None, None]


def test_a_box_that_was_changed_is_told_of(registry: Registry, opened: OpenedCase) -> None:
    with registry._store.writing() as connection:
        connection.execute(update(tables.sealed).values(box=bytes(528)))
    with pytest.raises(RegistryError, match="item of entry"):
        registry.cases.read(opened.number, opened.secret)


def test_what_people_registered_does_not_stand_in_what_is_shown_of_a_case(
    registry: Registry,
) -> None:
    item = CaseItem(Identifier.url("https://anna.example/"), "https://anna.example/")
    opened = registry.cases.open_case([item])
    case = registry.cases.read(opened.number, opened.secret)
    assert case.items[0].shown == "https://anna.example/"
    shown = repr([item, opened, case])
    assert opened.number in shown
    assert "anna" not in shown
    assert opened.secret not in shown


def test_many_cases_are_opened_in_one_step(registry: Registry) -> None:
    requests = [
        [CaseItem(Identifier.site(f"{case}-{n}.example"), f"{case}/{n}") for n in range(4)]
        for case in range(25)
    ]
    many = registry.cases.open_cases([*requests, [HARBOUR, HARBOUR]])
    assert len({one.number for one in many}) == 26
    assert registry.size == 101
    assert [entry.new for entry in many[-1].entries] == [True, False]
    covered = {opening.index: opening.identifier() for opening in registry.openings()}
    for request, one in zip(requests, many, strict=False):
        assert [covered[index] for index in indexes(one)] == [item.identifier for item in request]
        shown = [item.shown for item in registry.cases.read(one.number, one.secret).items]
        assert shown == [item.shown for item in request]
    # What one person sent does not stand together in the log.
    assert sum(max(indexes(one)) - min(indexes(one)) == 3 for one in many[:-1]) < 3


def test_no_cases_are_no_change(registry: Registry) -> None:
    assert registry.cases.open_cases([]) == []
    with pytest.raises(UsageError):
        registry.cases.open_cases([[HARBOUR], []])
    assert registry.size == 0


def test_items_are_graded_in_the_open(registry: Registry, opened: OpenedCase) -> None:
    harbour, site, novel = indexes(opened)
    grades = {harbour: Grade.DOMAIN, site: Grade.ACCOUNT}
    registry.cases.grade(opened.number, opened.secret, grades, "proved by DNS")
    records = last(registry, 2)
    assert {record.entry: record.grade for record in records} == grades
    assert {record.proof for record in records} == {ByOperator("proved by DNS")}
    case = registry.cases.read(opened.number, opened.secret)
    assert [item.grade for item in case.items] == [Grade.DOMAIN, Grade.ACCOUNT, Grade.SELF]
    registry.cases.withdraw(opened.number, opened.secret, [novel])
    size = registry.size
    for wanted in ({harbour: Grade.SELF, novel: Grade.DOMAIN}, {0: Grade.DOMAIN}):
        with pytest.raises(UsageError):
            registry.cases.grade(opened.number, opened.secret, wanted)
    with pytest.raises(CaseNotFound):
        registry.cases.grade(opened.number, new_secret(), grades)
    assert registry.size == size


def test_entries_are_regraded_and_disputed_without_a_secret(
    registry: Registry, opened: OpenedCase
) -> None:
    harbour, site, _ = indexes(opened)
    with registry._store.writing() as connection:
        regrade(connection, {harbour: (Grade.DOMAIN, "proved"), site: (Grade.SELF, "expired")})
    with registry._store.writing() as connection:
        dispute(connection, {harbour: "somebody else's"})
    entries = registry.state().entries
    assert entries[harbour].grade is Grade.DOMAIN
    assert entries[harbour].status is Status.DISPUTED
    assert entries[harbour].status.in_force
    with pytest.raises(TransitionError), registry._store.writing() as connection:
        dispute(connection, {site: "", harbour: "again"})
    assert registry.state().entries[site].status is Status.IN_FORCE
