"""Where a registry keeps its log and its openings: a database behind SQLAlchemy Core."""

from __future__ import annotations

from .case_rows import (
    CaseRow,
    SealedItem,
    add_cases,
    case_key_number,
    find_case,
    items_of,
    remove_case,
    taken_numbers,
)
from .claims import claim
from .entries import (
    Added,
    Claim,
    dispute,
    enter,
    erase,
    quarantine,
    regrade,
    restore,
    today,
    withdraw,
)
from .feeds import Followed, Listed, RecordName, follow
from .location import Location, locate
from .log_rows import read_entries, read_reasons, read_restored
from .openings import Overtaken
from .shredding import seal, to_shred, unseal, vault_of
from .store import Store
from .vault import Label, Shredded, Vault

__all__ = [
    "Added",
    "CaseRow",
    "Claim",
    "Followed",
    "Label",
    "Listed",
    "Location",
    "Overtaken",
    "RecordName",
    "SealedItem",
    "Shredded",
    "Store",
    "Vault",
    "add_cases",
    "case_key_number",
    "claim",
    "dispute",
    "enter",
    "erase",
    "find_case",
    "follow",
    "items_of",
    "locate",
    "quarantine",
    "read_entries",
    "read_reasons",
    "read_restored",
    "regrade",
    "remove_case",
    "restore",
    "seal",
    "taken_numbers",
    "to_shred",
    "today",
    "unseal",
    "vault_of",
    "withdraw",
]
