"""`optout filter --mode mask` and `optout apply`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.api.cli.filter import ROLES
from optout.filter import columns
from optout.registry import Identifier, Registry
from optout.registry.registry import Claim

COVERED = "https://anna.example/harbour.jpg"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus, a snapshot and masks, where commands are typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTOUT_SIGNING_KEY", str(tmp_path / "signing.key"))
    with Registry.create(tmp_path / "optout.db") as registry:
        registry.add([Claim(Identifier.url(COVERED))])
        registry.snapshot(tmp_path / "snapshot")
    (tmp_path / "corpus").mkdir()
    for name in ("a", "b"):
        urls = [f"https://host.example/{name}/{n}" for n in range(9)]
        table = pa.table({"url": [*urls, COVERED, b"\xff".decode("latin-1")]})
        pq.write_table(table, tmp_path / "corpus" / f"{name}.parquet")
    return tmp_path


def filtered(out: str, *options: str) -> list[str]:
    return ["filter", "corpus", "--snapshot", "snapshot", "--out", out, *options]


def test_masks_are_applied_to_the_bytes_of_a_rewrite(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(filtered("mask", "--mode", "mask")) == Exit.DONE
    told = capsys.readouterr()
    assert "20 of 22 rows left by the masks in 2 shards" in told.out
    assert "optout apply mask" in told.err
    assert not (place / "mask").exists()
    assert main(["apply", "mask"]) == Exit.DONE
    told = capsys.readouterr()
    assert "20 of 22 rows kept in 2 shards" in told.out
    assert "optout verify mask" in told.err
    assert main(filtered("rewritten")) == Exit.DONE
    for name in ("a.parquet", "b.parquet"):
        assert (place / "mask" / name).read_bytes() == (place / "rewritten" / name).read_bytes()


def test_a_dry_run_of_a_mask_writes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(filtered("mask", "--mode", "mask", "--dry-run", "--json")) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["rows_dropped"] == 2
    assert not (place / "mask.optout").exists()


def test_the_report_of_apply_is_that_of_filter(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(filtered("mask", "--mode", "mask", "--json"))
    masked = json.loads(capsys.readouterr().out)
    assert main(["apply", "mask", "--json"]) == Exit.DONE
    applied = json.loads(capsys.readouterr().out)
    assert applied.keys() == masked.keys()
    for name in ("shards", "rows_in", "rows_kept", "rows_dropped", "rows_quarantined"):
        assert applied[name] == masked[name]


def test_a_changed_input_is_refused_and_named(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(filtered("mask", "--mode", "mask"))
    pq.write_table(pa.table({"url": ["https://x.example/"]}), place / "corpus" / "b.parquet")
    capsys.readouterr()
    assert main(["apply", "mask"]) == Exit.FAILED
    assert "b.parquet is no longer the input that was scanned" in capsys.readouterr().err
    assert not (place / "mask").exists()


def test_moved_inputs_are_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(filtered("mask", "--mode", "mask"))
    (place / "corpus").rename(place / "moved")
    assert main(["apply", "mask"]) == Exit.FAILED
    assert "--input" in capsys.readouterr().err
    assert main(["apply", "mask", "--input", "moved"]) == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["apply", "nothing"], Exit.FAILED, "holds no plan"),
        (["apply", "mask", "corpus"], Exit.USAGE, "one folder too many"),
        (filtered("x", "--mode", "both"), Exit.USAGE, "rewrite or mask"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str],
    code: Exit,
    words: str,
    place: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(arguments) == code
    assert words in capsys.readouterr().err


def test_roles_of_one_platform_are_left_to_the_filter(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(filtered("x", "--column", "account:nowhere=url")) == Exit.USAGE
    assert "'account:nowhere'" in capsys.readouterr().err


def test_the_help_knows_the_filters_roles() -> None:
    assert ROLES == columns.ROLES
