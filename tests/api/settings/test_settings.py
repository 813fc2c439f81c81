"""Where settings come from, which of them holds, and what is said of those that cannot."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit
from optout.api.errors import SettingRefused
from optout.api.settings import load
from pydantic import ValidationError


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("OPTOUT_"):
            monkeypatch.delenv(name)


def write(text: str, name: str = "optout.toml") -> None:
    Path(name).write_text(text)


def test_without_a_word_the_defaults_hold() -> None:
    held = load()
    assert held.settings.port == 8000
    assert held.settings.limits.items == 200
    assert set(held.origins.values()) == {"default"}
    assert held.settings.outbox == Path("optout.state/outbox")
    assert held.settings.uploads == Path("optout.state/uploads")


def test_flags_come_before_variables_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write('host = "a.example"\nport = 1\nstate = "s"\n[mail]\nhost = "mail.example"\nport = 26')
    monkeypatch.setenv("OPTOUT_PORT", "2")
    monkeypatch.setenv("OPTOUT_MAIL_PORT", "27")
    monkeypatch.setenv("OPTOUT_LIMITS_PICTURE_MEMORY", "1000000")
    monkeypatch.setenv("OPTOUT_STATE", "")
    held = load({"port": 3, "host": None})
    assert (held.settings.host, held.settings.port, held.settings.state) == (
        "a.example",
        3,
        Path("s"),
    )
    assert (held.settings.mail.host, held.settings.mail.port) == ("mail.example", 27)
    assert held.settings.limits.picture_memory == 1_000_000
    assert held.origins["host"] == "optout.toml: host"
    assert held.origins["port"] == "--port"
    assert held.origins["mail.port"] == "OPTOUT_MAIL_PORT"


def test_the_file_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write("port = 1")
    write("port = 2", "two.toml")
    write("port = 3", "three.toml")
    monkeypatch.setenv("OPTOUT_SETTINGS", "two.toml")
    assert load().settings.port == 2
    assert load(file="three.toml").settings.port == 3


def test_networks_stand_between_commas_or_in_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    write('trusted_proxies = ["10.0.0.0/8", "::1"]')
    networks = load().settings.trusted_proxies
    monkeypatch.setenv("OPTOUT_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert load().settings.trusted_proxies == networks
    assert [str(network) for network in networks] == ["10.0.0.0/8", "::1/128"]


def test_a_snapshot_may_be_renewed_whenever_somebody_asks() -> None:
    write("[limits]\npublish_seconds = 0")
    assert load().settings.limits.publish_seconds == 0


def test_what_holds_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().settings.port = 1
    with pytest.raises(ValidationError, match="frozen"):
        load().settings.mail.port = 1


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("prot = 1", "optout.toml: prot is no setting", "The nearest is port."),
        ("[mail]\nhots = 'a'", "optout.toml: mail.hots is no setting", "The nearest is mail.host."),
        (
            "[limits]\nitem = 1",
            "optout.toml: limits.item is no setting",
            "nearest is limits.items.",
        ),
        ("port = 'x'", "optout.toml: port is no whole number", "optout settings"),
        ("port = 70000", "optout.toml: port is above 65535", "optout settings"),
        ("port = -1", "optout.toml: port is below 0", "optout settings"),
        ("host = 3", "optout.toml: host is not written in quotes", ""),
        ("keys = 3", "optout.toml: keys is not written in quotes", ""),
        ("registry = ''", "optout.toml: registry is empty", ""),
        ("snapshot_key_required = 'x'", "is neither true nor false", ""),
        ("[mail]\nseconds = 0", "optout.toml: mail.seconds is not above 0", ""),
        ("[mail]\nseconds = 'x'", "optout.toml: mail.seconds is no number", ""),
        ("log_level = 'loud'", "optout.toml: log_level is none of 'debug', 'info'", ""),
        (
            "public_url = 'a'",
            "optout.toml: public_url 'a' is no address",
            "https://optout.example.",
        ),
        ("[quotas]\nreading = 'often'", "quotas.reading is no rate", "60/minute"),
        ("[mail]\nsender = 'Anna\\n'", "mail.sender is no mail address", "optout@optout.example"),
        ("[limits]\nitems = 0", "optout.toml: limits.items is no number above zero", "Leave it"),
        ("[limits]\npause_seconds = inf", "limits.pause_seconds is no number above zero", ""),
        ("trusted_proxies = ['a']", "trusted_proxies is no network", "10.0.0.0/8"),
        ("trusted_proxies = [3]", "trusted_proxies is no network", "10.0.0.0/8"),
        ("trusted_proxies = 3", "optout.toml: trusted_proxies is no list", ""),
        (
            "trusted_proxies = ['::1', '10.0.0.1/8']",
            "optout.toml: trusted_proxies has a network with bits beyond its length",
            "Write 10.0.0.0/8 in place of 10.0.0.1/8.",
        ),
        ("mail = 3", "optout.toml: mail is no setting", ""),
        ("port = \nhost = 1", "optout.toml is not readable TOML in line 1", "Write each setting"),
        ("[metrics]\naccess = 'token'", "metrics.access asks for a token", "OPTOUT_METRICS_TOKEN"),
        ("[metrics]\ntoken = 'short'", "metrics.token is shorter than 16", ""),
        (
            "[mail]\nsecurity = 'none'\nusername = 'a'",
            "mail.security would send the password of mail.username in the clear",
            "starttls",
        ),
    ],
)
def test_what_cannot_be_is_named_with_its_place(text: str, message: str, advice: str) -> None:
    write(text)
    with pytest.raises(SettingRefused) as caught:
        load()
    assert message in caught.value.message
    assert advice in caught.value.advice


def test_what_cannot_be_is_said_in_our_words() -> None:
    said = set()
    for name in load().origins:
        for value in (-1, 1.5, True, "", "x", [], [1]):
            try:
                load({name: value})
            except SettingRefused as refused:
                said.add(refused.message)
    assert len(said) > 50
    assert [one for one in said if "nput" in one or "cannot be used" in one] == []


def test_a_variable_and_a_flag_are_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUT_LIMITS_ITEMS", "0")
    with pytest.raises(SettingRefused, match="OPTOUT_LIMITS_ITEMS is no number above zero"):
        load()
    monkeypatch.delenv("OPTOUT_LIMITS_ITEMS")
    with pytest.raises(SettingRefused, match="--log-level is none of"):
        load({"log_level": "loud"})
    monkeypatch.setenv("OPTOUT_MAIL_HOTS", "a")
    with pytest.raises(SettingRefused, match="OPTOUT_MAIL_HOTS is no setting") as caught:
        load()
    assert caught.value.advice == "The nearest is OPTOUT_MAIL_HOST."


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    for name, why in (("none.toml", "No such file"), (str(tmp_path), "Is a directory")):
        with pytest.raises(SettingRefused, match=f"cannot be read: {why}"):
            load(file=name)


def test_no_message_quotes_a_secret() -> None:
    for text in ("[mail]\npassword = 4711", "[mail]\npassword = opensesame", "x = 'opensesame'"):
        write(text)
        with pytest.raises(SettingRefused) as caught:
            load()
        assert "opensesame" not in str(caught.value) + caught.value.advice
        assert "4711" not in str(caught.value)


def test_what_holds_is_shown_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("[mail]\npassword = 'opensesame'\n[metrics]\ntoken = 'opensesame-opensesame'")
    monkeypatch.setenv("OPTOUT_REGISTRY", "postgresql://anna:opensesame@db.example/optout")
    assert main(["settings"]) == Exit.DONE
    words = capsys.readouterr().out
    assert main(["settings", "--json"]) == Exit.DONE
    document = json.loads(capsys.readouterr().out)["settings"]
    assert "opensesame" not in words + json.dumps(document)
    assert "opensesame" not in repr(load().settings)
    assert document["mail.password"] == {"value": "********", "from": "optout.toml: mail.password"}
    assert document["registry"]["value"] == "postgresql://anna:********@db.example/optout"
    assert document["port"] == {"value": 8000, "from": "default"}
    assert "OPTOUT_REGISTRY" in words


def test_serve_takes_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_KEYS", "")  # put back when the test ends
    monkeypatch.setattr("optout.api.http.logs.configure", lambda _: None)
    write("registry = 'none.db'\nport = 0\nkeys = 'held'", "mine.toml")
    assert main(["serve", "--settings", "mine.toml"]) == Exit.FAILED
    assert "none.db" in capsys.readouterr().err
    assert os.environ["OPTOUT_KEYS"] == "held"
