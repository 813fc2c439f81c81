"""Tables have a version: the newest is made, an older one is brought up, a newer one refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from optout.registry import Identifier, Registry, store
from optout.registry.cases import ANSWERS, CaseItem, Repeat
from optout.registry.errors import RegistryError
from optout.registry.partners import Purpose
from optout.registry.registry import Claim
from optout.registry.store import Vault, items_of, sqlite, tables, upgrades

from tests.registry.filled import LATER, Filled

FIRST_TABLES = {
    *("cases", "claims", "feeds", "leaves", "openings", "sealed", "settings", "steps", "tree"),
}
"""What a registry without a vault has."""

PEOPLE = {"contacts", "letters", "notices", "proofs", "proved", "shared"}
PARTNERS = {"partners", "reported", "reports", "uploads"}
ADDED = {
    **dict.fromkeys(PEOPLE, "0004"),
    **dict.fromkeys(PARTNERS, "0005"),
    "answers": "0006",
}
"""Which version has brought a table."""


def change(database: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement, values)


def test_the_migrations_end_in_the_version_that_is_made() -> None:
    folder = Path(store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [upgrades.NEWEST]


def test_the_migrations_make_the_tables_that_the_code_uses(registry: Registry) -> None:
    with registry._store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


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


def test_a_database_without_a_table_is_brought_up_to_date(tmp_path: Path) -> None:
    database = tmp_path / "old.db"
    with sqlite.new_database(database):
        pass  # known as a registry, without a single table
    opened = sqlite.open_database(database)
    with opened.writing() as connection:
        assert upgrades.version(connection) is None
        upgrades.upgrade(connection, "old.db", Vault.create(tmp_path / "old.vault"))
    with opened.reading() as connection:
        assert upgrades.version(connection) == upgrades.NEWEST
    opened.close()


def made_older(database: Path, version: str) -> None:
    """Make of a registry what an older optout would have made of the same claims."""
    with Registry.open(database) as registry, registry._store.reading() as connection:
        kept = [(one.salt, one.matter, one.index) for one in registry.kept_openings()]
        numbers = connection.exec_driver_sql("SELECT number FROM cases").scalars().all()
        items = [
            (item.nonce, item.box, item.entry)
            for number in numbers
            for item in items_of(connection, number)
        ]
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE openings ADD COLUMN salt BLOB")
        connection.execute("ALTER TABLE openings ADD COLUMN matter BLOB")
        connection.execute("ALTER TABLE openings DROP COLUMN box")
        connection.execute("ALTER TABLE sealed ADD COLUMN nonce BLOB")
        connection.executemany("UPDATE openings SET salt = ?, matter = ? WHERE entry = ?", kept)
        connection.executemany("UPDATE sealed SET nonce = ?, box = ? WHERE entry = ?", items)
        for table in reversed(tables.metadata.sorted_tables):
            if table.name not in FIRST_TABLES:
                connection.execute(f"DROP TABLE {table.name}")
        connection.execute("DELETE FROM settings WHERE name = 'vault'")
        connection.execute("INSERT INTO settings VALUES ('scrub', '7')")
        if version == "0001":
            connection.execute("DROP TABLE feeds")
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    database.with_suffix(".vault").unlink()


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_an_older_registry_is_sealed_and_says_the_same(database: Path, version: str) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.site(f"{number}.example")) for number in range(600)])
        case = registry.cases.open_case([CaseItem(Identifier.site("anna.example"), "Anna")])
        registry.erase([7])
        registry.withdraw([8])
        shown = registry.cases.read(case.number, case.secret)
        before = (registry.root(), list(registry.openings()), list(registry.kept_openings()))
    made_older(database, version)
    assert before[1][0].matter in database.read_bytes()
    with Registry.open(database) as registry:
        assert (
            registry.root(),
            list(registry.openings()),
            list(registry.kept_openings()),
        ) == before
        assert registry.cases.read(case.number, case.secret) == shown
        data = b"".join(path.read_bytes() for path in database.parent.iterdir())
        assert not any(one.matter in data or one.salt in data for one in before[2])
        assert registry.follow("a", []).added == 0
        registry.cases.erase(case.number, case.secret)


@pytest.mark.parametrize("version", ["0003", "0004", "0005"])
def test_an_upgrade_adds_tables_and_leaves_what_is_there(location: str, version: str) -> None:
    with Registry.open(location) as registry:
        filled = Filled.of(registry)
        registry.add([Claim(Identifier.site("bert.example"))])
        before = (registry.root(), list(registry.openings()))
        with registry._store.writing() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                if version < ADDED.get(table.name, ""):
                    connection.exec_driver_sql(f"DROP TABLE {table.name}")
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
    with Registry.open(location) as registry:
        assert (registry.root(), list(registry.openings())) == before
        assert registry.cases.read(filled.number, filled.secret).items[0].shown == "Anna"
        contact = registry.contacts.of(filled.number)
        assert (contact is None) == (version == "0003")
        assert (registry.partners.find(filled.reader) is None) == (version < "0005")
        repeat = Repeat.of(registry.derive(ANSWERS), "open a case", "k" * 22, ["a"])
        items = [CaseItem(Identifier.site("anna.example"), "Anna")]
        told = [registry.cases.open_cases([items], {0: repeat})[0] for _ in range(2)]
        assert told[0].secret == told[1].secret
        if version == "0003":
            Filled.of(registry)
        else:
            assert (len(registry.notices.undecided()), len(registry.news.due(LATER))) == (1, 2)
            registry.partners.make("Museum", Purpose.READ)
        registry.cases.erase(filled.number, filled.secret)


def test_a_file_that_was_sealed_is_written_anew_however_often_that_fails(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_older(database, "0002")
    real, courses = sqlite.SqliteDatabase.compact, iter(["crash", "reader", "done"])

    def compact(opened: sqlite.SqliteDatabase) -> bool:
        course = next(courses)
        if course == "crash":
            raise KeyboardInterrupt
        return course == "done" and real(opened)

    monkeypatch.setattr(sqlite.SqliteDatabase, "compact", compact)
    with pytest.raises(KeyboardInterrupt):
        Registry.open(database)
    for _ in range(4):
        Registry.open(database).close()
    assert list(courses) == []


def test_a_file_that_is_being_read_is_not_yet_written_anew(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite._connect
    monkeypatch.setattr(sqlite, "_connect", lambda path, _=0.0: connect(path, 0.01))
    opened, other = sqlite.open_database(database), sqlite.open_database(database)
    with opened.reading() as connection:
        upgrades.version(connection)
        assert not other.compact()
    assert other.compact()
    opened.close()
    other.close()


def test_a_vault_that_cannot_be_made_leaves_an_older_registry_as_it_is(database: Path) -> None:
    made_older(database, "0002")
    database.with_suffix(".vault").symlink_to(database.parent / "missing" / "vault")
    with pytest.raises(RegistryError, match="never overwritten"):
        Registry.open(database)
    database.with_suffix(".vault").unlink()
    Registry.open(database).close()


def test_a_vault_on_a_failing_disk_is_told_of(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> Vault:
        raise OSError(28, "No space left on device")

    made_older(database, "0002")
    monkeypatch.setattr(Vault, "create", fail)
    with pytest.raises(RegistryError, match=r"vault .* cannot be made: No space left"):
        Registry.open(database)


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
