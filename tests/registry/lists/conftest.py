"""Lists as files, and records to put in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from optout.registry.lists import ListRecord, open_hash_list


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., list[ListRecord]]:
    """Write a file and read it as a list of hashes."""

    def reading(name: str, text: str | bytes, form: str = "", signal: str = "") -> list[ListRecord]:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = open_hash_list(str(path), form, signal)
        assert found is not None, "it is not taken for a list of hashes"
        assert list(found.records()) == list(found.records())
        return list(found.records())

    return reading
