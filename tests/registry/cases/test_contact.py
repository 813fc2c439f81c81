"""An address is kept for whoever asks for news, sealed, and goes with the case."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import (
    LEASE,
    CaseItem,
    CaseNotFound,
    Contact,
    OpenedCase,
    SentCode,
    Wish,
)
from optout.registry.errors import RegistryError, UsageError
from optout.registry.store import case_rows, people_tables, queue_letters, sealed_cases
from optout.registry.store.vault import Label
from sqlalchemy import select

from tests.registry.cases.conftest import CODE, NOW

WRONG = replace(CODE, attempts=4)


def put(registry: Registry, case: OpenedCase, address: str = "anna@mail.example") -> None:
    registry.contacts.put(
        case.number, case.secret, address, CODE, language="fr", wishes=[Wish.GRADED]
    )


def test_a_contact_is_kept_confirmed_and_read_without_the_secret(
    registry: Registry, mine: OpenedCase, theirs: OpenedCase
) -> None:
    assert registry.contacts.read(mine.number, mine.secret) is None
    put(registry, mine)
    kept = Contact("anna@mail.example", "fr", frozenset([Wish.GRADED]), False, CODE)
    assert registry.contacts.read(mine.number, mine.secret) == kept
    assert "anna" not in repr(kept)
    confirm = registry.contacts.confirm
    assert not confirm(mine.number, mine.secret, lambda _: (False, WRONG), NOW)
    assert registry.contacts.of(mine.number) == replace(kept, code=WRONG)
    used = SentCode(b"", NOW, 0)
    assert confirm(mine.number, mine.secret, lambda _: (True, used), NOW)
    assert registry.contacts.of(mine.number) == replace(kept, confirmed=True, code=used)
    registry.contacts.change(mine.number, mine.secret, language="en", wishes=Wish)
    assert registry.contacts.of(mine.number).wishes == set(Wish)
    put(registry, mine, "new@mail.example")
    replaced = registry.contacts.of(mine.number)
    assert (replaced.address, replaced.confirmed) == ("new@mail.example", False)
    registry.contacts.forget(mine.number, mine.secret)
    assert registry.contacts.of(mine.number) is None
    assert not confirm(mine.number, mine.secret, lambda _: (True, used), NOW)
    for step in (registry.contacts.read, registry.contacts.forget):
        with pytest.raises(CaseNotFound):
            step(mine.number, theirs.secret)


@pytest.mark.parametrize(
    "address", ["anna", "a b@c.example", "a@b\n", "a@" + "b" * 300, "\ud800@b"]
)
def test_what_is_no_address_is_refused(registry: Registry, mine: OpenedCase, address: str) -> None:
    with pytest.raises(UsageError, match="no address of mail"):
        put(registry, mine, address)


def test_what_is_no_language_is_refused(registry: Registry, mine: OpenedCase) -> None:
    with pytest.raises(UsageError, match="no language"):
        registry.contacts.change(mine.number, mine.secret, language="?", wishes=[])


def test_letters_are_due_to_confirmed_addresses_until_they_are_sent_or_given_up(
    registry: Registry, confirmed: OpenedCase
) -> None:
    (letter,) = registry.news.due(NOW)
    assert (letter.wish, letter.address, letter.language, letter.values) == (
        Wish.CONFIRMED,
        "anna@mail.example",
        "fr",
        {},
    )
    assert registry.news.delayed(letter.id, NOW)
    assert registry.news.due(NOW + timedelta(minutes=4)) == []
    later = NOW + timedelta(minutes=5)
    assert registry.news.due(later) == [letter]
    registry.news.sent(letter.id)
    assert registry.news.due(later) == []
    assert not registry.news.delayed(letter.id, NOW)


def test_a_letter_that_is_refused_is_given_up(registry: Registry, confirmed: OpenedCase) -> None:
    (letter,) = registry.news.take(NOW)
    registry.news.refused(letter.id)
    assert letters(registry) == []


def test_a_letter_that_was_taken_is_due_to_nobody_else_for_a_while(
    registry: Registry, confirmed: OpenedCase
) -> None:
    (letter,) = registry.news.take(NOW)
    assert registry.news.take(NOW + LEASE - timedelta(seconds=1)) == []
    assert registry.news.due(NOW) == []
    assert registry.news.take(NOW + LEASE) == [letter]
    # Being taken is no attempt: a process that was stopped has not tried.
    assert registry.news.delayed(letter.id, NOW)
    assert registry.news.take(NOW + timedelta(minutes=5)) == [letter]


def test_no_more_letters_are_taken_than_are_wanted(
    registry: Registry, confirmed: OpenedCase
) -> None:
    with registry._store.writing() as connection:
        for _ in range(3):
            queue_letters(connection, Wish.GRADED, {confirmed.number: {}}, 0)
    taken = [registry.news.take(NOW, most=3), registry.news.take(NOW, most=3)]
    assert [len(letters) for letters in taken] == [3, 1]
    assert len({letter.id for letters in taken for letter in letters}) == 4


def test_processes_that_take_letters_at_once_take_different_ones(
    location: str, registry: Registry, confirmed: OpenedCase
) -> None:
    with registry._store.writing() as connection:
        for _ in range(19):
            queue_letters(connection, Wish.GRADED, {confirmed.number: {}}, 0)

    def take(_: int) -> list[str]:
        with Registry.open(location) as other:
            taken = iter(lambda: other.news.take(NOW, most=2), [])
            return [letter.id for letters in taken for letter in letters]

    with ThreadPoolExecutor(4) as threads:
        found = [identity for one in threads.map(take, range(4)) for identity in one]
    assert len(found) == len(set(found)) == 20


def test_letters_that_nobody_can_open_any_more_do_not_hold_up_the_others(
    registry: Registry, confirmed: OpenedCase, mine: OpenedCase
) -> None:
    lost = registry.cases.open_case([CaseItem(Identifier.site("carla.example"), "carla")])
    key = (lost.number, lost.secret)
    registry.contacts.put(*key, "carla@mail.example", CODE, language="en", wishes=Wish)
    registry.contacts.confirm(*key, lambda contact: (True, contact.code), NOW)
    with registry._store.writing() as connection:
        for _ in range(3):
            queue_letters(connection, Wish.GRADED, {lost.number: {}}, 0)
        at = case_rows.case_key_number(connection, lost.number)
    registry._store.vault.shred(Label.CASE, [at])
    assert registry.news.take(NOW, most=3) == []
    assert [letter.case_number for letter in registry.news.take(NOW, most=3)] == [mine.number]


def test_a_letter_that_cannot_be_sent_is_given_up(
    registry: Registry, confirmed: OpenedCase
) -> None:
    (letter,) = registry.news.due(NOW)
    assert [registry.news.delayed(letter.id, NOW) for _ in range(10)] == [True] * 9 + [False]
    assert registry.news.due(NOW + timedelta(days=99)) == []
    assert letters(registry) == []


def letters(registry: Registry) -> list[str]:
    with registry._store.reading() as connection:
        return list(connection.execute(select(people_tables.letters.c.case_number)).scalars())


def test_letters_go_with_the_address_that_they_were_for(
    registry: Registry, confirmed: OpenedCase
) -> None:
    assert letters(registry) == [confirmed.number]
    put(registry, confirmed, "new@mail.example")
    assert letters(registry) == []


def test_an_address_that_is_not_confirmed_holds_up_nobody(
    registry: Registry, confirmed: OpenedCase, theirs: OpenedCase
) -> None:
    put(registry, theirs)
    with registry._store.writing() as connection:
        for _ in range(3):
            queue_letters(connection, Wish.GRADED, {theirs.number: {}}, 0)
    (letter,) = registry.news.due(NOW, most=1)
    assert letter.case_number == confirmed.number


def test_contact_and_letters_go_with_the_case(
    registry: Registry, confirmed: OpenedCase, before_and_after: Callable[..., Registry]
) -> None:
    def erase() -> None:
        registry.cases.erase(confirmed.number, confirmed.secret)

    with before_and_after(registry, erase) as before:
        assert before.contacts.of(confirmed.number) is None
        assert before.news.due(NOW) == []
    assert registry.contacts.of(confirmed.number) is None
    with registry._store.reading() as connection:
        for table in (people_tables.contacts, people_tables.letters):
            assert connection.execute(select(table)).all() == []
        assert sealed_cases.unseal_for_case(connection, confirmed.number, "contact", b"") is None
        with pytest.raises(RegistryError, match="has no item, and so no key"):
            sealed_cases.seal_for_case(connection, confirmed.number, "contact", b"")


def test_no_file_holds_the_address(
    database: Path, registry: Registry, confirmed: OpenedCase
) -> None:
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    assert b"anna@mail" not in data
