"""A backup gives everything back but what was erased, from and into either database."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, OpenedCase
from optout.registry.errors import CaseNotFound, RegistryError
from optout.registry.log import Status
from optout.registry.registry import Followed, Listed, RecordName
from optout.registry.store import Claim, Vault, copying, locate, sqlite, tables
from optout.registry.store.vault import Label, Shredded
from sqlalchemy import select

from tests.registry.cases.conftest import CODE
from tests.registry.filled import Filled

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


def test_every_row_is_the_same_in_postgresql(
    database, registry: Registry, backup, postgres, tmp_path, monkeypatch
) -> None:
    filled = Filled.of(registry)
    registry.add([Claim(Identifier.url(URL))])
    registry.follow("a", [Listed(RecordName("url", URL), Claim(Identifier.url(URL)))])
    registry.backup(backup)
    target = postgres.empty_database()
    monkeypatch.setenv("OPTOUT_KEYS", str(tmp_path))
    shutil.copy(locate(database).key, locate(target).key)
    shutil.copy(locate(database).vault, locate(target).vault)
    with Registry.recover(target, backup) as again:
        with registry._store.reading() as source, again._store.reading() as copied:
            for table in tables.metadata.sorted_tables:
                wanted = select(table).order_by(*table.primary_key.columns)
                rows = source.execute(wanted).all()
                assert copied.execute(wanted).all() == rows
                assert rows or table.name in ("answers", "shreds", "uploads")
        assert again.partners.find(filled.reader)
        (notice,) = again.notices.undecided()
        assert (notice.statement, notice.counter) == ("why", "no")
        assert again.contacts.of(filled.number).address == "a@b.example"
        again.cases.erase(filled.number, filled.secret)


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


def test_a_recovered_registry_goes_on_and_can_be_recovered_again(
    registry: Registry, location, backup, tmp_path
) -> None:
    def opened(of: Registry, name: str) -> OpenedCase:
        case = of.cases.open_case([CaseItem(Identifier.site(name), name)])
        of.contacts.put(case.number, case.secret, f"a@{name}", CODE, language="en", wishes=[])
        return case

    kept = opened(registry, "kept.example")
    registry.backup(backup)
    for number in range(4):  # whose numbers will be given once more
        gone = opened(registry, f"{number}.example")
        registry.cases.erase(gone.number, gone.secret)
    second, third = moved_to(location, tmp_path / "second"), tmp_path / "third"
    with Registry.recover(second, backup) as again:
        cases = [opened(again, f"new{number}.example") for number in range(6)]
        again.erase([cases[1].entries[0].index])
        again.backup(backup.with_name("second"))
        again.cases.erase(cases[2].number, cases[2].secret)
        assert len(list(again.openings())) == 5
    with Registry.open(second) as again:
        left = list(again.openings())
        assert again.contacts.of(cases[0].number).address == "a@new0.example"
    with Registry.recover(moved_to(second, third), backup.with_name("second")) as again:
        assert list(again.openings()) == left
        last = opened(again, "last.example")
        again.cases.erase(cases[3].number, cases[3].secret)
        shown = [
            [item.shown for item in again.cases.read(case.number, case.secret).items]
            for case in (kept, cases[0], cases[1], last)
        ]
        assert shown == [["kept.example"], ["new0.example"], [""], ["last.example"]]
        assert again.contacts.of(last.number).address == "a@last.example"
        assert again.contacts.of(cases[2].number) is None


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


def test_a_backup_holds_no_hash_by_which_a_guess_could_be_tested(
    registry: Registry, location, backup, tmp_path
) -> None:
    claims = [Claim(Identifier.url(url)) for url in (URL, OTHER)]
    listed = [Listed(RecordName("url", str(at), str(at)), one) for at, one in enumerate(claims)]
    gone = registry.add(claims)[0].index
    registry.follow("a", listed)
    with registry._store.reading() as connection:
        hashes = [
            found
            for column in (tables.claims.c.lookup, tables.feeds.c.record)
            for found in connection.execute(select(column)).scalars()
        ]
    assert len(hashes) == 8
    registry.backup(backup)
    assert not any(one in backup.read_bytes() for one in hashes)
    registry.erase([gone])
    with Registry.recover(moved_to(location, tmp_path / "new"), backup) as again:
        assert [added.new for added in again.add(claims)] == [True, False]
        assert again.follow("a", listed) == Followed(0, 2, 0, [])
        assert len(again.follow("a", [], [listed[1].name]).withdrawn) == 1


def test_a_backup_is_no_registry(registry: Registry, location, backup) -> None:
    registry.backup(backup)
    place = locate(backup)
    shutil.copy(locate(location).key, place.key)
    shutil.copy(locate(location).vault, place.vault)
    with pytest.raises(RegistryError, match="is a backup"):
        Registry.open(backup)


def test_what_is_erased_while_a_backup_is_made_is_erased_in_it(
    registry: Registry, location, backup, tmp_path, monkeypatch
) -> None:
    registry.add([Claim(Identifier.url(URL)), Claim(Identifier.url(OTHER))])
    seal = copying.seal_if_kept

    def erase_first(*given: object) -> object:
        monkeypatch.setattr(copying, "seal_if_kept", seal)
        registry.erase([0])
        return seal(*given)

    monkeypatch.setattr(copying, "seal_if_kept", erase_first)
    assert registry.backup(backup) == 2
    with Registry.recover(moved_to(location, tmp_path / "new"), backup) as again:
        assert [opening.index for opening in again.openings()] == [1]
        assert again.state().entries[0].status is Status.ERASED


def test_a_fault_is_told_of_the_database_that_has_it(
    registry: Registry, location, backup, tmp_path
) -> None:
    registry.backup(backup)
    with closing(sqlite.open_database(backup)) as opened, opened.writing() as connection:
        connection.exec_driver_sql("DROP TABLE reported")
    with pytest.raises(RegistryError, match=r"^\S*/optout\.backup cannot be used"):
        Registry.recover(moved_to(location, tmp_path / "new"), backup)
    with registry._store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE reported")
    with pytest.raises(RegistryError, match=f"^{re.escape(registry.name)} cannot be used"):
        registry.backup(tmp_path / "second")


def test_a_disk_that_is_full_is_told_of_where_it_is(
    registry: Registry, location, backup, tmp_path, monkeypatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    registry.backup(backup)
    target = moved_to(location, tmp_path / "new")
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(RegistryError, match=r"backup cannot be copied .*new\.vault is: No space"):
        Registry.recover(target, backup)
    assert sorted(path.name for path in target.parent.iterdir()) == ["new.key", "new.vault"]


def test_of_the_vault_the_newest_copy_is_kept(registry: Registry, tmp_path) -> None:
    registry.add([Claim(Identifier.url(URL))])
    copy, link = tmp_path / "vault", tmp_path / "link"
    link.symlink_to(copy)
    registry.backup_vault(copy)
    before = Vault(copy).key(Label.ENTRY, 0)
    registry.erase([0])
    registry.backup_vault(link)
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Shredded):
        Vault(copy).key(Label.ENTRY, 0)
    assert Vault(copy).key(Label.ENTRY, 1) == registry._store.vault.key(Label.ENTRY, 1) != before


def test_the_vault_is_copied_over_nothing_else(registry: Registry, location, tmp_path) -> None:
    Vault.create(tmp_path / "strange")
    (tmp_path / "words").write_bytes(b"precious")
    for path in (tmp_path / "strange", tmp_path / "words", locate(location).key):
        before = path.read_bytes()
        with pytest.raises(RegistryError, match="is no older copy of the vault"):
            registry.backup_vault(path)
        assert path.read_bytes() == before
    with pytest.raises(RegistryError, match="is the vault itself"):
        registry.backup_vault(locate(location).vault)
    with pytest.raises(RegistryError, match="cannot be made"):
        registry.backup_vault(tmp_path / "missing" / "vault")


def test_a_newer_copy_of_the_vault_is_kept(registry: Registry, tmp_path) -> None:
    newer = tmp_path / "newer"
    registry.backup_vault(newer)
    other = Vault(newer)
    other.shred(Label.ENTRY, [0])
    before = newer.read_bytes()
    with pytest.raises(RegistryError, match="is no older copy of the vault"):
        registry.backup_vault(newer)
    assert newer.read_bytes() == before


def test_the_file_of_a_registry_in_use_is_no_backup(database, registry: Registry, tmp_path) -> None:
    registry.add([Claim(Identifier.url(URL))])
    target, link = moved_to(database, tmp_path / "new"), tmp_path / "link"
    link.symlink_to(database)
    for given in (database, link):
        with pytest.raises(RegistryError, match="is a registry in use") as refused:
            Registry.recover(target, given)
        assert "optout backup" in refused.value.advice
    registry.close()
    Registry.recover(target, database).close()


def test_what_is_no_backup_is_refused(database, registry: Registry, tmp_path) -> None:
    target = moved_to(database, tmp_path / "new")
    with pytest.raises(RegistryError, match="there is no registry at"):
        Registry.recover(target, tmp_path / "missing")
    (tmp_path / "words").write_bytes(b"no database at all" * 100)
    with pytest.raises(RegistryError, match="is not an optout registry"):
        Registry.recover(target, tmp_path / "words")
    with closing(sqlite3.connect(tmp_path / "another.db")) as another:
        another.executescript("CREATE TABLE a (b)")
    with pytest.raises(RegistryError, match="is no backup of a registry"):
        Registry.recover(target, tmp_path / "another.db")
    assert sorted(path.name for path in target.parent.iterdir()) == ["new.key", "new.vault"]
