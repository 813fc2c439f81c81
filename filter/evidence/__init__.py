"""Evidence of a run: where it lies, and what each file of it says."""

from __future__ import annotations

from .layout import Evidence
from .matches import SCHEMA as MATCHES_SCHEMA
from .matches import read_matches, write_matches
from .record import FileDigest, ShardRecord, SourceDigest

__all__ = [
    "MATCHES_SCHEMA",
    "Evidence",
    "FileDigest",
    "ShardRecord",
    "SourceDigest",
    "read_matches",
    "write_matches",
]
