"""`optout serve`: what is refused before anything listens, and where links lead."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from optout.api.cli import main
from optout.api.cli.exits import Exit


@pytest.mark.parametrize(
    "address",
    ["", "optout.example", "ftp://a.example", "https://", "https://a@b.example", "https://a/?b"],
)
def test_a_public_address_that_is_none_is_refused(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--public-url", address]) == Exit.USAGE
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"optout: --public-url {address!r} is no address of a service"
    assert second.strip() == "Write it as https://optout.example."


def test_links_lead_where_people_reach_the_service(new_registry: Callable[[], Path]) -> None:
    public = "https://optout.example/no"
    command = [sys.executable, "-m", "optout.api.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, "--public-url", public, "--registry", str(new_registry())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = "".join(iter(process.stdout.readline, "}\n")) + "}"
            items = [{"kind": "url", "value": "anna.example/a"}]
            answer = httpx2.post(f"{json.loads(told)['address']}/v1/cases", json={"items": items})
            assert answer.json()["link"].startswith(f"{public}/case/")
        finally:
            process.terminate()
    assert process.returncode == Exit.DONE


def test_links_in_letters_lead_to_the_port_that_was_taken(
    new_registry: Callable[[], Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "optout.api.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, "--registry", str(new_registry()), "--state", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["address"]
            items = [{"kind": "url", "value": "anna.example/a"}]
            case = httpx2.post(f"{address}/v1/cases", json={"items": items}).json()
            httpx2.put(
                f"{address}/v1/cases/{case['case']}/contact",
                json={"address": "anna@mail.example", "language": "en", "news": ["excluded"]},
                headers={"Authorization": f"Bearer {case['secret']}"},
            ).raise_for_status()
            until = time.monotonic() + 30
            while not (letters := list(tmp_path.rglob("*.eml"))) and time.monotonic() < until:
                time.sleep(0.1)
        finally:
            process.terminate()
    (letter,) = letters
    assert f"{address}/case/" in letter.read_text()


@pytest.mark.parametrize(("trusted", "scheme"), [("", "http"), ('"127.0.0.1"', "https")])
def test_what_a_proxy_says_is_believed_where_it_is_trusted(
    new_registry: Callable[[], Path], tmp_path: Path, trusted: str, scheme: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'registry = "{new_registry()}"\nport = 0\ntrusted_proxies = [{trusted}]')
    command = [sys.executable, "-m", "optout.api.cli", "serve", "--json", "--settings", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            answer = httpx2.post(
                f"{told['address']}/v1/cases",
                json={"items": [{"kind": "url", "value": "anna.example/a"}]},
                headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"},
            )
        finally:
            process.terminate()
    assert answer.json()["link"].startswith(f"{scheme}://127.0.0.1")


def test_every_request_leaves_one_line_of_json(
    new_registry: Callable[[], Path], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'registry = "{new_registry()}"\nport = 0\nlog_level = "error"')
    command = [sys.executable, "-W", "error", "-m", "optout.api.cli", "serve", "--json"]
    with subprocess.Popen(
        [*command, "--settings", str(file), "--log-level", "info"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            told = "".join(iter(process.stdout.readline, "}\n")) + "}"
            httpx2.get(f"{json.loads(told)['address']}/v1/cases/K7WQ-2MZD?anna")
        finally:
            process.terminate()
        said = process.stderr.read()
    assert process.returncode == Exit.DONE
    assert "letters go into optout.state/outbox" in said
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [(line["route"], line["status"]) for line in lines] == [("/v1/cases/{case}", 401)]
    assert "K7WQ" not in said
    assert "127.0.0.1" not in said.partition("Ctrl-C")[2]
