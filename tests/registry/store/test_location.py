"""A registry is named by a path or a database URL; its key and its vault belong to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.registry.errors import RegistryError
from optout.registry.store import locate


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("optout.db", "optout.db"),
        ("./a folder/optout.db", "a folder/optout.db"),
        ("sqlite:///optout.db", "optout.db"),
        ("sqlite:////srv/optout.db", "/srv/optout.db"),
        (Path("optout.db"), "optout.db"),
    ],
)
def test_a_path_and_a_sqlite_url_name_a_file(address: str | Path, path: str) -> None:
    found = locate(address)
    assert found.database == Path(path)
    assert found.name == path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://ida:geheim@db.example/optout", "postgresql://db.example/optout"),
        ("postgresql+psycopg://ida@db.example:5433/optout", "postgresql://db.example:5433/optout"),
        ("postgresql://ida@[::1]:5433/optout", "postgresql://[::1]:5433/optout"),
        ("postgresql:///optout?host=/run&password=geheim", "postgresql:///optout"),
    ],
)
def test_a_postgresql_url_is_shown_without_account_and_password(address: str, name: str) -> None:
    found = locate(address, {})
    assert found.name == name
    assert "geheim" not in repr(found)
    assert (found.key, found.vault) == (Path("optout.key"), Path("optout.vault"))


def test_key_and_vault_of_a_server_lie_where_the_environment_says() -> None:
    found = locate("postgresql://db.example/anna", {"OPTOUT_KEYS": "/srv/keys"})
    assert (found.key, found.vault) == (Path("/srv/keys/anna.key"), Path("/srv/keys/anna.vault"))


def test_the_environment_is_asked_as_it_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"OPTOUT_KEYS": "/srv/others"})
    assert locate("postgresql://db.example/anna").key == Path("/srv/others/anna.key")


@pytest.mark.parametrize("name", ["", "..", "a%2Fb", "a%00b"])
def test_a_database_that_no_file_can_be_called_after_is_refused(name: str) -> None:
    with pytest.raises(RegistryError, match="could be called after it") as refused:
        locate(f"postgresql://ida:geheim@db.example/{name}")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://ida:geheim@db.example/optout", "a mysql database"),
        ("https://registry.example/", "a https database"),
        ("postgresql://ida:geheim@db.example:port/optout", "no database URL"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://", "no database URL"),
        ("a\0b", "cannot be the path"),
        (Path("a\ud800b"), "cannot be the path"),
    ],
)
def test_anything_else_is_refused_without_showing_a_password(
    address: str | Path, said: str
) -> None:
    with pytest.raises(RegistryError, match=said) as refused:
        locate(address)
    assert "geheim" not in str(refused.value)
    assert "optout.db" in refused.value.advice


@pytest.mark.parametrize("database", ["a/optout.db", "a/optout"])
def test_key_and_vault_have_the_name_of_the_file(database: str) -> None:
    found = locate(database)
    assert (found.key, found.vault) == (Path("a/optout.key"), Path("a/optout.vault"))


@pytest.mark.parametrize("name", ["optout.key", "optout.vault", ".", ""])
def test_a_database_cannot_have_the_name_of_its_key(name: str) -> None:
    with pytest.raises(RegistryError, match="cannot be the name"):
        locate(Path(name))
