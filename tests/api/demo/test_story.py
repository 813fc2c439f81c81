"""Where the demo puts its things."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.api.demo import prepare
from optout.registry.errors import OptOutError


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OptOutError, match=r"file/demo cannot be made: Not a directory"):
        prepare(tmp_path / "file" / "demo")
