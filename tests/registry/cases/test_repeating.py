"""The same request opens one case, however often it is sent, and nobody else learns of it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import ANSWERS, CaseItem, OpenedCase, Reason, Repeat
from optout.registry.errors import RegistryError
from optout.registry.store import AnswerRow, add_answers, find_answers, people_tables
from sqlalchemy import select, update

from tests.registry.cases.conftest import NOW

KEY = "5b2f6f3e-8d1c-4f0e-9a57-1f0f3a0f6d3c"
ITEMS = [CaseItem(Identifier.site(name), name) for name in ("b.example", "a.example", "b.example")]
DAY = timedelta(days=1)


def repeat(registry: Registry, asked: str = "a", key: str = KEY, what: str = "open") -> Repeat:
    return Repeat.of(registry.derive(ANSWERS), what, key, [asked])


def sent(registry: Registry, one: Repeat, *, later: timedelta = DAY * 0) -> OpenedCase | None:
    (opened,) = registry.cases.open_cases([ITEMS], {0: one}, NOW + later)
    return opened


def rows(registry: Registry) -> list:
    with registry._store.reading() as connection:
        return list(connection.execute(select(people_tables.answers)).all())


def test_the_same_request_gets_the_same_answer(registry: Registry) -> None:
    first = sent(registry, repeat(registry))
    again = sent(registry, repeat(registry), later=DAY / 2)
    assert not first.replayed
    assert again.replayed
    for name in ("number", "secret", "entries", "case"):
        assert getattr(again, name) == getattr(first, name)
    assert registry.size == 2
    assert registry.cases.read(again.number, again.secret) == first.case


def test_it_is_told_what_it_was_told_whatever_became_of_it(registry: Registry) -> None:
    first = sent(registry, repeat(registry))
    registry.cases.withdraw(first.number, first.secret)
    registry.cases.erase(first.number, first.secret, [min(e.index for e in first.entries)])
    assert sent(registry, repeat(registry)).case == first.case


def test_a_key_is_good_for_one_request(registry: Registry) -> None:
    first = sent(registry, repeat(registry))
    assert sent(registry, repeat(registry, "b")) is None
    assert sent(registry, repeat(registry, "b", what="other")).number != first.number
    assert sent(registry, repeat(registry, key=KEY.upper())).number != first.number


def test_what_is_asked_for_is_told_apart_part_by_part(registry: Registry) -> None:
    secret = registry.derive(ANSWERS)
    told = [Repeat.of(secret, "open", KEY, parts) for parts in (["ab"], ["a", "b"], ["", "ab"])]
    assert len({one.fingerprint for one in told}) == len({one.client_key for one in told}) == 3
    assert len({one.key_digest for one in told}) == 1


def test_after_a_day_it_is_a_new_request_and_nothing_of_the_old_one_is_left(
    registry: Registry,
) -> None:
    first = sent(registry, repeat(registry))
    (kept,) = rows(registry)
    assert sent(registry, repeat(registry), later=DAY).number != first.number
    (other,) = rows(registry)
    assert other.box != kept.box
    registry.cases.open_cases([ITEMS], now=NOW + 2 * DAY)
    assert rows(registry) == []


def test_old_answers_are_removed_some_at_a_time(registry: Registry) -> None:
    keyed = [repeat(registry, key=f"key {number:020}") for number in range(600)]
    registry.cases.open_cases([ITEMS] * 600, dict(enumerate(keyed)), NOW)
    left = []
    for _ in range(2):
        registry.cases.open_cases([ITEMS], now=NOW + DAY)
        left.append(len(rows(registry)))
    assert left == [100, 0]
    again = sent(registry, keyed[-1], later=DAY)
    assert not again.replayed


def test_old_answers_are_removed_where_nobody_sends_anything_any_more(registry: Registry) -> None:
    keyed = [repeat(registry, key=f"key {number:020}") for number in range(600)]
    registry.cases.open_cases([ITEMS] * 600, dict(enumerate(keyed)), NOW)
    assert registry.answers.forget_over(NOW + DAY / 2) == 0
    assert len(rows(registry)) == 600
    assert [registry.answers.forget_over(NOW + DAY) for _ in range(3)] == [500, 100, 0]
    assert rows(registry) == []


def test_in_one_step_each_gets_its_own(registry: Registry) -> None:
    before = sent(registry, repeat(registry))
    keyed = [
        repeat(registry),
        repeat(registry, "b"),
        repeat(registry, key="another key, long enough"),
        repeat(registry, key="another key, long enough"),
        repeat(registry, "b", key="another key, long enough"),
    ]
    told = registry.cases.open_cases([ITEMS] * 6, dict(enumerate(keyed)), NOW)
    assert told[0] == sent(registry, keyed[0])
    assert told[0].number == before.number
    assert told[1] is told[4] is None
    assert told[2].secret == told[3].secret
    assert [one.replayed for one in (told[2], told[3], told[5])] == [False, True, False]
    assert len({one.number for one in (told[0], told[2], told[5])}) == 3
    assert registry.size == 6


def test_erasing_the_case_erases_the_answer(registry: Registry) -> None:
    first = sent(registry, repeat(registry))
    registry.cases.erase(first.number, first.secret)
    assert rows(registry) == []
    assert sent(registry, repeat(registry)).number != first.number


def test_neither_database_nor_vault_opens_an_answer(registry: Registry, location: str) -> None:
    first = sent(registry, repeat(registry))
    (row,) = rows(registry)
    assert first.secret.encode() not in row.box
    with registry._store.writing() as connection:
        (found,) = find_answers(connection, [row.key_digest], NOW)
    assert first.secret.encode() not in found.box
    for other in (repeat(registry, "b"), repeat(registry, key=KEY[::-1])):
        with pytest.raises(RegistryError, match="is damaged"):
            other.unseal(found.box)
    assert first.secret.encode() in repeat(registry).unseal(found.box)
    assert KEY not in str(repeat(registry))


def test_a_copy_from_before_an_erasure_does_not_open_it(database: Path, tmp_path: Path) -> None:
    with Registry.open(database) as registry:
        first = sent(registry, repeat(registry))
    copy = tmp_path / "copy" / "optout.db"
    shutil.copytree(database.parent, copy.parent)
    with Registry.open(database) as registry:
        registry.cases.erase(first.number, first.secret)
    shutil.copy(database.with_suffix(".vault"), copy.parent)
    with Registry.open(copy) as registry:
        assert len(rows(registry)) == 1
        with registry._store.reading() as connection:
            assert find_answers(connection, [repeat(registry).key_digest], NOW) == []


def test_an_answer_of_another_request_is_taken_for_none(registry: Registry) -> None:
    sent(registry, repeat(registry))
    with registry._store.writing() as connection:
        connection.execute(update(people_tables.answers).values(fingerprint=b"x" * 32))
    assert sent(registry, repeat(registry)) is None


def test_the_same_notice_is_sent_once(registry: Registry) -> None:
    mine = registry.cases.open_case(ITEMS)
    entry, site = mine.entries[0].index, ITEMS[0].identifier
    sent = (entry, site, Reason.OTHER, "why", NOW)
    one, other = repeat(registry, what="send"), repeat(registry, "b", what="send")
    first = registry.notices.send(*sent, one)
    size = registry.size
    again = registry.notices.send(*sent, one)
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.number, again.secret, again.due) == (first.number, first.secret, first.due)
    assert registry.notices.send(*sent, other) is None
    assert registry.size == size
    registry.cases.withdraw(mine.number, mine.secret)
    assert registry.notices.send(*sent, one) == again


def test_an_answer_about_a_notice_goes_with_its_entry(registry: Registry) -> None:
    mine = registry.cases.open_case(ITEMS)
    entry = mine.entries[0].index
    sender = repeat(registry, what="send a notice")
    notice = registry.notices.send(entry, ITEMS[0].identifier, Reason.OTHER, "why", NOW)
    row = AnswerRow(
        sender.key_digest,
        sender.fingerprint,
        notice.number,
        entry,
        sender.seal(notice.secret.encode()),
        is_notice=True,
    )
    with registry._store.writing() as connection:
        add_answers(connection, [row], NOW + DAY)
        assert find_answers(connection, [sender.key_digest], NOW) == [row]
        assert find_answers(connection, [sender.key_digest], NOW + DAY) == []
    registry.cases.erase(mine.number, mine.secret, [mine.entries[1].index])
    assert len(rows(registry)) == 1
    registry.cases.erase(mine.number, mine.secret, [entry])
    assert rows(registry) == []


def test_a_backup_leaves_answers_out(registry: Registry, tmp_path: Path) -> None:
    sent(registry, repeat(registry))
    (row,) = rows(registry)
    registry.backup(tmp_path / "optout.backup")
    data = (tmp_path / "optout.backup").read_bytes()
    assert not any(part in data for part in (row.key_digest, row.fingerprint, row.box))
