"""A database is made whole or not at all, opened with care, written by one and read by many."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from optout.registry import Registry
from optout.registry.errors import RegistryError
from optout.registry.identifiers import Identifier
from optout.registry.log import ByOperator, Tree, fold, leaf_hash
from optout.registry.store import (
    Claim,
    Overtaken,
    Store,
    claim,
    erase,
    locate,
    sqlite,
    upgrades,
    withdraw,
)

KEY = b"k" * 32


@pytest.fixture
def store(location: str):
    opened = Store.open(locate(location))
    yield opened
    opened.close()


def add(store: Store, *addresses: str) -> list[int]:
    claims = [Claim(Identifier.url(f"https://{address}")) for address in addresses]
    with store.writing() as connection:
        return [added.index for added in claim(connection, claims, KEY)]


def end(store: Store, step: Callable, *entries: int) -> None:
    with store.writing() as connection:
        step(connection, dict.fromkeys(entries, ByOperator("a test")))


def test_a_database_is_for_its_owner_alone(database: Path, store: Store) -> None:
    add(store, "a.example")
    for path in database.parent.glob("optout.db*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_database_says_origin_and_key(store: Store) -> None:
    assert store.origin == "log.example/test"
    assert store.key.startswith("log.example/test+")


def test_every_connection_is_set_up_to_lose_and_to_keep_nothing(
    database: Path, store: Store
) -> None:
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_a_failure_while_it_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(upgrades, "upgrade", fail)
    with pytest.raises(RuntimeError):
        Store.create(locate(tmp_path / "optout.db"), origin="o", key="k")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_already_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "optout.db"
    path.write_bytes(b"mine")
    with pytest.raises(RegistryError, match="exists already"):
        Store.create(locate(path), origin="o", key="k")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"optout.db": b"mine"}


def test_the_tree_is_that_of_the_leaves(store: Store) -> None:
    for count in range(1, 10):
        add(store, *(f"{count}-{number}.example" for number in range(count)))
        leaves = list(store.leaves())
        assert store.tree() == Tree.of(map(leaf_hash, leaves))
        assert store.tree().size == len(leaves)


@pytest.mark.parametrize(
    ("start", "stop"), [(0, None), (3, None), (0, 700), (499, 1001), (2000, 9)]
)
def test_leaves_are_read_in_pieces_without_a_gap(
    store: Store, start: int, stop: int | None
) -> None:
    add(store, *(f"{number}.example" for number in range(1200)))
    leaves = list(store.leaves())
    assert len(leaves) == 1200
    assert list(store.leaves(start, stop)) == leaves[start:stop]


def test_openings_are_those_in_force_and_open_their_entries(store: Store) -> None:
    add(store, *(f"{number}.example" for number in range(1200)))
    end(store, withdraw, 3, 700)
    end(store, erase, 5, 1199)
    openings = list(store.openings())
    assert [o.index for o in openings] == [i for i in range(1200) if i not in {3, 5, 700, 1199}]
    state = fold(store.leaves())
    for opening in openings:
        opening.check(state.entries[opening.index])


def test_openings_of_an_earlier_size_are_those_in_force_then(store: Store) -> None:
    add(store, "a.example", "b.example")
    end(store, withdraw, 0)
    end(store, withdraw, 1)
    add(store, "c.example")
    found = {size: [o.index for o in store.openings(size)] for size in range(6)}
    assert found == {0: [], 1: [0], 2: [0, 1], 3: [1], 4: [], 5: [4]}


def test_openings_of_an_earlier_size_say_so_when_one_was_erased_since(store: Store) -> None:
    add(store, "a.example", "b.example")
    end(store, erase, 0)
    assert [opening.index for opening in store.openings()] == [1]
    assert store.erased_since(2)
    assert not store.erased_since(3)
    with pytest.raises(Overtaken):
        list(store.openings(2))


def test_a_transaction_that_fails_changes_nothing(store: Store) -> None:
    add(store, "a.example")
    before = store.tree()
    with suppress(RuntimeError), store.writing() as connection:
        claim(connection, [Claim(Identifier.site("b.example"))], KEY)
        raise RuntimeError
    assert store.tree() == before
    assert add(store, "b.example") == [1]


def test_a_reader_sees_one_state_and_holds_up_nobody(store: Store) -> None:
    add(store, "a.example")
    read = "SELECT size FROM tree"
    with store.reading() as connection:
        assert connection.exec_driver_sql(read).scalar() == 1
        add(store, "b.example")
        assert connection.exec_driver_sql(read).scalar() == 1
    assert store.tree().size == 2


def test_threads_share_a_store(store: Store) -> None:
    found: list[int] = []

    def work(name: int) -> None:
        for number in range(8):
            (index,) = add(store, f"{name}-{number}.example")
            assert store.tree().size > index
            found.append(index)

    threads = [threading.Thread(target=work, args=[name]) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(48))
    assert store.tree() == Tree.of(map(leaf_hash, store.leaves()))


def test_a_writer_that_does_not_let_go_is_told_of(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_connect", impatient(sqlite._connect))
    store = Store.open(locate(database))
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError, match="written by another process"):
            add(store, "a.example")
        assert store.tree().size == 0
        other.execute("ROLLBACK")
    assert add(store, "a.example") == [0]
    store.close()


def impatient(connect: Callable) -> Callable:
    return lambda path, patience=0.1: connect(path, min(patience, 0.1))


def test_a_missing_database_is_told_of_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="there is no registry at") as refused:
        Store.open(locate(tmp_path / "optout.db"))
    assert "optout init" in refused.value.advice
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is a folder"):
        Store.open(locate(tmp_path))


@pytest.mark.parametrize("name", ["file/optout.db", "o" * 300])
def test_a_path_that_cannot_be_read_is_told_of(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RegistryError, match="cannot be read"):
        Store.open(locate(tmp_path / name))


@pytest.mark.parametrize(
    "data", [b"", b"a text, and not a short one. " * 100, b"SQLite format 3\0"]
)
def test_a_file_of_something_else_is_no_registry(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "optout.db"
    path.write_bytes(data)
    with pytest.raises(RegistryError, match="is not an optout registry"):
        Store.open(locate(path))
    assert path.read_bytes() == data


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE places (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(RegistryError, match="is not an optout registry"):
        Store.open(locate(path))
    assert path.read_bytes() == before


def test_a_damaged_database_is_told_of(database: Path, store: Store) -> None:
    add(store, *(f"{number}.example" for number in range(500)))
    store.close()
    with database.open("r+b") as stream:
        stream.seek(8192)
        stream.write(b"\xff" * (database.stat().st_size - 8192))
    with pytest.raises(RegistryError, match="is damaged"):
        open_and_read(database)


def open_and_read(database: Path) -> None:
    damaged = Store.open(locate(database))
    try:
        list(damaged.leaves())
    finally:
        damaged.close()


def test_a_store_stays_where_it_is_when_the_process_moves(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    store = Store.open(locate(Path("optout.db")))
    monkeypatch.chdir(tmp_path)
    with store.reading():  # keeps the one connection that there is
        add(store, "a.example")
    end(store, erase, 0)
    store.close()
    assert list(tmp_path.iterdir()) == [database.parent]


def test_closing_twice_is_closing_once(store: Store) -> None:
    store.close()
    store.close()


OPEN_AND_CLOSE = """
import sys
from optout.registry import Identifier, Registry
from optout.registry.registry import Claim

with Registry.open(sys.argv[1]) as registry:
    registry.add([Claim(Identifier.site("other.example"))])
"""


def test_opening_it_twice_leaves_the_write_ahead_log_to_who_uses_it(database: Path) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
        Registry.open(database).close()
        log = database.with_name(f"{database.name}-wal")
        inode = log.stat().st_ino
        # Whoever closes last removes it: another process is not the last while this one reads.
        subprocess.run([sys.executable, "-c", OPEN_AND_CLOSE, str(database)], check=True)
        assert log.stat().st_ino == inode
        registry.add([Claim(Identifier.site("more.example"))])
        assert registry.size == 3
        assert len(list(registry.openings())) == 3
