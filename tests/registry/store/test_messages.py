"""What a database is told to be when it is not as it should be."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from optout.registry.errors import RegistryError
from optout.registry.identifiers import Identifier
from optout.registry.store import Claim, Store, claim, locate


def change(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)


def test_a_log_that_grew_while_it_was_written_is_not_written(database: Path) -> None:
    change(
        database,
        "CREATE TRIGGER other AFTER INSERT ON leaves BEGIN UPDATE tree SET size = size + 1; END",
    )
    with closing(Store.open(locate(database))) as store:
        with (
            pytest.raises(RegistryError, match="two writers appended to the log at once"),
            store.writing() as connection,
        ):
            claim(connection, [Claim(Identifier.site("anna.example"))], b"k" * 32)
        with store.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM leaves").scalar() == 0


def test_readers_beyond_number_are_told_to_wait(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store.open(locate(database))) as store, ExitStack() as readers:
        pool = store._database._engine.pool
        monkeypatch.setattr(pool, "_timeout", 0.01)
        for _ in range(pool.size() + pool._max_overflow):
            readers.enter_context(store.reading())
        with pytest.raises(RegistryError, match="is asked by too many at once"):
            readers.enter_context(store.reading())


@pytest.mark.parametrize("name", ["origin", "key", "vault"])
def test_a_database_that_does_not_say_whose_it_is_is_refused(name: str, database: Path) -> None:
    change(database, f"DELETE FROM settings WHERE name = '{name}'")
    with pytest.raises(RegistryError, match=f"does not say its {name}"):
        Store.open(locate(database))


@pytest.mark.parametrize("parts", ["3", "a:1", "3:256", "3:-1", ":", "3:1:2"])
def test_a_database_that_does_not_say_which_keys_are_its_own_is_refused(
    parts: str, database: Path
) -> None:
    change(database, f"INSERT INTO settings VALUES ('parts', '{parts}')")
    with pytest.raises(RegistryError, match="does not say which keys of its vault"):
        Store.open(locate(database))
