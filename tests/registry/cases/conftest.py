"""A case of one's own, and a copy of a registry from before an erasure."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem, OpenedCase, SentCode, Wish

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "two\r\nlines",
    "a\0b",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "\x1b[2J",
    "'; drop table notices; --",
)
"""What people may say: it is kept as it is, and whoever shows it has to see to it."""
CODE = SentCode(b"c" * 32, NOW + timedelta(minutes=10), 5)


@pytest.fixture
def mine(registry: Registry) -> OpenedCase:
    names = ("one.anna.example", "two.anna.example")
    return registry.cases.open_case([CaseItem(Identifier.site(name), name) for name in names])


@pytest.fixture
def theirs(registry: Registry) -> OpenedCase:
    return registry.cases.open_case([CaseItem(Identifier.site("bob.example"), "bob")])


@pytest.fixture
def confirmed(registry: Registry, mine: OpenedCase) -> OpenedCase:
    """`mine`, which hears of everything."""
    registry.contacts.put(
        mine.number, mine.secret, "anna@mail.example", CODE, language="fr", wishes=Wish
    )
    registry.contacts.confirm(mine.number, mine.secret, lambda contact: (True, contact.code), NOW)
    return mine


@pytest.fixture
def before_and_after(database: Path, tmp_path: Path) -> Callable[..., Registry]:
    """The registry as it was, with the vault as it is after an erasure."""

    def copied(registry: Registry, erase: Callable[[], None]) -> Registry:
        copy = tmp_path / "copy" / "optout.db"
        shutil.copytree(database.parent, copy.parent)
        erase()
        shutil.copy(database.with_suffix(".vault"), copy.parent)
        return Registry.open(copy)

    return copied
