"""The only place that decides: entries are confirmed here, and rows get their verdicts."""

from .policy import Policy

__all__ = ["Policy"]
