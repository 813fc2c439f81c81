"""A database that somebody made by hand, or that rotted: told of, and nothing worse."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem
from optout.registry.errors import CaseNotFound, LogFault, RegistryError, TransitionError
from optout.registry.registry import Claim, Listed, RecordName

STRANGE = ("'text'", "x'00ff'", "9223372036854775807", "-1", "1.5", "''", "x''", "NULL")
COLUMNS = (
    *("settings.value", "tree.size", "tree.nodes", "leaves.leaf", "steps.entry"),
    *("openings.box", "shreds.number", "claims.lookup", "claims.entry"),
    *("feeds.record", "feeds.entry"),
    *("cases.number", "cases.date", "cases.proof", "sealed.box"),
)
URL = "https://anna.example/harbour.jpg"
LISTED = Listed(RecordName("url", URL, "7"), Claim(Identifier.url(URL)))


def change(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)


def use(database: Path, number: str, secret: str, folder: Path) -> None:
    """Everything that reads the database."""
    steps: list[Callable[[Registry], object]] = [
        lambda registry: registry.checkpoint(),
        lambda registry: list(registry.leaves()),
        lambda registry: list(registry.openings()),
        lambda registry: registry.state(),
        lambda registry: registry.snapshot(folder / "snapshot"),
        lambda registry: registry.cases.read(number, secret),
        lambda registry: registry.add([Claim(Identifier.url(URL))]),
        lambda registry: registry.follow("a", [LISTED]),
        lambda registry: registry.follow("a", [], [LISTED.name]),
        lambda registry: registry.withdraw([0]),
        lambda registry: registry.cases.withdraw(number, secret),
        lambda registry: registry.erase([1]),
        lambda registry: registry.cases.erase(number, secret),
    ]
    for step in steps:
        # A case whose row was changed is no case; a step that was taken is not taken again.
        with (
            suppress(RegistryError, LogFault, CaseNotFound, TransitionError),
            Registry.open(database) as registry,
        ):
            step(registry)


@pytest.mark.parametrize("column", COLUMNS)
def test_values_of_another_type_are_told_of(column: str, database: Path, tmp_path: Path) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.url(URL)), Claim(Identifier.site("anna.example"))])
        case = registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
        registry.withdraw([1])
        registry.follow("a", [LISTED])
    table, _, name = column.partition(".")
    whole = database.read_bytes()
    for value in STRANGE:
        database.write_bytes(whole)
        change(database, f"UPDATE OR IGNORE {table} SET {name} = {value}")
        use(database, case.number, case.secret, tmp_path)


@pytest.mark.parametrize("table", ["claims", "feeds", "sealed"])
def test_a_row_about_no_entry_is_told_of(table: str, database: Path) -> None:
    with Registry.open(database) as registry:
        registry.add([Claim(Identifier.url(URL))])
        case = registry.cases.open_case([CaseItem(Identifier.url(URL), URL)])
        registry.follow("a", [LISTED])
    change(database, f"UPDATE {table} SET entry = 77")
    with Registry.open(database) as registry:
        asked = {
            "claims": lambda: registry.add([Claim(Identifier.url(URL))]),
            "feeds": lambda: registry.follow("a", [], [LISTED.name]),
            "sealed": lambda: registry.cases.read(case.number, case.secret),
        }
        with pytest.raises(RegistryError, match="entry 77"):
            asked[table]()


def test_no_error_and_no_trace_of_one_tells_what_was_being_registered(database: Path) -> None:
    change(
        database,
        "CREATE TRIGGER refuse BEFORE INSERT ON openings BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    identifier = Identifier.url(URL)
    with Registry.open(database) as registry, pytest.raises(RegistryError) as refused:
        registry.add([Claim(identifier)])
    told = "".join(traceback.format_exception(refused.value))
    assert "INSERT INTO openings" in told
    assert identifier.digest.hex() not in told
    assert "anna" not in told
