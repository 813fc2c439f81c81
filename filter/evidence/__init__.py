"""Evidence of a run: where it lies, and what each file of it says."""

from __future__ import annotations

from .exclusions import MAX_CORPUS, Exclusions, read_exclusions, write_exclusions
from .layout import SCAN, Evidence
from .manifest import Manifest, compare_files, read_manifest
from .matches import SCHEMA as MATCHES_SCHEMA
from .matches import read_matches, write_matches
from .record import MASK, MASKED, REWRITE, FileDigest, ShardRecord, SourceDigest
from .signing import key_path, operator_key
from .statement import RunFacts, write_manifest

__all__ = [
    "MASK",
    "MASKED",
    "MATCHES_SCHEMA",
    "MAX_CORPUS",
    "REWRITE",
    "SCAN",
    "Evidence",
    "Exclusions",
    "FileDigest",
    "Manifest",
    "RunFacts",
    "ShardRecord",
    "SourceDigest",
    "compare_files",
    "key_path",
    "operator_key",
    "read_exclusions",
    "read_manifest",
    "read_matches",
    "write_exclusions",
    "write_manifest",
    "write_matches",
]
