"""What `pip install` puts on a machine is the whole house and nothing beside it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINGS = ("registry", "filter", "api")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


def folders_with_code() -> set[str]:
    return {
        ".".join(("optout", *path.parent.relative_to(ROOT).parts))
        for wing in WINGS
        for path in (ROOT / wing).rglob("__init__.py")
    }


def test_every_package_is_listed() -> None:
    assert set(SETUPTOOLS["packages"]) == folders_with_code()


def test_every_package_is_mapped_to_its_folder() -> None:
    mapping = SETUPTOOLS["package-dir"]
    for package in SETUPTOOLS["packages"]:
        wing = ".".join(package.split(".")[:2])
        tail = package.split(".")[2:]
        folder = mapping.get(package, "/".join([mapping[wing], *tail]))
        assert (ROOT / folder / "__init__.py").is_file(), f"{package} is mapped to {folder}"


def plain(name: str) -> str:
    return re.match(r"[\w.-]+", name)[0].lower().replace("_", "-")  # type: ignore[index]


def test_the_service_asks_for_nothing_that_it_does_not_import() -> None:
    imported = set[str]()
    for path in (ROOT / "api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
    makers = packages_distributions()
    needed = {plain(maker) for name in imported for maker in makers.get(name, [])}
    extra = PYPROJECT["project"]["optional-dependencies"]["serve"]
    # uvicorn does not ask for what the one of its protocols stands on that is used here.
    assert {plain(name) for name in extra} - needed == {"httptools"}


MADE_HERE = {"__pycache__", "__kernels__"}
"""Folders of what is compiled on a machine."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    # setuptools builds inside the source tree and would keep what was there before.
    source = tmp_path_factory.mktemp("source")
    for wing in WINGS:
        shutil.copytree(ROOT / wing, source / wing, ignore=shutil.ignore_patterns(*MADE_HERE))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(out.glob("optout-*.whl")))


def test_the_wheel_holds_every_file_of_the_house(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("optout/")}
    here = {
        f"optout/{path.relative_to(ROOT).as_posix()}"
        for wing in WINGS
        for path in (ROOT / wing).rglob("*")
        if path.is_file() and not MADE_HERE & set(path.parts)
    }
    assert shipped == here


def test_the_wheel_holds_nothing_outside_its_namespace(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert all(top == "optout" or top.endswith(".dist-info") for top in tops)
