"""Which shards are meant: files, folders, globs and lists, each under one name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from optout.filter.run.inputs import discover
from optout.registry.errors import UsageError


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    corpus = tmp_path / "corpus"
    for name in ("b.parquet", "a.parquet", "2024/a.parquet", "2024/deep/c.PARQUET"):
        path = corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("README.md", ".hidden.parquet", ".optout-0123", ".git/x.parquet"):
        path = corpus / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return corpus


def names(*inputs: str | Path) -> list[str]:
    return [shard.name for shard in discover(inputs)]


EVERY = ["2024/a.parquet", "2024/deep/c.PARQUET", "a.parquet", "b.parquet"]


def test_a_folder_is_searched_to_the_bottom_without_what_is_hidden(corpus: Path) -> None:
    assert names(corpus) == names("corpus") == names("corpus/") == EVERY
    assert discover(["corpus"])[0].path == Path("corpus/2024/a.parquet")


def test_a_file_is_named_by_its_last_part(corpus: Path) -> None:
    assert names("corpus/2024/a.parquet") == ["a.parquet"]


def test_a_file_given_itself_may_be_called_anything(corpus: Path) -> None:
    assert names("corpus/README.md", "corpus/.hidden.parquet") == [".hidden.parquet", "README.md"]


def test_a_glob_names_from_where_it_begins(corpus: Path) -> None:
    assert names("corpus/*.parquet") == ["a.parquet", "b.parquet"]
    assert names("corpus/*/*.parquet") == ["2024/a.parquet"]
    assert names("corpus/**/*.parquet") == ["2024/a.parquet", "a.parquet", "b.parquet"]
    assert names(corpus / "2024" / "[a-c].parquet") == ["a.parquet"]


def test_a_folder_met_by_a_glob_is_searched(corpus: Path) -> None:
    assert names("corpus/20*") == ["2024/a.parquet", "2024/deep/c.PARQUET"]
    assert names("corpus/2024/**") == ["a.parquet", "deep/c.PARQUET"]


def test_a_name_with_signs_of_a_glob_is_the_file_that_is_there(corpus: Path) -> None:
    (corpus / "part[1].parquet").touch()
    assert names("corpus/part[1].parquet") == ["part[1].parquet"]


def test_a_list_names_a_path_a_line(corpus: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"corpus/2024/a.parquet\n\ncorpus/a.parquet\n{corpus / 'b.parquet'}\n")
    assert names("@list.txt") == ["b.parquet", "corpus/2024/a.parquet", "corpus/a.parquet"]


def test_a_list_of_very_many_is_read(corpus: Path, tmp_path: Path) -> None:
    many = [f"corpus/{number:05}.parquet" for number in range(3000)]
    for name in many:
        Path(name).touch()
    (tmp_path / "list").write_text("\n".join(many))
    assert names("@list") == many


def test_a_link_into_itself_is_searched_once(corpus: Path) -> None:
    (corpus / "2024" / "loop").symlink_to(corpus)
    (corpus / "self").symlink_to(".")
    assert names(corpus) == EVERY


def test_a_link_to_somewhere_else_is_followed(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "d.parquet").touch()
    (corpus / "more").symlink_to(other)
    assert names(corpus) == [*EVERY, "more/d.parquet"]


@pytest.mark.parametrize(
    "inputs",
    [
        ("corpus", "corpus/a.parquet"),
        ("corpus/a.parquet", "corpus/2024/a.parquet"),
        ("corpus", "corpus/2024"),
    ],
)
def test_two_inputs_of_one_name_are_refused(inputs: tuple[str, ...], corpus: Path) -> None:
    with pytest.raises(UsageError, match=r"two inputs have the name a\.parquet") as caught:
        discover(inputs)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("absent", "absent does not exist"),
        ("absent/*.parquet", "no shard was found at absent"),
        ("corpus/.git/..", "corpus"),
        ("@absent", "the list absent cannot be read"),
        ("https://example.org/a.parquet", "is an address"),
        ("empty", "no shard was found at empty"),
        ("broken.parquet", "does not exist"),
        ("pipe.parquet", "is not a file"),
    ],
)
def test_what_cannot_be_found_is_named(
    given: str, words: str, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.parquet")
    if given == "corpus/.git/..":
        assert names(given) == EVERY
        return
    with pytest.raises(UsageError, match=words):
        discover([given])


def test_a_listed_path_that_is_absent_is_named(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("corpus/a.parquet\ncorpus/gone.parquet\n")
    with pytest.raises(UsageError, match=r"gone\.parquet does not exist"):
        discover(["@list"])
    (tmp_path / "list").write_bytes(b"\xff\xfe\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        discover(["@list"])


def test_no_input_is_refused() -> None:
    with pytest.raises(UsageError, match="no input"):
        discover([])
    with pytest.raises(UsageError, match="an input is empty"):
        discover([""])


def test_a_name_that_cannot_be_written_down_is_refused(corpus: Path) -> None:
    Path(os.fsdecode(bytes(corpus) + b"/\xff.parquet")).touch()
    with pytest.raises(UsageError, match=r"\\udcff\.parquet' is not UTF-8"):
        discover([corpus])


def test_a_name_that_a_killed_run_would_leave_is_refused(corpus: Path) -> None:
    leftover = corpus / ".optout-0.parquet"
    leftover.touch()
    with pytest.raises(UsageError, match=r"\.optout-0\.parquet has a name that begins with"):
        discover([leftover])


def test_a_listed_name_may_hold_any_break_but_a_new_line(corpus: Path, tmp_path: Path) -> None:
    odd = corpus / "odd\u2028\x0bname.parquet"
    odd.touch()
    (tmp_path / "list").write_text(f"{odd}\r\n", encoding="utf-8")
    assert [shard.path for shard in discover([f"@{tmp_path / 'list'}"])] == [odd]
