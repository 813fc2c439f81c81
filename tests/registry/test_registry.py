"""A registry as its callers see it: made, opened, filled, emptied, and published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry, Snapshot
from optout.registry import __all__ as surface
from optout.registry.errors import OptOutError, RegistryError, TransitionError, UsageError
from optout.registry.identifiers import Grade
from optout.registry.log import (
    EMPTY_ROOT,
    ByOperator,
    Checkpoint,
    Erase,
    Restore,
    SigningKey,
    Status,
    Withdraw,
    parse_leaf,
)
from optout.registry.registry import Claim
from optout.registry.store import Store

PAGES = [Claim(Identifier.url(f"https://anna.example/{n}"), grade=Grade.REVIEWED) for n in range(6)]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_registry_is_empty_and_has_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "optout.db", origin="log.example/anna") as registry:
        assert registry.origin == "log.example/anna"
        assert registry.size == 0
        assert registry.root() == EMPTY_ROOT
        assert list(registry.leaves()) == []
        assert list(registry.openings()) == []
        assert registry.key.name == "log.example/anna"
    assert names(tmp_path) == {"optout.db", "optout.key", "optout.vault"}
    assert (tmp_path / "optout.key").stat().st_mode & 0o777 == 0o600


def test_the_origin_is_local_unless_it_is_named(tmp_path: Path) -> None:
    with Registry.create(str(tmp_path / "optout.db")) as registry:
        assert registry.origin == "optout.local"


def test_a_registry_is_the_same_when_it_is_opened_again(database: Path) -> None:
    with Registry.open(database) as registry:
        registry.add(PAGES)
        before = (registry.root(), registry.checkpoint(), list(registry.openings()))
    with Registry.open(f"sqlite:///{database}") as registry:
        assert (registry.root(), registry.checkpoint(), list(registry.openings())) == before


def test_a_closed_registry_is_one_file_with_its_key_and_its_vault(database: Path) -> None:
    with Registry.open(database) as registry:
        registry.add(PAGES)
    assert names(database.parent) == {"optout.db", "optout.key", "optout.vault"}


def test_the_checkpoint_signs_size_and_root(registry: Registry) -> None:
    for count in (0, 2, 3):
        registry.add(PAGES[:count])
        signed = Checkpoint.open(registry.checkpoint(), registry.key.verifier)
        assert signed == Checkpoint(registry.origin, registry.size, registry.root())
        assert signed.size == count


def test_the_operator_withdraws_in_the_open(registry: Registry) -> None:
    registry.add(PAGES)
    registry.withdraw([4, 1, 4], why="  sent twice ")
    records = [parse_leaf(leaf) for leaf in registry.leaves(6)]
    assert {record.entry for record in records} == {1, 4}
    for record in records:
        assert isinstance(record, Withdraw)
        assert record.proof == ByOperator("sent twice")
    assert [opening.index for opening in registry.openings()] == [0, 2, 3, 5]


@pytest.mark.parametrize("step", ["withdraw", "restore", "erase"])
@pytest.mark.parametrize("why", ["", "  "])
def test_the_log_always_has_a_reason(registry: Registry, step: str, why: str) -> None:
    registry.add(PAGES)
    if step == "restore":
        registry.withdraw([2], why="sent twice")
    getattr(registry, step)([2], why=why)
    *_, record = map(parse_leaf, registry.leaves(6))
    assert isinstance(record, Withdraw | Restore | Erase)
    assert record.proof == ByOperator("decided by the operator")


def test_the_operator_erases_in_the_open(registry: Registry) -> None:
    registry.add(PAGES)
    registry.withdraw([0])
    registry.erase([0, 1], "asked for by letter")
    state = registry.state()
    assert [index for index, e in state.entries.items() if e.status is Status.ERASED] == [0, 1]
    assert state.erasures == 2
    assert [opening.index for opening in registry.openings()] == [2, 3, 4, 5]


def test_the_operator_restores_in_the_open_what_was_withdrawn(
    registry: Registry, tmp_path: Path
) -> None:
    registry.add(PAGES)
    before = list(registry.openings())
    registry.withdraw([1, 4], why="quarantined")
    registry.restore([4, 1, 4], why=" reviewed ")
    records = [parse_leaf(leaf) for leaf in registry.leaves(8)]
    assert {record.entry for record in records} == {1, 4}
    for record in records:
        assert isinstance(record, Restore)
        assert record.proof == ByOperator("reviewed")
    assert list(registry.openings()) == before
    assert registry.snapshot(tmp_path / "snapshot").counts["entries"] == 6


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([0, 2], "entry 2 is in force: there is nothing to restore"),
        ([0, 3], "entry 3 is erased: restore is not possible"),
        ([0, 99], "no entry 99"),
    ],
)
def test_all_entries_are_restored_or_none(
    registry: Registry, entries: list[int], said: str
) -> None:
    registry.add(PAGES)
    registry.withdraw([0])
    registry.erase([3])
    before = registry.root(), list(registry.openings())
    with pytest.raises(TransitionError, match=said):
        registry.restore(entries)
    assert (registry.root(), list(registry.openings())) == before


def test_what_was_claimed_again_meanwhile_stays_an_entry_of_its_own(registry: Registry) -> None:
    registry.add(PAGES[:1])
    registry.withdraw([0])
    (again,) = registry.add(PAGES[:1])
    registry.restore([0])
    assert [opening.index for opening in registry.openings()] == [0, again.index]
    assert registry.add(PAGES[:1]) == [type(again)(again.index, new=False)]


@pytest.mark.parametrize("step", ["withdraw", "erase"])
@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([0, 3], "entry 3 is erased"),
        ([0, 6], "no entry 6"),
        ([0, 99], "no entry 99"),
        ([0, -1], "no entry -1"),
        ([0, 10**30], f"no entry {10**30}"),
    ],
)
def test_all_entries_or_none(registry: Registry, step: str, entries: list[int], said: str) -> None:
    registry.add(PAGES)
    registry.erase([3])
    before = registry.root(), list(registry.openings())
    with pytest.raises(UsageError, match=said):
        getattr(registry, step)(entries)
    assert (registry.root(), list(registry.openings())) == before


def test_what_is_withdrawn_cannot_be_withdrawn_again(registry: Registry) -> None:
    registry.add(PAGES)
    registry.withdraw([2])
    with pytest.raises(TransitionError, match="entry 2 is withdrawn"):
        registry.withdraw([1, 2])


@pytest.mark.parametrize("why", ["two\nlines", "x" * 501])
def test_a_reason_that_cannot_be_logged_changes_nothing(registry: Registry, why: str) -> None:
    registry.add(PAGES)
    with pytest.raises(UsageError, match="the reason"):
        registry.withdraw([1], why=why)
    assert registry.size == 6


def test_no_entries_are_no_change(registry: Registry) -> None:
    registry.withdraw([])
    registry.restore([])
    registry.erase([])
    assert registry.size == 0


def test_a_snapshot_holds_what_is_in_force(registry: Registry, tmp_path: Path) -> None:
    added = registry.add(PAGES)
    registry.withdraw([added[0].index])
    registry.erase([added[1].index])
    snapshot = registry.snapshot(tmp_path / "snapshot")
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.size, snapshot.root) == (registry.size, registry.root().hex())
    assert snapshot.origin == registry.origin
    assert snapshot.checkpoint == registry.checkpoint()
    assert snapshot.counts["entries"] == 4
    for claim, entry in zip(PAGES, added, strict=True):
        found = snapshot.find(
            claim.identifier.kind, claim.identifier.digest, claim.identifier.probe
        )
        expected = [] if entry in added[:2] else [entry.index]
        assert [one.index for one in found] == expected


def test_a_snapshot_that_an_erasure_overtakes_is_made_again(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add(PAGES)
    (gone, *_) = registry.openings()
    openings = registry._store.openings
    erased = []

    def slow(size: int | None = None):
        if not erased:
            erased.append(gone.index)
            registry.erase([gone.index])
        return openings(size)

    monkeypatch.setattr(registry._store, "openings", slow)
    snapshot = registry.snapshot(tmp_path / "snapshot")
    assert snapshot.size == 7
    files = [path for path in (tmp_path / "snapshot").rglob("*") if path.is_file()]
    assert files
    assert not any(gone.salt.hex().encode() in path.read_bytes() for path in files)


def test_a_snapshot_that_an_erasure_follows_at_once_is_made_again(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add(PAGES)
    (gone, *_) = registry.openings()
    openings = registry._store.openings

    def followed(size: int | None = None):
        yield from openings(size)
        if size == 6:
            registry.erase([gone.index])

    monkeypatch.setattr(registry._store, "openings", followed)
    assert registry.snapshot(tmp_path / "snapshot").size == 7
    files = [path for path in (tmp_path / "snapshot").rglob("*") if path.is_file()]
    assert not any(gone.salt.hex().encode() in path.read_bytes() for path in files)


def test_a_registry_is_not_made_over_another(database: Path) -> None:
    before = {path.name: path.read_bytes() for path in database.parent.iterdir()}
    with pytest.raises(RegistryError, match="exists already"):
        Registry.create(database)
    assert {path.name: path.read_bytes() for path in database.parent.iterdir()} == before


def test_a_registry_is_not_made_beside_the_key_of_another(tmp_path: Path) -> None:
    (tmp_path / "optout.key").write_bytes(b"precious")
    with pytest.raises(RegistryError, match=r"optout\.key exists"):
        Registry.create(tmp_path / "optout.db")
    assert names(tmp_path) == {"optout.key"}
    assert (tmp_path / "optout.key").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["missing/optout.db", "file/optout.db", "o" * 300])
def test_a_registry_that_cannot_be_made_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RegistryError, match="cannot be made"):
        Registry.create(tmp_path / name)
    assert names(tmp_path) == {"file"}


def test_a_dangling_link_is_something_already(tmp_path: Path) -> None:
    (tmp_path / "optout.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RegistryError, match="exists already"):
        Registry.create(tmp_path / "optout.db")
    assert names(tmp_path) == {"optout.db"}


def test_a_failure_after_the_key_takes_the_key_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from optout.registry.store import upgrades

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(upgrades, "upgrade", fail)
    with pytest.raises(KeyboardInterrupt):
        Registry.create(tmp_path / "optout.db")
    assert names(tmp_path) == set()


def test_a_registry_that_was_made_and_cannot_be_opened_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RegistryError("the disk is failing")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "open", fail)
        with pytest.raises(RegistryError, match="the disk is failing"):
            Registry.create(tmp_path / "optout.db")
    Registry.open(tmp_path / "optout.db").close()


@pytest.mark.parametrize("origin", ["", "a log", "a+b", "a\nb"])
def test_an_origin_that_cannot_sign_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(UsageError):
        Registry.create(tmp_path / "optout.db", origin=origin)
    assert names(tmp_path) == set()


def test_a_missing_registry_is_told_of_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="there is no registry at") as refused:
        Registry.open(tmp_path / "optout.db")
    assert "optout init" in refused.value.advice
    assert names(tmp_path) == set()


def test_a_missing_key_is_told_of(database: Path) -> None:
    database.with_suffix(".key").unlink()
    with pytest.raises(RegistryError, match=r"optout\.key cannot be read") as refused:
        Registry.open(database)
    assert refused.value.advice


def test_a_damaged_key_is_told_of(database: Path) -> None:
    database.with_suffix(".key").write_bytes(b"\xff no key")
    with pytest.raises(RegistryError, match="holds no signing key"):
        Registry.open(database)


def test_the_key_of_another_registry_is_refused(database: Path) -> None:
    with Registry.open(database) as registry:
        right = str(registry.key.verifier)
    database.with_suffix(".key").unlink()
    SigningKey.generate("log.example/test").save(database.with_suffix(".key"))
    with pytest.raises(RegistryError, match="is not the key of") as refused:
        Registry.open(database)
    assert right in refused.value.advice


@pytest.mark.parametrize(
    "address", ["mysql://host/optout", "sqlite://", "https://registry.example/"]
)
@pytest.mark.parametrize("step", [Registry.create, Registry.open])
def test_other_databases_are_refused(step, address: str) -> None:
    with pytest.raises(RegistryError):
        step(address)


def test_every_error_says_what_to_do(tmp_path: Path, database: Path, registry: Registry) -> None:
    attempts = [
        lambda: Registry.open(tmp_path / "missing.db"),
        lambda: Registry.open(tmp_path),
        lambda: Registry.create(database),
        lambda: Registry.create(tmp_path / "missing" / "optout.db"),
        lambda: registry.withdraw([5]),
        lambda: registry.cases.read("", ""),
        lambda: registry.cases.open_case([]),
    ]
    for attempt in attempts:
        with pytest.raises(OptOutError) as refused:
            attempt()
        assert refused.value.advice
        assert not refused.value.message.endswith(".")


def test_the_door_of_the_registry_opens_on_three_names() -> None:
    assert surface == ["Identifier", "Registry", "Snapshot"]


def test_the_door_loads_nothing_that_was_not_asked_for(run_python: Callable[..., str]) -> None:
    told = run_python(
        """
        import sys
        from optout.registry import Identifier
        Identifier.site("anna.example")
        print({"sqlalchemy", "alembic"} & set(sys.modules))
        """
    )
    assert told == "set()\n"


def test_an_unknown_name_of_the_registry_is_no_attribute() -> None:
    import optout.registry

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        optout.registry.Nothing  # noqa: B018
