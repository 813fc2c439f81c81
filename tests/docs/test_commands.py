"""The commands on the service's own pages do what the pages say, on a corpus and a service."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from html import unescape
from pathlib import Path

import pytest
import typer
from fastapi.testclient import TestClient
from optout.api.cli.entry import application
from optout.api.http import create_app
from optout.registry import Registry

from .conftest import run, served

PAGES = ("registry", "engineers", "auditors")
CODE = re.compile(r'<pre class="(session|program)"[^>]*><code>(.*?)</code></pre>', re.DOTALL)
LINE = re.compile(r'<span class="line">|</span>')
SENT = "optout report"
"""Needs a key of a partner: its options alone are looked at; docs/serving.md sends one."""


def shown(address: str, page: str, language: str) -> list[tuple[str, str]]:
    """The sessions and programs of a page."""
    request = f"{address}/{page}?lang={language}"
    with urllib.request.urlopen(request) as answer:
        return shown_in(answer.read().decode())


def shown_in(html: str) -> list[tuple[str, str]]:
    return [(kind, unescape(LINE.sub("", text))) for kind, text in CODE.findall(html)]


def commands(blocks: list[tuple[str, str]]) -> list[str]:
    lines = [line for kind, text in blocks if kind == "session" for line in text.splitlines()]
    assert not any(line.startswith("$") for line in lines), "the prompt would be copied, too"
    return lines


@pytest.mark.long
def test_every_command_of_every_page_runs(
    played: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "optout-demo"
    shutil.copytree(played, place)
    shutil.rmtree(place / "clean", ignore_errors=True)
    shutil.rmtree(place / "clean.optout", ignore_errors=True)
    with served(place, environment) as address:
        ran = set()
        # Auditors check what engineers have made.
        for page in ("registry", "engineers", "auditors"):
            blocks = shown(address, page, "en")
            assert commands(shown(address, page, "fr")) == commands(blocks)
            for command in commands(blocks):
                assert address in command or "http" not in command or "anna.example" in command
                if command in ran or command.startswith(SENT):
                    continue
                run(command, place, environment)
                ran.add(command)
            for text in (text for kind, text in blocks if kind == "program"):
                program = [sys.executable, "-c", text]
                subprocess.run(program, cwd=place, env=environment, check=True, timeout=240)
        assert len(ran) > 6


def test_every_option_of_every_command_is_one(tmp_path: Path) -> None:
    Registry.create(tmp_path / "optout.db").close()
    group = typer.main.get_command(application())
    with TestClient(create_app(tmp_path / "optout.db")) as client:
        told = [command for page in PAGES for command in commands(shown_in(client.get(page).text))]
    ours = [shlex.split(command) for command in told if command.startswith("optout ")]
    assert any(words[1] == "report" for words in ours)
    for _, name, *arguments in ours:
        command = group.get_command(None, name)  # type: ignore[attr-defined]  # a group has it
        assert command is not None, name
        command.make_context(name, list(arguments))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_no_command_that_its_guide_does_not(page: str) -> None:
    root = Path(__file__).resolve().parents[2]
    template = (root / "api" / "pages" / "templates" / f"{page}.html").read_text()
    documents = "".join(path.read_text() for path in (root / "docs").glob("*.md"))
    for name in set(re.findall(r'"optout ([a-z]+)', template)):
        assert f"optout {name}" in documents
