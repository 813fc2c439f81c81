"""What is erased is in no byte of the database's files, whoever reads and whatever crashes."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem
from optout.registry.log import Opening
from optout.registry.registry import Claim
from optout.registry.store import sqlite, tables
from optout.registry.store import store as store_module
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


def held(database: Path, openings: Iterable[Opening]) -> list[tuple[str, int]]:
    """Which files still hold something of which entries."""
    files = {p.name: p.read_bytes() for p in database.parent.iterdir() if p.is_file()}
    return [
        (name, opening.index)
        for opening in openings
        for name, data in files.items()
        if any(trace in data for trace in traces(opening))
    ]


def openings(registry: Registry) -> dict[int, Opening]:
    return {opening.index: opening for opening in registry.openings()}


def test_an_erased_entry_leaves_nothing_and_the_others_everything(
    database: Path, registry: Registry, mixed: list[Identifier]
) -> None:
    registry.add([Claim(identifier) for identifier in mixed])
    before = openings(registry)
    gone = set(random.Random(1).sample(sorted(before), 60))
    registry.erase(sorted(gone))
    assert openings(registry) == {i: o for i, o in before.items() if i not in gone}
    assert held(database, (before[index] for index in gone)) == []
    assert {i for _, i in held(database, (before[i] for i in before.keys() - gone))} == (
        before.keys() - gone
    )


def test_a_long_life_of_adding_and_erasing_leaves_nothing(
    database: Path, registry: Registry
) -> None:
    """Pages that split and merge leave copies of rows in their slack: no row may be moved."""
    chance = random.Random(7)
    gone: list[Opening] = []
    for turn in range(20):
        registry.add([Claim(Identifier.site(f"{turn}-{n}.example")) for n in range(100)])
        registry.cases.open_case(
            [CaseItem(Identifier.url(f"https://{turn}.example/{n}"), f"{n}") for n in range(50)]
        )
        present = openings(registry)
        erased = chance.sample(sorted(present), 120)
        gone += [present[index] for index in erased]
        registry.erase(erased)
    assert len(gone) == 2400
    present = [path.read_bytes() for path in database.parent.glob("optout.db*")]
    windows = np.concatenate([sixteens(data[at:]) for data in present for at in range(8)])
    for secrets in (
        [opening.salt for opening in gone],
        [opening.identifier().digest.hex().encode() for opening in gone],
    ):
        assert not np.isin(np.concatenate(list(map(sixteens, secrets))), windows).any()


def sixteens(data: bytes) -> np.ndarray:
    """Every 16 neighbouring bytes that begin at a multiple of 8, as a number."""
    eights = np.frombuffer(data[: len(data) // 8 * 8], "u8")
    return eights[:-1] * np.uint64(0x9E3779B97F4A7C15) + eights[1:]


def test_an_erased_case_leaves_neither_its_items_nor_itself(
    database: Path, registry: Registry, mixed: list[Identifier]
) -> None:
    opened = registry.cases.open_case(
        [CaseItem(identifier, f"shown {place}") for place, identifier in enumerate(mixed)]
    )
    before = openings(registry)
    with registry._store.reading() as connection:
        boxes = connection.execute(select(tables.sealed.c.nonce, tables.sealed.c.box)).all()
    assert len(boxes) == len(mixed)
    registry.cases.erase(opened.number, opened.secret)
    assert held(database, before.values()) == []
    data = b"".join(path.read_bytes() for path in database.parent.glob("optout.db*"))
    assert not any(nonce in data or box[:16] in data for nonce, box in boxes)
    assert opened.number.encode() not in data


def test_a_claim_can_no_longer_be_found_by_its_lookup(database: Path, registry: Registry) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    with registry._store.reading() as connection:
        lookup = connection.execute(select(tables.claims.c.lookup)).scalar_one()
    assert lookup in b"".join(p.read_bytes() for p in database.parent.glob("optout.db*"))
    registry.erase([0])
    assert lookup not in b"".join(p.read_bytes() for p in database.parent.glob("optout.db*"))


def test_a_withdrawn_entry_keeps_its_opening_until_it_is_erased(
    database: Path, registry: Registry
) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    (opening,) = openings(registry).values()
    registry.withdraw([0])
    assert openings(registry) == {}
    assert held(database, [opening]) != []
    registry.erase([0])
    assert held(database, [opening]) == []


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "SCRUB_SECONDS", 0.2)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("later", ["write", "reopen", "close"])
def test_a_reader_delays_an_erasure_only_as_long_as_it_reads(
    database: Path, registry: Registry, later: str
) -> None:
    registry.add([Claim(Identifier.site("anna.example"))])
    (opening,) = openings(registry).values()
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM openings").fetchone()
        registry.erase([0])
        assert openings(registry) == {}
        assert held(database, [opening]) != [], "the reader holds up nothing: a useless test"
        reader.execute("COMMIT")
        if later == "write":
            registry.add([Claim(Identifier.site("another.example"))])
        elif later == "close":
            registry.close()
        else:
            Registry.open(database).close()
        assert held(database, [opening]) == []


def test_a_crash_before_the_files_forget_is_made_up_for(
    database: Path, run_python: Callable[..., str]
) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
        (opening,) = openings(registry).values()
    run_python(
        f"""
        import os
        from optout.registry import Registry
        from optout.registry.store import store
        registry = Registry.open({str(database)!r})
        store.scrub = lambda *_: os._exit(9)
        registry.erase([0])
        """,
        code=9,
    )
    assert held(database, [opening]) != [], "nothing is left to be made up for: a useless test"
    with Registry.open(database) as registry:
        assert held(database, [opening]) == []
        assert registry.size == 2
        assert openings(registry) == {}


def test_a_crash_within_an_erasure_leaves_everything_as_it_was(
    database: Path, run_python: Callable[..., str]
) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.site("anna.example"))])
        before = openings(registry)
    run_python(
        f"""
        import os
        from optout.registry import Registry
        from optout.registry.store import entries
        registry = Registry.open({str(database)!r})
        entries.put_setting = lambda *_: os._exit(9)
        registry.erase([0])
        """,
        code=9,
    )
    with Registry.open(database) as registry:
        assert registry.size == 1
        assert openings(registry) == before


def test_scrubbing_waits_for_a_reader_that_ends_in_time(database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("CREATE TABLE something (x)")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM openings").fetchone()
        assert not sqlite.scrub(database, 0.1)
        reader.execute("COMMIT")
        assert sqlite.scrub(database, 0.1)
        assert database.with_name("optout.db-wal").stat().st_size == 0


def test_a_disk_that_is_full_after_an_erasure_does_not_make_it_undone(
    database: Path, run_python: Callable[..., str]
) -> None:
    told = run_python(f"""
        import resource, sqlite3
        from pathlib import Path
        from optout.registry import Identifier, Registry
        from optout.registry.registry import Claim

        def claims(start, stop):
            return [Claim(Identifier.url(f"https://a.example/{{n}}")) for n in range(start, stop)]

        path = Path({str(database)!r})
        with Registry.open(path) as registry:
            registry.add(claims(0, 600))
        with Registry.open(path) as registry:
            # The write-ahead log has room, the file that it is folded into cannot grow.
            limit = path.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            registry.add(claims(600, 900))
            digest = next(o for o in registry.openings() if o.index == 0).identifier().digest.hex()
            registry.erase([0])
            registry.add(claims(900, 901))
            with Registry.open(path) as other:
                size = other.size
            beside = sqlite3.connect(path)
            due = beside.execute("SELECT 1 FROM settings WHERE name = 'scrub'").fetchall()
            beside.close()
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
            registry.add(claims(901, 902))
            files = [p.read_bytes() for p in path.parent.glob("optout.db*")]
            print(size, bool(due), any(digest.encode() in data for data in files))
            print(registry.state().entries[0].status)
    """)
    assert told.split() == ["902", "True", "False", "erased"]
