"""What holds for every test: machines are shared, so no law depends on how fast one is."""

from __future__ import annotations

import pytest
from hypothesis import settings

HANGS_AFTER = 1800
"""Seconds after which a long test is taken to hang; for others the limit stands with pytest's."""

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(HANGS_AFTER))
