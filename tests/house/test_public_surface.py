"""Every public name is listed in its package's `__all__`, exists, and says what it means."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(
    ".".join(("optout", *path.parent.relative_to(ROOT).parts))
    for wing in ("registry", "filter", "api")
    for path in (ROOT / wing).rglob("__init__.py")
    if "versions" not in path.parts
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_it_is(package: str) -> None:
    assert inspect.getdoc(importlib.import_module(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_listed_and_exist(package: str) -> None:
    module = importlib.import_module(package)
    listed = list(getattr(module, "__all__", []))
    for name in listed:
        assert hasattr(module, name), f"{package}.__all__ lists {name}, which does not exist"
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", "").startswith("optout.")
    }
    assert public <= set(listed), f"{package} shows names that it does not list"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_documented(package: str) -> None:
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", []):
        value = getattr(module, name)
        if not (inspect.isclass(value) or inspect.isroutine(value)):
            continue
        assert value.__doc__, f"{package}.{name} has no docstring"
        if not inspect.isclass(value):
            continue
        for member, attribute in vars(value).items():
            if member.startswith("_") or not (
                inspect.isroutine(attribute) or isinstance(attribute, property)
            ):
                continue
            assert inspect.getdoc(attribute), f"{package}.{name}.{member} has no docstring"


@pytest.mark.parametrize("wing", ["registry", "filter"])
def test_the_python_surface_is_written_down(wing: str) -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    for name in importlib.import_module(f"optout.{wing}").__all__:
        assert f"`{name}`" in page, f"docs/python.md does not mention {name}"
