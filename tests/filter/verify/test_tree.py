"""A folder is listed without leaving it, and what is no plain file is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from optout.filter.verify.tree import MAX_PAPER_BYTES, Tree


def test_plain_files_are_found_by_name_however_deep(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "a" / "b").mkdir(parents=True)
    (out / "x").write_bytes(b"1")
    (out / "a" / "b" / "y").write_bytes(b"2")
    tree = Tree(out)
    assert tree.files == {"x": out / "x", "a/b/y": out / "a" / "b" / "y"}
    assert tree.strange == []
    assert tree.read("x") == b"1"
    assert tree.called("x") == "out/x"


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_bytes(b"")
    (out / "file").symlink_to(tmp_path / "secret" / "file")
    (out / "folder").symlink_to(tmp_path / "secret")
    (out / "broken").symlink_to(tmp_path / "nowhere")
    tree = Tree(out)
    assert tree.files == {}
    assert tree.strange == ["out/broken is a link", "out/file is a link", "out/folder is a link"]


def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Tree(tmp_path).strange == [f"{tmp_path.name}/pipe is not a file"]


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "out")
    assert tree.absent
    assert (tree.files, tree.strange) == ({}, [])
    assert not Tree(tmp_path).absent
    (tmp_path / "link").symlink_to(tmp_path)
    assert Tree(tmp_path / "link").strange == ["link is a link"]


def test_a_file_longer_than_evidence_ever_is_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(MAX_PAPER_BYTES + 1)
    with pytest.raises(OSError, match="longer"):
        Tree(tmp_path).read("huge")
