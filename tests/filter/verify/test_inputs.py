"""An input is found by its content; what is missing, changed or too much is said."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.filter.evidence import SourceDigest
from optout.filter.parquet import identity
from optout.filter.verify.inputs import Inputs, input_files
from optout.registry.errors import UsageError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name in ("a.parquet", "deep/a.parquet", "deep/b.PARQUET", ".hidden.parquet", "notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shard(path, name)
    return folder


def shard(path: Path, text: str, **options: object) -> Path:
    pq.write_table(pa.table({"text": [text]}), path, compression="none", **options)
    return path


def source(path: Path, *, hashed: bool = True) -> SourceDigest:
    """What a record says of a shard."""
    known = identity(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if hashed else None
    return SourceDigest(known.size, known.footer_sha256, known.mtime_ns, sha256)


@pytest.fixture
def claimed(tmp_path: Path) -> Callable[..., Path | str]:
    """The input of a shard whose one value is known."""

    def claim(inputs: Inputs, name: str, text: str, *, hashed: bool = True) -> Path | str:
        return inputs.claim(name, source(shard(tmp_path / "made", text), hashed=hashed))

    return claim


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


@pytest.mark.parametrize("hashed", [True, False])
def test_a_shard_finds_its_input_by_name_and_content(
    corpus: Path, claimed: Callable, hashed: bool
) -> None:
    inputs = Inputs([corpus])
    found = claimed(inputs, "deep/a.parquet", "deep/a.parquet", hashed=hashed)
    assert found == corpus / "deep/a.parquet"
    assert claimed(inputs, "a.parquet", "a.parquet", hashed=hashed) == corpus / "a.parquet"
    assert inputs.unclaimed == [corpus / "deep/b.PARQUET"]


def test_a_shard_finds_its_input_under_another_name(corpus: Path, claimed: Callable) -> None:
    assert claimed(Inputs([corpus]), "x.parquet", "a.parquet") == corpus / "a.parquet"


def test_an_input_that_was_changed_is_named(corpus: Path, claimed: Callable) -> None:
    found = claimed(Inputs([corpus / "a.parquet"]), "a.parquet", "A.parquet")
    assert found == f"{corpus / 'a.parquet'} is not the file that a.parquet was made from"


def test_an_input_that_is_no_shard_any_more_is_named(corpus: Path, claimed: Callable) -> None:
    damaged = corpus / "a.parquet"
    damaged.write_bytes(bytes(damaged.stat().st_size))
    found = claimed(Inputs([damaged]), "a.parquet", "a.parquet")
    assert found == f"{damaged} is not the file that a.parquet was made from"


def test_an_input_that_was_not_given_is_missed(corpus: Path, claimed: Callable) -> None:
    found = claimed(Inputs([corpus / "a.parquet"]), "z.parquet", "z")
    assert found == "the input that z.parquet was made from is not among those given"


def test_two_shards_never_share_one_input(corpus: Path, claimed: Callable) -> None:
    inputs = Inputs([corpus / "a.parquet"])
    assert claimed(inputs, "a.parquet", "a.parquet") == corpus / "a.parquet"
    assert isinstance(claimed(inputs, "again.parquet", "a.parquet"), str)


def test_of_two_inputs_with_one_footer_the_one_with_the_digest_is_taken(tmp_path: Path) -> None:
    one, other = (
        shard(tmp_path / f"{text}.parquet", text, write_statistics=False) for text in ("a", "b")
    )
    known = source(other)
    assert identity(one).footer_sha256 == known.footer_sha256
    assert Inputs([tmp_path]).claim("x.parquet", known) == other
    assert Inputs([tmp_path]).claim("x.parquet", replace(known, sha256=None)) in (one, other)
