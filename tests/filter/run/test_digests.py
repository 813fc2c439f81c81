"""A file is hashed beside whatever else goes on, and given up where nobody needs it."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest
from optout.filter.run.digests import hashed_beside


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (3 << 20) + 5])
def test_the_digest_is_that_of_all_bytes(size: int, tmp_path: Path) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    (tmp_path / "file").write_bytes(data[:size])
    with hashed_beside(tmp_path / "file") as digest:
        assert digest.sha256() == hashlib.sha256(data[:size]).hexdigest()


def test_a_file_that_cannot_be_read_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    with hashed_beside(tmp_path / "absent") as digest, pytest.raises(FileNotFoundError):
        digest.sha256()


def test_nothing_goes_on_after_a_failure(tmp_path: Path) -> None:
    before = threading.active_count()
    (tmp_path / "file").write_bytes(bytes(64 << 20))
    with pytest.raises(ZeroDivisionError), hashed_beside(tmp_path / "file"):
        raise ZeroDivisionError
    assert threading.active_count() == before
