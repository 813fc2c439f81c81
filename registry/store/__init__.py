"""Where a registry keeps its log and its openings: a database behind SQLAlchemy Core."""

from __future__ import annotations

from .case_rows import CaseRow, SealedItem, add_case, find_case, items_of, remove_case
from .claims import claim
from .entries import Added, Claim, enter, erase, today, withdraw
from .location import database_path, key_path
from .log_rows import read_entries
from .openings import Overtaken
from .store import Store

__all__ = [
    "Added",
    "CaseRow",
    "Claim",
    "Overtaken",
    "SealedItem",
    "Store",
    "add_case",
    "claim",
    "database_path",
    "enter",
    "erase",
    "find_case",
    "items_of",
    "key_path",
    "read_entries",
    "remove_case",
    "today",
    "withdraw",
]
