"""What holds for every test: machines are shared, so no law depends on how fast one is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
