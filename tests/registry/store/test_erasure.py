"""What is erased can be read in no file and no copy of one, whoever reads and whatever crashes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem
from optout.registry.errors import RegistryError
from optout.registry.log import Opening
from optout.registry.registry import Claim
from optout.registry.store import Vault, tables
from optout.registry.store.shredding import unseal
from optout.registry.store.vault import Label, Shredded
from sqlalchemy import select


def traces(opening: Opening) -> Iterable[bytes]:
    """Every form in which an entry's matter could have stayed behind."""
    identifier = opening.identifier()
    kept = [opening.salt, identifier.digest]
    kept += [identifier.probe.to_bytes(8, order) for order in ("little", "big")]
    kept += [packed for of in identifier.hashes.values() for packed in of.values()]
    for secret in kept:
        yield from (secret, secret.hex().encode(), secret.hex().upper().encode())
    yield opening.matter


def openings(registry: Registry) -> dict[int, Opening]:
    return {opening.index: opening for opening in registry.openings()}


def boxes(registry: Registry) -> dict[int, bytes]:
    with registry._store.reading() as connection:
        rows = connection.execute(select(tables.openings.c.entry, tables.openings.c.box))
        return {entry: box for entry, box in rows if box is not None}


def due(registry: Registry) -> list[int]:
    with registry._store.reading() as connection:
        return list(connection.execute(select(tables.shreds.c.number)).scalars())


def test_no_file_ever_holds_what_an_entry_covers(
    database: Path, registry: Registry, mixed: list[Identifier]
) -> None:
    registry.add([Claim(identifier) for identifier in mixed])
    registry.cases.open_case([CaseItem(identifier, "shown") for identifier in mixed])
    data = b"".join(path.read_bytes() for path in database.parent.iterdir())
    for opening in registry.openings():
        assert not any(trace in data for trace in traces(opening))


def test_an_erased_entry_leaves_nothing_and_the_others_everything(
    location: str, registry: Registry
) -> None:
    registry.add([Claim(Identifier.site(f"{number}.example")) for number in range(60)])
    before, sealed = openings(registry), boxes(registry)
    gone = set(range(0, 60, 3))
    registry.erase(sorted(gone))
    assert openings(registry) == {i: o for i, o in before.items() if i not in gone}
    assert boxes(registry).keys() == before.keys() - gone
    assert due(registry) == []
    # What was sealed before, from wherever it is taken, opens no longer.
    with Registry.open(location) as other, other._store.reading() as connection:
        for entry, box in sealed.items():
            plain = unseal(connection, Label.ENTRY, entry, "opening", box)
            kept = before[entry].salt + before[entry].matter
            assert plain == (None if entry in gone else kept)


def test_a_copy_from_before_an_erasure_shows_nothing_with_the_vault_of_after_it(
    database: Path, tmp_path: Path
) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.site(f"{number}.example")) for number in range(5)])
        case = registry.cases.open_case([CaseItem(Identifier.site("anna.example"), "Anna")])
    copy = tmp_path / "copy" / "optout.db"
    shutil.copytree(database.parent, copy.parent)
    with Registry.open(database) as registry:
        left = openings(registry)
        registry.erase([2])
        registry.cases.erase(case.number, case.secret)
    shutil.copy(database.with_suffix(".vault"), copy.parent)
    with Registry.open(copy) as registry:
        assert registry.size == 6
        assert openings(registry) == {at: left[at] for at in (0, 1, 3, 4)}
        assert [item.shown for item in registry.cases.read(case.number, case.secret).items] == [""]
        with pytest.raises(RegistryError, match="lacks openings"):
            registry.snapshot(tmp_path / "snapshot")
        # A copy of the files does not know which keys are gone: only `recover` makes it go on.
        registry._store.vault.shred(Label.ENTRY, [6])
        with pytest.raises(RegistryError, match="older than its vault") as refused:
            registry.add([Claim(Identifier.site("new.example"))])
        assert "optout recover" in refused.value.advice


def test_the_key_of_an_erased_case_goes_with_it(registry: Registry) -> None:
    items = [CaseItem(Identifier.site(f"{number}.example"), "shown") for number in range(4)]
    case = registry.cases.open_case(items)
    lowest = min(entry.index for entry in case.entries)
    assert registry._store.vault.key(Label.CASE, lowest)
    registry.cases.erase(case.number, case.secret)
    with pytest.raises(Shredded):
        registry._store.vault.key(Label.CASE, lowest)


def test_a_claim_can_no_longer_be_found_by_its_lookup(registry: Registry) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    registry.erase([0])
    with registry._store.reading() as connection:
        assert connection.execute(select(tables.claims)).all() == []


def test_a_withdrawn_entry_keeps_its_opening_until_it_is_erased(registry: Registry) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    registry.withdraw([0])
    assert openings(registry) == {}
    assert list(boxes(registry)) == [0]
    registry.erase([0])
    assert boxes(registry) == {}


@pytest.mark.parametrize("later", ["write", "reopen", "close"])
def test_a_key_that_a_fault_has_spared_is_destroyed_later(
    location: str, registry: Registry, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    vault = registry._store.vault

    def fail(*_: object) -> None:
        raise RegistryError("the vault cannot be used: the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(vault, "shred", fail)
        registry.erase([0])
        assert due(registry) == [0]
    assert Vault(vault.path).key(Label.ENTRY, 0)
    if later == "write":
        registry.add([Claim(Identifier.site("another.example"))])
    elif later == "close":
        registry.close()
    else:
        Registry.open(location).close()
    with pytest.raises(Shredded):
        Vault(vault.path).key(Label.ENTRY, 0)


@pytest.mark.parametrize("at", ["shred", "drop_shreds"])
def test_a_crash_between_log_and_vault_is_made_up_for(
    location: str, run_python: Callable[..., str], at: str
) -> None:
    with Registry.open(location) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
        vault = registry._store.vault.path
    run_python(
        f"""
        import os
        from optout.registry import Registry
        from optout.registry.store import store
        registry = Registry.open({location!r})
        where = registry._store.vault if {at!r} == "shred" else store
        setattr(where, {at!r}, lambda *_: os._exit(9))
        registry.erase([0])
        """,
        code=9,
    )
    with Registry.open(location) as registry:
        assert due(registry) == []
        assert registry.size == 2
        assert openings(registry) == {}
    with pytest.raises(Shredded):
        Vault(vault).key(Label.ENTRY, 0)


def test_a_crash_within_an_erasure_leaves_everything_as_it_was(
    location: str, run_python: Callable[..., str]
) -> None:
    with Registry.open(location) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
        before = openings(registry)
    run_python(
        f"""
        import os
        from optout.registry import Registry
        from optout.registry.store import openings
        registry = Registry.open({location!r})
        openings.delete = lambda *_: os._exit(9)
        registry.erase([0])
        """,
        code=9,
    )
    with Registry.open(location) as registry:
        assert registry.size == 1
        assert openings(registry) == before


def test_another_process_learns_what_was_destroyed(location: str, registry: Registry) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    with Registry.open(location) as other:
        assert other._store.vault.key(Label.ENTRY, 0)
        registry.erase([0])
        assert list(other.openings()) == []
        with pytest.raises(Shredded):
            other._store.vault.key(Label.ENTRY, 0)


def test_the_vault_of_another_registry_is_refused(database: Path, tmp_path: Path) -> None:
    database.with_suffix(".vault").unlink()
    Vault.create(database.with_suffix(".vault"))
    with pytest.raises(RegistryError, match="is not the vault of"):
        Registry.open(database)


def test_a_missing_vault_is_told_of(database: Path) -> None:
    database.with_suffix(".vault").unlink()
    with pytest.raises(RegistryError, match=r"optout\.vault cannot be used: No such file"):
        Registry.open(database)
