"""Partners' keys are made, listed and ended on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.registry import Registry
from optout.registry.log import SigningKey
from optout.registry.partners import ApiKey, Purpose

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == Exit.DONE
    capsys.readouterr()


pytestmark = pytest.mark.usefixtures("_here")


def test_a_key_is_shown_once_and_alone_on_stdout(capsys: Capture) -> None:
    assert main(["keys", "add", "Harbour Models", "--for", "read"]) == Exit.DONE
    told = capsys.readouterr()
    key = ApiKey.parse(told.out.strip())
    assert "Harbour Models" in told.err
    with Registry.open("optout.db") as registry:
        found = registry.partners.find(key.text)
    assert found is not None
    assert found.purpose is Purpose.READ
    assert main(["keys", "list"]) == Exit.DONE
    listed = capsys.readouterr().out
    assert "Harbour Models" in listed
    assert key.text not in listed


def test_a_key_is_a_document(capsys: Capture) -> None:
    add = ["keys", "add", "Museum", "--for", "upload", "--domain", "Museum.example", "--json"]
    assert main(add) == Exit.DONE
    made = json.loads(capsys.readouterr().out)
    assert ApiKey.parse(made.pop("secret")).purpose is Purpose.UPLOAD
    assert (made["name"], made["for"], made["domain"]) == ("Museum", "upload", "museum.example")
    assert main(["keys", "end", made["id"], "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {"id": made["id"], "ended": True}
    assert main(["keys", "list", "--json"]) == Exit.DONE
    (one,) = json.loads(capsys.readouterr().out)["keys"]
    assert main(["keys", "list"]) == Exit.DONE
    assert "museum.example" in capsys.readouterr().out
    assert one["ended"] is not None
    assert {**one, "ended": None} == made


def test_a_key_for_reports_knows_who_signs_them(capsys: Capture) -> None:
    verifier = str(SigningKey.generate("harbour.example").verifier)
    assert main(["keys", "add", "a", "--for", "report", "--verifier", verifier]) == Exit.DONE
    capsys.readouterr()
    assert main(["keys", "list", "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out)["keys"][0]["verifier"] == verifier


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["make"], "'make' is nothing that can be done with keys"),
        (["add"], "to add a key takes a partner's name"),
        (["list", "a"], "to list them neither"),
        (["end", "a", "--for", "read"], "belong to a new key"),
        (["end", "a"], "there is no key 'a'"),
        (["add", "a"], "a key opens one thing"),
        (["add", "a", "--for", "raed"], "'raed' is nothing that a key opens"),
        (["add", "a", "--for", "report"], "a key for reports needs --verifier"),
        (["add", "a", "--for", "upload", "--domain", "192.0.2.7"], "is a number, not a name"),
        (["add", "a", "--for", "upload", "--domain", "co.uk"], "co.uk"),
    ],
)
def test_misuse_is_told(arguments: list[str], says: str, capsys: Capture) -> None:
    assert main(["keys", *arguments]) == Exit.USAGE
    assert says in capsys.readouterr().err
