"""Exit codes: others script against them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    """The request cannot be carried out as it was put, or nothing in the corpus can be matched."""
    SOME_SHARDS_FAILED = 3
    FOUND = 4
    """`verify` or `audit` found a fault, or `check` found a match."""
    INTERRUPTED = 130
