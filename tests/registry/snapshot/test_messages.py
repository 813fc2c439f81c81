"""Which of several things that are wrong with a snapshot a reader is told first."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError, SnapshotFault
from optout.registry.snapshot import Snapshot

from .conftest import LogBook


@pytest.mark.parametrize("indent", [None, 2, 7])
def test_a_newer_snapshot_is_told_to_be_newer_however_it_is_laid_out(
    indent: int | None, book: LogBook, tmp_path: Path
) -> None:
    snapshot = book.snapshot(tmp_path / "snapshot")
    path = snapshot.path / "snapshot.json"
    document = json.loads(path.read_bytes()) | {"format": "optout/v2/snapshot", "new": [1]}
    path.write_text(json.dumps(document, indent=indent))
    with pytest.raises(SnapshotError, match="newer than optout/v1/snapshot") as caught:
        Snapshot.open(snapshot.path)
    assert not isinstance(caught.value, SnapshotFault)
    assert caught.value.advice == "Upgrade optout."


def test_one_of_this_version_that_is_laid_out_otherwise_was_changed(
    book: LogBook, tmp_path: Path
) -> None:
    snapshot = book.snapshot(tmp_path / "snapshot")
    path = snapshot.path / "snapshot.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    with pytest.raises(SnapshotFault, match="is not in the form optout writes"):
        Snapshot.open(snapshot.path)


def test_a_system_that_maps_no_more_files_is_no_damage(
    book: LogBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    path = book.snapshot(tmp_path / "snapshot").path
    monkeypatch.setattr(np, "memmap", full)
    with pytest.raises(SnapshotError, match=r"cannot be mapped: .*Cannot allocate") as caught:
        Snapshot.open(path)
    assert not isinstance(caught.value, SnapshotFault)
