"""PostgreSQL: made whole or not at all, one writer at a time, and told of in plain words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.errors import RegistryError
from optout.registry.registry import Claim
from optout.registry.store import postgresql
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    monkeypatch.setenv("OPTOUT_KEYS", str(folder))
    return folder


@pytest.fixture
def empty(postgres, folder: Path):
    url = postgres.empty_database()
    yield url
    postgres.drop(url)


def test_a_registry_is_made_in_an_empty_database_alone(empty: str, folder: Path) -> None:
    with Registry.create(empty) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(RegistryError, match=r"\.key exists"):
        Registry.create(empty)
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(RegistryError, match="holds a registry already"):
        Registry.create(empty)
    assert list(folder.iterdir()) == []
    for name, data in before.items():
        (folder / name).write_bytes(data)
    with Registry.open(empty) as registry:
        assert registry.size == 1


def test_a_folder_of_keys_that_is_missing_is_no_fault_of_the_database(
    empty: str, folder: Path
) -> None:
    folder.rmdir()
    with pytest.raises(RegistryError, match=r"^/.*/keys/.*\.key cannot be made: No such file"):
        Registry.create(empty)
    folder.mkdir()
    Registry.create(empty).close()


def test_tables_of_something_else_are_left_alone(postgres, empty: str, folder: Path) -> None:
    database = postgresql.PostgresDatabase(make_url(empty).set(drivername="postgresql+psycopg"), "")
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE settings (id int)")
    database.close()
    with pytest.raises(RegistryError, match="tables of something else"):
        Registry.create(empty)
    with pytest.raises(RegistryError, match="is not an optout registry"):
        Registry.open(empty)
    assert list(folder.iterdir()) == []


def test_a_database_or_an_account_that_is_missing_is_told_of(postgres, folder: Path) -> None:
    with pytest.raises(RegistryError, match="does not exist on its server"):
        Registry.open(postgres.url_of("missing"))
    stranger = make_url(postgres.url_of("postgres")).set(username="ida", password="geheim")
    with pytest.raises(RegistryError, match="refuses this account") as refused:
        Registry.open(stranger.render_as_string(hide_password=False))
    assert "geheim" not in str(refused.value)
    with pytest.raises(RegistryError, match="cannot be reached"):
        Registry.open("postgresql://ida:geheim@127.0.0.1:1/optout")


def test_a_reader_cannot_write_and_a_writer_waits_for_the_other(
    postgres, empty: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Registry.create(empty).close()
    with Registry.open(empty) as one, Registry.open(empty) as other:
        with (
            pytest.raises(RegistryError, match="must not be written to"),
            one._store.reading() as connection,
        ):
            connection.exec_driver_sql("UPDATE tree SET size = 7")
        monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.1)
        with (
            one._store.writing(),
            pytest.raises(RegistryError, match="written by another process"),
        ):
            other.add([Claim(Identifier.site("anna.example"))])
        assert other.size == 0
        other.add([Claim(Identifier.site("anna.example"))])
        assert one.size == 1


def lose_connection(postgres, registry: Registry) -> None:
    with registry._store.writing() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        postgres.run(f"SELECT pg_terminate_backend({pid})")
        connection.exec_driver_sql("SELECT 1")


def test_a_connection_that_the_server_has_ended_is_made_anew(
    postgres, empty: str, folder: Path
) -> None:
    with Registry.create(empty) as registry:
        with pytest.raises(RegistryError, match="cannot be reached"):
            lose_connection(postgres, registry)
        assert registry.add([Claim(Identifier.site("anna.example"))])[0].new


@pytest.mark.parametrize(
    ("state", "said", "reason"),
    [
        ("40001", "", "changed by another process"),
        ("40P01", "", "changed by another process"),
        ("53100", "", "the disk is full"),
        ("53300", "", "too many at once"),
        ("42501", "", "by this account"),
        ("57P01", "", "cannot be reached"),
        ("XX001", "", "is damaged"),
        ("22003", "", "SQLSTATE 22003"),
        (None, "FATAL:  sorry, too many clients already", "too many at once"),
        (None, 'FATAL:  password authentication failed for user "ida"', "refuses this account"),
        (None, "FATAL:  the database system is starting up", "cannot be reached"),
    ],
)
def test_what_the_server_says_is_said_in_plain_words(
    state: str | None, said: str, reason: str
) -> None:
    class ServerError(Exception):
        sqlstate = state

    with pytest.raises(RegistryError, match=reason) as refused, postgresql.database_faults("it"):
        raise OperationalError("SELECT", {}, ServerError(said))
    assert refused.value.advice


def test_what_the_driver_itself_refuses_is_no_fault_of_the_server(empty: str, folder: Path) -> None:
    with (
        Registry.create(empty) as registry,
        pytest.raises(RegistryError, match=r"cannot be used \(DataError\)") as refused,
        registry._store.reading() as connection,
    ):
        connection.execute(text("SELECT :word"), {"word": "a secret\0"})
    assert "secret" not in str(refused.value)


def test_a_missing_driver_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RegistryError, match="psycopg is not installed") as refused:
        Registry.open("postgresql://db.example/optout")
    assert "optout[postgresql]" in refused.value.advice


def test_more_askers_than_connections_are_told_to_wait() -> None:
    with (
        pytest.raises(RegistryError, match="it is asked by too many at once"),
        postgresql.database_faults("it"),
    ):
        raise PoolTimeoutError("no connection is free")
