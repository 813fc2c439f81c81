"""Lists that people hand in as files: text, CSV, JSON lines, Parquet."""

from __future__ import annotations

from .sheets import LONGEST, OTHER_NAMES, Record, Sheet, open_sheet

__all__ = ["LONGEST", "OTHER_NAMES", "Record", "Sheet", "open_sheet"]
