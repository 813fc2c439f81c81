"""Every example in the README and in docs/ is run, and what it prints is what stands there.

A `console` block is a shell session: each `$` line is typed in the folder that `optout demo`
makes, and the lines under it are compared, `…` standing for anything. A `python` block is a
program of its own. Where one speaks to https://optout.example, the folder's registry is served.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import run, served

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SERVICE = "https://optout.example"
FENCE = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced example."""

    page: Path
    line: int
    language: str
    text: str

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """The commands of a session, each with the lines that shall follow."""
        command, shown = "", list[str]()
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            else:
                shown.append(line)
        yield command, shown


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def pattern(shown: list[str]) -> str:
    lines = "\n".join(line.rstrip() for line in shown).strip("\n")
    return re.escape(lines).replace("…", r"[\s\S]*?")


def tidy(printed: str) -> str:
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


LONG = {"reach.md"}
"""Pages whose examples take more than half a minute."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=[pytest.mark.long] if p.name in LONG else [], id=p.name) for p in PAGES],
)
def test_every_example_does_what_it_shows(
    page: Path, played: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "optout-demo"
    shutil.copytree(played, place)
    address = SERVICE
    with ExitStack() as stack:
        for block in blocks(page):
            if SERVICE in block.text and address == SERVICE:
                address = stack.enter_context(served(place, environment))
            if block.language == "python":
                program = subprocess.run(
                    [sys.executable, "-c", block.text.replace(SERVICE, address)],
                    cwd=place,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=240,
                )
                assert program.returncode == 0, f"{page.name}:{block.line}\n{program.stderr}"
                continue
            for command, shown in block.steps():
                printed = run(command.replace(SERVICE, address), place, environment)
                printed = printed.replace(address, SERVICE)
                if shown:
                    told = f"{page.name}:{block.line}\n$ {command}\n{printed}"
                    assert re.fullmatch(pattern(shown), tidy(printed)), told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_fence_says_what_it_is(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(), re.MULTILINE)
    assert len(fences) % 2 == 0
    opened = fences[0::2]
    assert set(opened) <= {"console", "python", "json", "text"}, "an example that no test runs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    for target in re.findall(
        r"\]\(([^)#]+)(?:#[^)]*)?\)|(?:src|href)=\"([^\"#]+)\"", page.read_text()
    ):
        link = target[0] or target[1]
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
