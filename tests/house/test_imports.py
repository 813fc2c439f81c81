"""Imports run api -> filter -> registry, never back, and enter a package by its door."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINGS = ("registry", "filter", "api")
"""From the ground up: a wing may import itself and what stands before it."""

# What a room of the registry may stand on. A room that is not named here is a fault:
# whoever adds one says where it belongs.
REGISTRY_FLOORS = (
    {"errors", "documents", "durable", "compiled", "interpreter"},
    {"identifiers", "images", "log", "index"},
    {"lists", "snapshot", "store"},
    {"cases", "partners", "calibration"},
    {"registry"},
)


def modules() -> dict[str, Path]:
    """Every module of the project under the name it is imported by."""
    found = {}
    for wing in WINGS:
        for path in sorted((ROOT / wing).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(("optout", *parts))
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def is_package(name: str) -> bool:
    return MODULES[name].name == "__init__.py"


def package_of(name: str) -> str:
    return name if is_package(name) else name.rpartition(".")[0]


def shown_by(package: str) -> set[str]:
    """The names that a package lists in its `__all__`."""
    for node in ast.parse(MODULES[package].read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def imported_by(name: str) -> set[str]:
    """The project's modules that `name` imports anywhere, inside functions too."""
    targets = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            targets |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = package_of(name).split(".")
                anchor = anchor[: len(anchor) - node.level + 1]
                base = ".".join([*anchor, *filter(None, [base])])
            names = {alias.name for alias in node.names}
            # `from package import module` names the module; anything else names the package, and
            # so does a function that its package shows under the name of the module it lives in.
            if base in MODULES:
                names -= shown_by(base)
            submodules = {f"{base}.{each}" for each in names} & MODULES.keys()
            targets |= submodules
            if len(submodules) < len(node.names):
                targets.add(base)
    return {target for target in targets if target in MODULES} - {name}


def wing_of(name: str) -> int:
    return WINGS.index(name.split(".")[1])


@pytest.mark.parametrize("name", MODULES)
def test_imports_follow_the_arrow(name: str) -> None:
    upwards = {target for target in imported_by(name) if wing_of(target) > wing_of(name)}
    assert not upwards, f"{name} imports {upwards} from a wing above its own"


def is_compiled(name: str) -> bool:
    """Whether a module is a part of compiled functions: those are one program, and have no door."""
    return name.endswith("_kernels") or package_of(name) == "optout.registry.compiled"


@pytest.mark.parametrize("name", MODULES)
def test_a_package_is_entered_by_its_door(name: str) -> None:
    home = package_of(name)
    intrusions = {
        target
        for target in imported_by(name)
        if not is_package(target)
        and package_of(target) != home
        and not is_compiled(target)
        and package_of(target).count(".") > 1  # the modules of a wing's own folder are shared
        and not home.startswith(package_of(target) + ".")
        and not package_of(target).startswith(home + ".")
    }
    assert not intrusions, f"{name} reaches past the door of a package: {intrusions}"


def floor_of(name: str) -> int | None:
    room = name.split(".")[2] if name.count(".") > 1 else None
    if room is None:
        return len(REGISTRY_FLOORS)
    for number, rooms in enumerate(REGISTRY_FLOORS):
        if room in rooms:
            return number
    return None


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("optout.registry")])
def test_the_registry_stands_on_its_floors(name: str) -> None:
    floor = floor_of(name)
    assert floor is not None, f"say in REGISTRY_FLOORS where {name} belongs"
    for target in imported_by(name):
        below = floor_of(target)
        if below is not None:
            assert below <= floor, f"{name} imports {target} from a floor above its own"


def test_no_import_runs_in_a_circle() -> None:
    graph = {
        name: {
            # A package's __init__ only hands names on: it is no step of a circle.
            target
            for target in imported_by(name)
            if not is_package(target)
        }
        for name in MODULES
        if not is_package(name)
    }
    graphlib.TopologicalSorter(graph).prepare()


def test_no_package_depends_on_one_that_depends_on_it() -> None:
    graph: dict[str, set[str]] = {}
    for name in MODULES:
        home = package_of(name)
        if home.count(".") < 2:
            continue
        for target in imported_by(name):
            other = package_of(target)
            nested = other.startswith(home + ".") or home.startswith(other + ".")
            if other != home and other.count(".") > 1 and not nested:
                graph.setdefault(home, set()).add(other)
    graphlib.TopologicalSorter(graph).prepare()
