"""Lists of hashes that services share with each other: plain records, one module a form."""

from __future__ import annotations

from .detection import FORMS, HashList, open_hash_list
from .holdings import Holdings
from .meaning import HELD, compared_value, identifier_of
from .records import LONGEST, SIGNALS, ListRecord, Standing

__all__ = [
    "FORMS",
    "HELD",
    "LONGEST",
    "SIGNALS",
    "HashList",
    "Holdings",
    "ListRecord",
    "Standing",
    "compared_value",
    "identifier_of",
    "open_hash_list",
]
