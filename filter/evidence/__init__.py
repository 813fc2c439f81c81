"""Evidence of a run: where it lies, and what each file of it says."""

from __future__ import annotations

from .layout import Evidence
from .record import FileDigest, ShardRecord, SourceDigest

__all__ = ["Evidence", "FileDigest", "ShardRecord", "SourceDigest"]
