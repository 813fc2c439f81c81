"""Values as corpora and people write them, from the plain to the hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`url_vector`, `site_vector` and `keys_vector` run a test over `vectors.json`."""
    for name in ("url", "site", "keys"):
        if f"{name}_vector" in metafunc.fixturenames:
            rows = VECTORS[name]
            metafunc.parametrize(f"{name}_vector", rows, ids=[ascii(row["text"]) for row in rows])


@pytest.fixture
def vectors() -> dict[str, Any]:
    return VECTORS
