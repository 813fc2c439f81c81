"""Feeds: what a list keeps listing is there once, and what it takes back ends its entries alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.registry import Registry
from optout.registry.identifiers import Grade, Identifier
from optout.registry.log import ByOperator, Withdraw, parse_leaf
from optout.registry.registry import Claim, Followed, Listed, RecordName
from optout.registry.store import tables
from sqlalchemy import select

ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"


def record(value: str = ONE, id: str = "", case: str = "", **claimed: object) -> Listed:  # noqa: A002
    return Listed(RecordName("md5", value, id, case), Claim(Identifier.file_md5(value), **claimed))


def name(value: str = "", id: str = "", case: str = "", signal: str = "md5") -> RecordName:  # noqa: A002
    return RecordName(signal, value, id, case)


def in_force(registry: Registry) -> list[int]:
    return [index for index, one in registry.state().entries.items() if one.status.in_force]


def test_following_again_adds_nothing(registry: Registry) -> None:
    both = [record(ONE), record(TWO), record(ONE)]
    assert registry.follow("a", both) == Followed(added=2, known=1, ended=0, withdrawn=[])
    assert registry.follow("a", both) == Followed(added=0, known=3, ended=0, withdrawn=[])
    assert registry.size == 2


def test_a_feed_may_have_any_name(registry: Registry) -> None:
    for feed in ("", "caf\udce9.csv", "名" * 1000, "a\0b"):
        assert registry.follow(feed, [record()]).added == 1
        assert registry.follow(feed, [record()]).known == 1
    assert registry.size == 4


def test_what_two_feeds_and_the_operator_claim_is_three_entries(registry: Registry) -> None:
    registry.add([record().claim])
    registry.follow("a", [record()])
    registry.follow("b", [record()])
    assert in_force(registry) == [0, 1, 2]
    assert registry.add([record().claim])[0].index == 0


def test_a_tombstone_ends_what_its_feed_listed_and_nothing_else(registry: Registry) -> None:
    registry.add([record().claim])
    registry.follow("a", [record(ONE), record(TWO)])
    registry.follow("b", [record(ONE)])
    before = registry.size
    ended = registry.follow("a", [], [name(ONE)]).withdrawn
    assert len(ended) == 1
    assert sorted([*in_force(registry), *ended]) == [0, 1, 2, 3]
    (step,) = [parse_leaf(leaf) for leaf in registry.leaves(before)]
    assert isinstance(step, Withdraw)
    assert step.proof == ByOperator("taken back by the list that it came from")
    assert registry.follow("a", [], [name(ONE)]).withdrawn == []
    assert registry.follow("unknown", [], [name(TWO)]).withdrawn == []


def test_what_was_taken_back_can_be_listed_again(registry: Registry) -> None:
    registry.follow("a", [record()])
    registry.follow("a", [], [name(ONE)])
    assert registry.follow("a", [record()]).added == 1
    assert registry.follow("a", [record()], [name(ONE)]) == Followed(1, 0, 0, [2])
    assert registry.follow("b", [], [name(ONE), name(TWO)]) == Followed(0, 0, 0, [], unknown=2)


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (name(ONE), []),
        (name(ONE, id="7"), ["8"]),
        (name(id="7"), ["8"]),
        (name(id="9"), ["7", "8"]),
        (name(ONE, id="9"), ["7", "8"]),
        (name(TWO, id="7"), ["7", "8"]),
        (name(case="c"), ["7"]),
        (name(ONE, id="7", case="c"), ["8"]),
        (name(ONE, signal="sha256"), ["7", "8"]),
        (name(), ["7", "8"]),
    ],
)
def test_a_tombstone_means_all_that_fits_it(
    gone: RecordName, left: list[str], registry: Registry
) -> None:
    registry.follow("a", [record(id="7")])
    registry.follow("a", [record(id="8", case="c")])
    registry.follow("a", [], [gone])
    assert in_force(registry) == [int(number) - 7 for number in left]


def test_an_entry_that_the_operator_has_ended_stays_so(registry: Registry) -> None:
    registry.follow("a", [record()])
    registry.withdraw([0], "matches a plain picture")
    assert registry.follow("a", [record()]) == Followed(added=0, known=1, ended=1, withdrawn=[])
    assert registry.follow("a", [], [name(ONE)]).withdrawn == []
    registry.restore([0])
    assert registry.follow("a", [record()]) == Followed(added=0, known=1, ended=0, withdrawn=[])
    assert registry.follow("a", [], [name(ONE)]).withdrawn == [0]


def test_another_usage_or_grade_is_another_entry_and_goes_with_it(registry: Registry) -> None:
    for claimed in ({}, {"usage": ("search",)}, {"grade": Grade.REVIEWED}):
        assert registry.follow("a", [record(**claimed)]).added == 1
    assert registry.follow("a", [], [name(ONE)]).withdrawn == [0, 1, 2]


def test_a_long_list_is_followed_in_one_step(registry: Registry) -> None:
    many = [record(f"{number:032x}", id=str(number)) for number in range(1300)]
    assert registry.follow("a", many).added == 1300
    assert registry.follow("a", many[::-1]).known == 1300
    gone = registry.follow("a", [], [one.name for one in many[::2]]).withdrawn
    assert len(gone) == 650
    assert registry.follow("a", many).added == 650


def test_the_database_names_neither_feeds_nor_their_records(
    database: Path, registry: Registry
) -> None:
    registry.follow("stopncii of the north", [record(ONE, id="entry-seventeen", case="case-c")])
    data = b"".join(path.read_bytes() for path in database.parent.glob("optout.db*"))
    for told in (b"stopncii of the north", ONE.encode(), b"entry-seventeen", b"case-c"):
        assert told not in data


def test_an_erased_entry_can_no_longer_be_found_by_its_record(registry: Registry) -> None:
    registry.follow("a", [record(id="7", case="c")])
    with registry._store.reading() as connection:
        marks = connection.execute(select(tables.feeds.c.record)).scalars().all()
    assert len(marks) == 3
    registry.erase([0])
    with registry._store.reading() as connection:
        assert connection.execute(select(tables.feeds.c.record)).all() == []
    assert registry.follow("a", [], [name(ONE)]).withdrawn == []
