"""`optout serve`: what is refused before anything listens, and where links lead."""

from __future__ import annotations

import json
import subprocess
import sys
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
