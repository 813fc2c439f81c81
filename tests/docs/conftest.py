"""A machine of the reader's own, the folder that `optout demo` makes, and a service on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine of the reader's own: nothing of the developer's is read or written."""
    home = tmp_path_factory.mktemp("home")
    scripts = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONWARNINGS": "error",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="session")
def played(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `optout demo` makes."""
    place = tmp_path_factory.mktemp("docs")
    run("optout demo", place, environment)
    return place / "optout-demo"


def run(command: str, place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-uo", "pipefail", "-c", command],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


@contextmanager
def served(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve the registry of a folder: where."""
    with subprocess.Popen(
        ["optout", "serve", "--port", "0", "--json"],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            told = "".join(takewhile(lambda line: line != "}\n", server.stdout)) + "}"
            yield json.loads(told)["address"]
        finally:
            server.terminate()
