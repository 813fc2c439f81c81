"""A registry is copied to a file and made anew from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == Exit.DONE
    assert main(["add", "url", "https://anna.example/harbour.jpg"]) == Exit.DONE
    return tmp_path


def test_a_lost_database_is_made_anew(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["backup", "monday.backup", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"file": "monday.backup", "size": 1}
    (place / "optout.db").unlink()
    assert main(["recover", "monday.backup"]) == Exit.DONE
    told = capsys.readouterr()
    assert "registry optout.db has 1 record" in told.out
    assert "compare size and root" in told.err
    assert "API keys that were ended after the backup open again" in told.err
    assert main(["erase", "0"]) == Exit.DONE


def test_people_are_told_what_is_not_in_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "monday.backup"]) == Exit.DONE
    told = capsys.readouterr()
    assert "monday.backup: 1 record" in told.out
    assert "the vault is not in it" in told.err
    assert "optout recover monday.backup" in told.err


def test_the_vault_is_copied_beside_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "monday.backup", "--vault", "kept.vault"]) == Exit.DONE
    told = capsys.readouterr()
    assert "kept.vault: the vault as it is now" in told.out
    assert "keep no older copy" in told.err
    assert main(["backup", "2.backup", "--vault", "kept.vault", "--json"]) == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    assert said == {"file": "2.backup", "size": 1, "vault": "kept.vault"}
    assert main(["backup", "3.backup", "--vault", "optout.vault"]) == Exit.FAILED


def test_the_size_and_the_root_are_the_document(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "monday.backup"]) == Exit.DONE
    (place / "new").mkdir()
    for end in ("key", "vault"):
        shutil.copy(place / f"optout.{end}", place / "new" / f"optout.{end}")
    capsys.readouterr()
    again = ["recover", "monday.backup", "--registry", "new/optout.db", "--json"]
    assert main(again) == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    assert said["size"] == 1
    assert len(said["root"]) == 64


def test_a_registry_is_not_written_over(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "monday.backup"]) == Exit.DONE
    assert main(["recover", "monday.backup"]) == Exit.FAILED
    assert "optout.db exists already" in capsys.readouterr().err
