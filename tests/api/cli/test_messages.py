"""What commands refuse before they do anything, each in its own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.registry import Registry

Told = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty registry, and the process in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPTOUT_REGISTRY", raising=False)
    Registry.create("optout.db").close()
    (tmp_path / "empty.txt").write_text("\n\n")
    return tmp_path


@pytest.fixture
def told(place: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """What a command that is refused says first."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert main([*arguments]) == Exit.USAGE
        return capsys.readouterr().err

    return run


def test_a_list_without_values_adds_nothing(told: Told) -> None:
    assert "there is nothing to add" in told("add", "url", "@empty.txt")


def test_a_list_without_numbers_withdraws_nothing(told: Told) -> None:
    assert "no entry is named" in told("withdraw", "@empty.txt")


def test_of_several_bad_values_each_is_named_and_none_is_added(told: Told) -> None:
    said = told("add", "site", "co.uk", "anna.example", "com")
    assert "co.uk is a public suffix" in said
    assert "com is a public suffix" in said
    assert "Nothing was added" in said
    with Registry.open("optout.db") as registry:
        assert registry.size == 0


def test_of_several_plain_pictures_it_is_said_how_else_to_register_them(
    place: Path, told: Told, plain_picture: bytes
) -> None:
    for name in ("a.png", "b.png"):
        (place / name).write_bytes(plain_picture)
    said = told("add", "image", "a.png", "b.png")
    assert "'a.png': the picture is too plain" in said
    assert "then repeat. Register its exact bytes as a file" in said
    assert said.count("Register its exact bytes") == 1


def test_an_action_on_what_cannot_be_judged_is_one_of_three(told: Told) -> None:
    said = told(
        *("filter", "corpus", "--snapshot", "s", "--out", "out"), *("--unjudgeable", "image=maybe")
    )
    assert "--unjudgeable 'maybe' is not known" in said


def test_a_kind_in_a_list_is_one_of_the_kinds(place: Path, told: Told) -> None:
    (place / "list.csv").write_text("kind,value\nsound,https://anna.example/a\n")
    assert "'sound' is no kind" in told("import", "list.csv")


def test_a_list_is_a_file_that_can_be_read_twice(told: Told) -> None:
    assert "/dev/null is not a file" in told("import", "/dev/null")


def test_a_parquet_file_that_is_none_is_refused(place: Path, told: Told) -> None:
    (place / "list.parquet").write_bytes(b"PAR1 and nothing else")
    assert "list.parquet cannot be read: it is not what its name says" in told(
        "import", "list.parquet"
    )


def test_what_pyarrow_has_not_learnt_yet_is_refused(
    place: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(pa.table({"url": ["anna.example/a"]}), place / "list.parquet")

    def unlearnt(*_: object, **__: object) -> None:
        raise pa.ArrowNotImplementedError("an encoding of next year")

    # No file can be made today that a newer Parquet will bring.
    monkeypatch.setattr(pq, "ParquetFile", unlearnt)
    assert "list.parquet cannot be read as Parquet" in told("import", "list.parquet")


def test_a_table_without_a_column_of_values_is_refused_with_those_it_has(
    place: Path, told: Told
) -> None:
    pq.write_table(pa.table({"colour": ["red"]}), place / "list.parquet")
    said = told("import", "list.parquet")
    assert "has no column that is named as values are" in said
    assert "colour" in said


def test_verify_audits_one_output(told: Told) -> None:
    assert "corpus is one folder too many" in told("verify", "out", "corpus", "--snapshot", "s")


def test_verify_looks_at_everything_or_at_a_sample(told: Told) -> None:
    said = told("verify", "out", "--snapshot", "s", "--exhaustive", "--sample", "3")
    assert "exclude each other" in said


def test_apply_takes_one_output(told: Told) -> None:
    assert "corpus is one folder too many" in told("apply", "out", "corpus")
