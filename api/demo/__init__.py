"""The demo: a corpus of real photographs, a story told with it, and its contact sheet."""

from __future__ import annotations

from .story import Teller, prepare, tell

__all__ = ["Teller", "prepare", "tell"]
