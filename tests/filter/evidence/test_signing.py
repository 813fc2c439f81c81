"""The operator's key is made on first use, is theirs alone, and is never made twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from optout.filter.errors import StorageError
from optout.filter.evidence.signing import NAME, key_path, operator_key
from optout.registry.errors import OptOutError
from optout.registry.log import SigningKey


def test_the_keys_place_is_named_or_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_path({"OPTOUT_SIGNING_KEY": "/k", "XDG_CONFIG_HOME": "/c"}) == Path("/k")
    assert key_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/optout/signing.key")
    monkeypatch.setenv("HOME", "/home/anna")
    assert key_path({}) == Path("/home/anna/.config/optout/signing.key")


def test_the_environment_is_asked_as_it_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"OPTOUT_SIGNING_KEY": "/elsewhere/own.key"})
    assert key_path() == Path("/elsewhere/own.key")


def test_a_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "signing.key"
    key = operator_key(path)
    assert key.name == NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert operator_key(path).verifier == key.verifier
    assert [p.name for p in path.parent.iterdir()] == ["signing.key"]


def test_a_key_that_is_there_is_used(tmp_path: Path) -> None:
    own = SigningKey.generate("me.example")
    own.save(tmp_path / "my.key")
    assert operator_key(tmp_path / "my.key").verifier == own.verifier


def test_runs_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    found, ready = [], threading.Barrier(8)

    def start() -> None:
        ready.wait()
        found.append(str(operator_key(tmp_path / "signing.key").verifier))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_key_that_can_be_neither_read_nor_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"signing key .*file/signing\.key") as caught:
        operator_key(tmp_path / "file" / "signing.key")
    assert "OPTOUT_SIGNING_KEY" in caught.value.advice


def test_a_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_text("not a key\n")
    with pytest.raises(OptOutError, match="key"):
        operator_key(tmp_path / "signing.key")
