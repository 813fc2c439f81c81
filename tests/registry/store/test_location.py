"""A registry is named by a path or a database URL; its key lies beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.registry.errors import RegistryError
from optout.registry.store import database_path, key_path


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("optout.db", "optout.db"),
        ("./a folder/optout.db", "a folder/optout.db"),
        ("sqlite:///optout.db", "optout.db"),
        ("sqlite:////srv/optout.db", "/srv/optout.db"),
        (Path("optout.db"), "optout.db"),
    ],
)
def test_a_path_and_a_sqlite_url_name_a_file(location: str | Path, path: str) -> None:
    assert database_path(location) == Path(path)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("postgresql://ida:geheim@db.example/optout", "a postgresql database"),
        ("https://registry.example/", "a https database"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("://", "no database URL"),
        ("a\0b", "cannot be the path"),
        (Path("a\ud800b"), "cannot be the path"),
    ],
)
def test_anything_else_is_refused_without_showing_a_password(
    location: str | Path, said: str
) -> None:
    with pytest.raises(RegistryError, match=said) as refused:
        database_path(location)
    assert "geheim" not in str(refused.value)
    assert "optout.db" in refused.value.advice


def test_the_key_has_the_name_of_the_database() -> None:
    assert key_path(Path("a/optout.db")) == Path("a/optout.key")
    assert key_path(Path("a/registry.2026.sqlite")) == Path("a/registry.2026.key")
    assert key_path(Path("a/optout")) == Path("a/optout.key")


@pytest.mark.parametrize("name", ["optout.key", ".", ""])
def test_a_database_cannot_have_the_name_of_its_key(name: str) -> None:
    with pytest.raises(RegistryError, match="cannot be the name"):
        key_path(Path(name))
