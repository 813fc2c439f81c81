"""A registry of one's own for every test, and things to register."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from optout.registry import Identifier, Registry
from optout.registry.errors import PictureError

BOTH = {"store", "cases", "partners", "registry"}
"""Folders whose tests hold on both databases."""


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new registry, to be copied: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("empty")
    Registry.create(folder / "optout.db", origin="log.example/test").close()
    return folder


@pytest.fixture
def database(empty_registry: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    shutil.copytree(empty_registry, folder)
    return folder / "optout.db"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What holds for a registry holds on both databases, unless the test asks for a file."""
    if "location" not in metafunc.fixturenames:
        return
    both = metafunc.definition.path.parent.name in BOTH
    kinds = ["sqlite", "postgresql"] if both and "database" not in metafunc.fixturenames else []
    metafunc.parametrize("location", kinds or ["sqlite"], indirect=True)


@pytest.fixture
def location(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Where a registry of one's own lies."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("database"))
    folder = tmp_path / "keys"
    folder.mkdir()
    monkeypatch.setenv("OPTOUT_KEYS", str(folder))
    server = request.getfixturevalue("postgres")
    made: str = server.new_registry(folder)
    request.addfinalizer(lambda: server.drop(made))  # noqa: PT021  # one of two databases
    return made


@pytest.fixture
def registry(location: str) -> Iterator[Registry]:
    with Registry.open(location) as opened:
        yield opened


def picture(seed: int) -> Identifier:
    """A picture by a hash that its sender made."""
    numbers = random.Random(seed)
    while True:
        bits = [1] * 127 + [0] * 128
        numbers.shuffle(bits)
        number = int("1" + "".join(map(str, bits)), 2)
        try:
            return Identifier.image_phash256(f"{number:064x}")
        except PictureError:
            continue


@pytest.fixture(scope="session")
def mixed() -> list[Identifier]:
    """Some of every kind."""
    return [
        *(Identifier.url(f"https://anna.example/{number}.jpg") for number in range(40)),
        *(Identifier.site(f"gallery{number}.example") for number in range(20)),
        *(Identifier.file_sha256(f"{number:064x}") for number in range(20)),
        *(picture(number) for number in range(40)),
    ]


@pytest.fixture
def run_python() -> Callable[..., str]:
    """Run a program in a process of its own, and give back what it printed."""

    def run(program: str, *, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return run
