"""Partners: organisations whose programs talk to the registry, each with keys of its own."""

from __future__ import annotations

from .api_key import ApiKey, Purpose

__all__ = ["ApiKey", "Purpose"]
