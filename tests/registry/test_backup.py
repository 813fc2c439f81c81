"""A backup gives everything back but what was erased, from and into either database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem
from optout.registry.errors import CaseNotFound, RegistryError
from optout.registry.log import Status
from optout.registry.store import Claim, locate

URL = "https://anna.example/harbour.jpg"
OTHER = "https://bert.example/"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "optout.backup"


@pytest.fixture(autouse=True)
def _folder(backup: Path) -> None:
    backup.parent.mkdir()


def moved_to(location: str | Path, target: Path) -> Path:
    """A place for a new database, with key and vault as they are now."""
    target.mkdir()
    old, new = locate(location), locate(target / "new.db")
    shutil.copy(old.key, new.key)
    shutil.copy(old.vault, new.vault)
    return target / "new.db"


def test_everything_is_there_again(registry: Registry, location, backup, tmp_path) -> None:
    case = registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
    registry.add([Claim(Identifier.url(OTHER))])
    assert registry.backup(backup) == registry.size == 2
    with Registry.recover(moved_to(location, tmp_path / "new"), backup) as again:
        assert (again.size, again.root()) == (registry.size, registry.root())
        assert list(again.leaves()) == list(registry.leaves())
        assert list(again.openings()) == list(registry.openings())
        assert again.checkpoint() == registry.checkpoint()
        (item,) = again.cases.read(case.number, case.secret).items
        assert item.shown == URL
        assert not again.add([Claim(Identifier.url(OTHER))])[0].new


def test_it_can_be_taken_into_postgresql(
    database, registry: Registry, backup, postgres, tmp_path, monkeypatch
) -> None:
    case = registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
    registry.backup(backup)
    target = postgres.empty_database()
    monkeypatch.setenv("OPTOUT_KEYS", str(tmp_path))
    place, old = locate(target), locate(database)
    shutil.copy(old.key, place.key)
    shutil.copy(old.vault, place.vault)
    with Registry.recover(target, backup) as again:
        assert again.root() == registry.root()
        assert again.cases.read(case.number, case.secret).items[0].shown == URL


def test_what_was_erased_since_is_erased_there_too(
    registry: Registry, location, backup, tmp_path
) -> None:
    kept = registry.cases.open_case([CaseItem(Identifier.url(OTHER), OTHER)])
    gone = registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
    registry.backup(backup)
    registry.cases.erase(gone.number, gone.secret)
    with Registry.recover(moved_to(location, tmp_path / "new"), backup) as again:
        index = gone.entries[0].index
        assert again.state().entries[index].status is Status.ERASED
        assert [opening.index for opening in again.openings()] == [kept.entries[0].index]
        with pytest.raises(CaseNotFound):
            again.cases.read(gone.number, gone.secret)
        assert again.cases.read(kept.number, kept.secret).items[0].shown == OTHER


def test_a_backup_tells_nothing_without_the_vault(registry: Registry, backup) -> None:
    registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
    registry.backup(backup)
    data = backup.read_bytes()
    (opening,) = registry.openings()
    for plain in (URL.encode(), b"anna.example", opening.matter, opening.salt):
        assert plain not in data


def test_a_backup_is_never_overwritten_and_for_its_owner_alone(registry: Registry, backup) -> None:
    registry.backup(backup)
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RegistryError, match="exists already"):
        registry.backup(backup)
    with pytest.raises(RegistryError, match="cannot be made"):
        registry.backup(backup.parent / "missing" / "optout.backup")


def test_a_backup_can_be_recovered_more_than_once(
    registry: Registry, location, backup, tmp_path
) -> None:
    registry.add([Claim(Identifier.url(URL))])
    registry.backup(backup)
    before = backup.read_bytes()
    for name in ("one", "two"):
        Registry.recover(moved_to(location, tmp_path / name), backup).close()
    assert backup.read_bytes() == before


def test_nothing_takes_the_place_of_a_registry(database, registry: Registry, backup) -> None:
    registry.backup(backup)
    with pytest.raises(RegistryError, match="exists already"):
        Registry.recover(database, backup)


def test_a_backup_wants_its_own_key_and_vault(
    registry: Registry, location, backup, tmp_path
) -> None:
    registry.backup(backup)
    Registry.create(tmp_path / "other.db").close()
    strange = locate(tmp_path / "other.db")
    target = moved_to(location, tmp_path / "new")
    shutil.copy(strange.key, locate(target).key)
    with pytest.raises(RegistryError, match="another key than"):
        Registry.recover(target, backup)
    shutil.copy(locate(location).key, locate(target).key)
    shutil.copy(strange.vault, locate(target).vault)
    with pytest.raises(RegistryError, match="is not the vault of the registry that"):
        Registry.recover(target, backup)
    locate(target).vault.unlink()
    with pytest.raises(RegistryError, match=r"vault .* cannot be used"):
        Registry.recover(target, backup)
    assert not target.exists()


def test_what_is_no_backup_is_refused(database, registry: Registry, tmp_path) -> None:
    target = moved_to(database, tmp_path / "new")
    with pytest.raises(RegistryError, match="there is no registry at"):
        Registry.recover(target, tmp_path / "missing")
    (tmp_path / "words").write_bytes(b"no database at all" * 100)
    with pytest.raises(RegistryError, match="is not an optout registry"):
        Registry.recover(target, tmp_path / "words")
    import sqlite3

    sqlite3.connect(tmp_path / "another.db").executescript("CREATE TABLE a (b)")
    with pytest.raises(RegistryError, match="is no backup of a registry"):
        Registry.recover(target, tmp_path / "another.db")
    assert sorted(path.name for path in target.parent.iterdir()) == ["new.key", "new.vault"]
