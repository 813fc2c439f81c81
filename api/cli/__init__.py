"""The command line: `optout`.

One module a command. Nothing heavy is imported before a command runs, so that help and
completion answer at once.
"""

from __future__ import annotations

from .entry import main

__all__ = ["main"]
