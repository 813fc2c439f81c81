"""An input is found by its content; what is missing, changed or too much is said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from optout.filter.verify.inputs import Inputs, input_files
from optout.registry.errors import UsageError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name in ("a.parquet", "deep/a.parquet", "deep/b.PARQUET", ".hidden.parquet", "notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def claimed(inputs: Inputs, shard: str, content: bytes) -> Path | str:
    return inputs.claim(shard, len(content), hashlib.sha256(content).hexdigest())


def names(files: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in files]


def test_a_folder_stands_for_every_shard_below_it(corpus: Path) -> None:
    assert names(input_files([corpus]), corpus) == ["a.parquet", "deep/a.parquet", "deep/b.PARQUET"]


def test_a_file_a_glob_and_a_list_name_shards(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names(input_files([corpus / "notes.txt"]), corpus) == ["notes.txt"]
    assert names(input_files([f"{corpus}/*/a.parquet"]), corpus) == ["deep/a.parquet"]
    (tmp_path / "list").write_text("corpus/a.parquet\n\ncorpus/deep/a.parquet\n")
    monkeypatch.chdir(tmp_path)
    assert input_files(["@list"]) == [Path("corpus/a.parquet"), Path("corpus/deep/a.parquet")]


def test_a_link_back_into_itself_ends(corpus: Path) -> None:
    (corpus / "deep" / "round").symlink_to(corpus)
    assert len(input_files([corpus])) == 3


@pytest.mark.parametrize("given", ["nowhere", "*.nothing", "@nowhere"])
def test_an_input_that_is_not_there_is_a_usage_error(given: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        input_files([given.replace("nowhere", str(tmp_path / "nowhere"))])


def test_a_list_that_names_what_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("nowhere.parquet\n")
    with pytest.raises(UsageError, match=r"nowhere\.parquet"):
        input_files([f"@{tmp_path / 'list'}"])


def test_a_shard_finds_its_input_by_name_and_content(corpus: Path) -> None:
    inputs = Inputs([corpus])
    assert claimed(inputs, "deep/a.parquet", b"deep/a.parquet") == corpus / "deep/a.parquet"
    assert claimed(inputs, "a.parquet", b"a.parquet") == corpus / "a.parquet"
    assert inputs.unclaimed == [corpus / "deep/b.PARQUET"]


def test_a_shard_finds_its_input_under_another_name(corpus: Path) -> None:
    assert claimed(Inputs([corpus]), "x.parquet", b"a.parquet") == corpus / "a.parquet"


def test_an_input_that_was_changed_is_named(corpus: Path) -> None:
    found = claimed(Inputs([corpus / "a.parquet"]), "a.parquet", b"A.parquet")
    assert found == f"{corpus / 'a.parquet'} is not the file that a.parquet was made from"


def test_an_input_that_was_not_given_is_missed(corpus: Path) -> None:
    found = claimed(Inputs([corpus / "a.parquet"]), "z.parquet", b"z")
    assert found == "the input that z.parquet was made from is not among those given"


def test_two_shards_never_share_one_input(corpus: Path) -> None:
    inputs = Inputs([corpus / "a.parquet"])
    assert claimed(inputs, "a.parquet", b"a.parquet") == corpus / "a.parquet"
    assert isinstance(claimed(inputs, "again.parquet", b"a.parquet"), str)
