"""Tables have a version: the newest is made, an older one is brought up, a newer one refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from optout.registry import Registry, store
from optout.registry.errors import RegistryError
from optout.registry.store import sqlite, tables, upgrades


def change(database: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement, values)


def test_the_migrations_end_in_the_version_that_is_made() -> None:
    folder = Path(store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [upgrades.NEWEST]


def test_the_migrations_make_the_tables_that_the_code_uses(database: Path) -> None:
    engine = sqlite.make_engine(database)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_a_new_log_of_sqlite_numbers_its_rows_by_position(database: Path) -> None:
    # Only then are rows appended in the order of their entries; see `tables`.
    with closing(sqlite3.connect(database)) as connection:
        for table in ("leaves", "openings", "sealed"):
            (named,) = connection.execute(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?"
                " AND name LIKE 'sqlite_autoindex%'",
                (table,),
            ).fetchone()
            assert named == 0, f"the primary key of {table} is not its row number"


def test_a_registry_of_a_newer_optout_is_refused_and_left_alone(database: Path) -> None:
    change(database, "UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()
    with pytest.raises(RegistryError, match="made by a newer optout") as refused:
        Registry.open(database)
    assert "Upgrade" in refused.value.advice
    assert database.read_bytes() == before


def test_an_older_registry_is_brought_up_to_date(tmp_path: Path) -> None:
    database = tmp_path / "old.db"
    with sqlite.new_database(database):
        pass  # known as a registry, without a single table
    engine = sqlite.make_engine(database)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        assert upgrades.version(connection) is None
        upgrades.upgrade(connection, "old.db")
    with engine.begin() as connection:
        assert upgrades.version(connection) == upgrades.NEWEST
    engine.dispose()


def test_opening_does_not_load_alembic(database: Path, run_python) -> None:
    told = run_python(
        f"""
        import sys
        from optout.registry import Registry
        Registry.open({str(database)!r}).close()
        print("alembic" in sys.modules)
        """
    )
    assert told == "False\n"
