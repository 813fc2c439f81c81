"""What one person has registered, and the secret that is the only key to it."""

from __future__ import annotations

from optout.registry.errors import CaseNotFound

from .case import Case, CaseEntry, CaseItem, OpenedCase
from .cases import Cases
from .secret import folded

__all__ = ["Case", "CaseEntry", "CaseItem", "CaseNotFound", "Cases", "OpenedCase", "folded"]
