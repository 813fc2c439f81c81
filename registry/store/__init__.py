"""Where a registry keeps its log and its openings: a database behind SQLAlchemy Core."""

from __future__ import annotations

from .case_rows import CaseRow, SealedItem, add_case, find_case, items_of, remove_case
from .claims import claim
from .entries import Added, Claim, enter, erase, quarantine, restore, today, withdraw
from .feeds import Followed, Listed, RecordName, follow
from .location import database_path, key_path
from .log_rows import read_entries, read_reasons, read_restored
from .openings import Overtaken
from .store import Store

__all__ = [
    "Added",
    "CaseRow",
    "Claim",
    "Followed",
    "Listed",
    "Overtaken",
    "RecordName",
    "SealedItem",
    "Store",
    "add_case",
    "claim",
    "database_path",
    "enter",
    "erase",
    "find_case",
    "follow",
    "items_of",
    "key_path",
    "quarantine",
    "read_entries",
    "read_reasons",
    "read_restored",
    "remove_case",
    "restore",
    "today",
    "withdraw",
]
