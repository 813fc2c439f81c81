"""Where the demo puts its things."""

from __future__ import annotations

from pathlib import Path

import pytest
from optout.api.demo import prepare
from optout.registry import Registry
from optout.registry.errors import OptOutError, UsageError


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OptOutError, match=r"file/demo cannot be made: Not a directory"):
        prepare(tmp_path / "file" / "demo")


def test_a_file_is_no_place_for_the_demo(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="file is a file"):
        prepare(tmp_path / "file")


def test_what_the_demo_did_not_make_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear reader")
    with pytest.raises(UsageError, match=r"holds thesis\.tex, which the demo did not make"):
        prepare(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "dear reader"


def test_the_demo_may_be_made_anew_where_it_was_made(tmp_path: Path) -> None:
    Registry.create(tmp_path / "optout.db").close()
    prepare(tmp_path)
    assert not list(tmp_path.glob("optout.*"))
