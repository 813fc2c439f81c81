"""A database that somebody made by hand, or that rotted: told of, and nothing worse."""

from __future__ import annotations

import shutil
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, Check
from optout.registry.errors import (
    CaseNotFound,
    LogFault,
    RegistryError,
    TransitionError,
    UsageError,
)
from optout.registry.registry import Claim, Listed, RecordName
from optout.registry.store import tables
from sqlalchemy import Integer

from tests.registry.cases.conftest import NOW
from tests.registry.filled import LATER, Filled

STRANGE = ("'text'", "x'00ff'", "9223372036854775807", "-1", "1.5", "''", "x''", "NULL")
COLUMNS = (
    *("settings.value", "tree.size", "tree.nodes", "leaves.leaf", "steps.entry"),
    *("openings.box", "shreds.number", "claims.lookup", "claims.entry"),
    *("feeds.record", "feeds.entry"),
    *("cases.number", "cases.date", "cases.proof", "sealed.box"),
)
URL = "https://anna.example/harbour.jpg"
LISTED = Listed(RecordName("url", URL, "7"), Claim(Identifier.url(URL)))


MORE = (
    *("settings.name", "shreds.label"),
    *(f"contacts.{name}" for name in ("box", "news", "confirmed", "code", "code_until")),
    *("contacts.code_attempts", "proved.entry"),
    *(f"proofs.{name}" for name in ("method", "box", "grade", "state", "made", "checked")),
    *("proofs.failures", "proofs.expires"),
    *(f"notices.{name}" for name in ("entry", "proof", "reason", "box", "state", "due")),
    *(f"shared.{name}" for name in ("entry", "box", "state", "asked")),
    *(f"letters.{name}" for name in ("case_number", "kind", "box", "due", "attempts")),
    *(f"partners.{name}" for name in ("purpose", "key_hash", "used", "ended")),
    *(f"reports.{name}" for name in ("number", "partner", "date", "size", "digest", "envelope")),
    *("reported.entry", "reported.rows"),
    *(f"uploads.{name}" for name in ("number", "takes_back", "state", "rows", "refusals")),
)
"""Columns of what people and partners have."""

NUMBERS = ("9223372036854775807", "-9223372036854775808")
WORDS = ("'text'", "x'00ff'")


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


@pytest.fixture(scope="module")
def full(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Filled]:
    """The folder of a registry with something in every table."""
    folder = tmp_path_factory.mktemp("full") / "registry"
    shutil.copytree(empty_registry, folder)
    with Registry.open(folder / "optout.db") as registry:
        return folder, Filled.of(registry)


def use_table(filled: Filled, registry: Registry, table: str) -> None:
    """Everything that reads a table."""
    key = (filled.number, filled.secret)
    notice = (filled.notice.number, filled.notice.secret)
    by_table: dict[str, list[Callable[[], object]]] = {
        "contacts": [
            lambda: registry.contacts.read(*key),
            lambda: registry.contacts.confirm(*key, lambda one: (False, one.code), NOW),
            lambda: registry.news.due(LATER),
        ],
        "letters": [
            lambda: [registry.news.delayed(one.id, NOW) for one in registry.news.due(LATER)],
        ],
        "proofs": [
            lambda: registry.proofs.of(*key),
            lambda: registry.rechecks.take_due(LATER),
            lambda: registry.rechecks.record_check(filled.proof, Check.MISSING, NOW),
            lambda: registry.rechecks.record_check(filled.proof, Check.FOUND, LATER),
            lambda: registry.rechecks.end_over(LATER),
            lambda: registry.proofs.end(*key, filled.proof),
        ],
        "shared": [
            lambda: registry.sharing.asked(),
            lambda: registry.sharing.of(*key),
            lambda: registry.sharing.review(filled.entry, NOW),
        ],
        "notices": [
            lambda: registry.notices.read(*notice),
            lambda: registry.notices.of(*key),
            lambda: registry.notices.undecided(),
            lambda: registry.notices.reject(filled.notice.number, "no", NOW),
        ],
        "partners": [
            lambda: registry.partners.all(),
            lambda: registry.partners.find(filled.reader),
            lambda: registry.reports.page(-1, 9),
        ],
        "reports": [
            lambda: registry.reports.page(-1, 9),
            lambda: registry.reports.reports_of([filled.entry]),
            lambda: registry.reports.envelope(0),
            lambda: registry.reports.keep(filled.sender, replace(filled.report, envelope=b"two")),
        ],
        "uploads": [
            lambda: registry.uploads.find("a"),
            lambda: registry.uploads.unfinished(),
            lambda: registry.uploads.start("b", filled.sender, "", "csv", takes_back=True),
        ],
    }
    also = {"proved": "proofs", "reported": "reports"}
    for step in [
        *by_table.get(also.get(table, table), []),
        lambda: registry.cases.erase(*key),
    ]:
        # What was changed may be nobody's, or in no state for the step.
        with suppress(RegistryError, LogFault, CaseNotFound, UsageError):
            step()


@pytest.mark.parametrize("column", MORE)
def test_what_people_and_partners_have_may_be_anything(
    column: str, full: tuple[Path, Filled], tmp_path: Path
) -> None:
    table, _, name = column.partition(".")
    is_number = isinstance(tables.metadata.tables[table].c[name].type, Integer)
    for place, value in enumerate(NUMBERS if is_number else WORDS):
        folder = tmp_path / str(place)
        shutil.copytree(full[0], folder)
        change(folder / "optout.db", f"UPDATE OR IGNORE {table} SET {name} = {value}")
        with suppress(RegistryError), Registry.open(folder / "optout.db") as registry:
            use_table(full[1], registry, table)
