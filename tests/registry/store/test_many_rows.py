"""Many rows at once stand as they were given, or not at all, on either database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from optout.registry.errors import RegistryError
from optout.registry.store import Store, locate
from optout.registry.store.many_rows import insert_rows
from optout.registry.store.tables import leaves
from sqlalchemy import select

LARGE = 2**62
ROWS = [(7, b""), (3, b"\x00\xff"), (LARGE, bytes(100_000))]


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    opened = Store.open(locate(location))
    yield opened
    opened.close()


def test_rows_come_back_as_they_were_given(store: Store) -> None:
    with store.writing() as connection:
        insert_rows(connection, leaves, ROWS)
    with store.reading() as connection:
        found = connection.execute(select(leaves.c.position, leaves.c.leaf)).all()
    assert sorted(map(tuple, found)) == sorted(ROWS)


def test_no_rows_are_no_statement(store: Store) -> None:
    with store.writing() as connection:
        insert_rows(connection, leaves, [])
    with store.reading() as connection:
        assert connection.execute(select(leaves)).all() == []


def test_where_one_row_cannot_stand_none_does(store: Store) -> None:
    with pytest.raises(RegistryError), store.writing() as connection:
        insert_rows(connection, leaves, [*ROWS, (7, b"again")])
    with store.reading() as connection:
        assert connection.execute(select(leaves)).all() == []
