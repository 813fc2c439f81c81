"""Every line of the threat model names tests that show it, and they exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threats.md"
HEAD = "| threat | what stops it | shown by |"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def defined_in(path: str) -> frozenset[str]:
    """The tests that a file defines, which is read and not run."""
    if not (ROOT / path).is_file():
        return frozenset()
    body = ast.parse((ROOT / path).read_text()).body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in body if isinstance(node, kinds))


def faults(text: str) -> list[str]:
    """What is wrong with the tables of a page: tests that are missing, and lines that name none."""
    found = []
    for line in text.splitlines():
        if not line.startswith("|") or line == HEAD or set(line) <= set("|-"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        named = NAMED.findall(cells[-1])
        rest = NAMED.sub("", cells[-1]).strip(" ,")
        if len(cells) != 3 or not all(cells) or not named or rest:
            found.append(f"no line of threat, defence and tests: {line}")
        found += [f"{path} has no {name}" for path, name in named if name not in defined_in(path)]
    return found


def test_every_line_names_tests_that_exist() -> None:
    text = PAGE.read_text()
    assert faults(text) == []
    assert text.count(HEAD) >= 8
    assert len(NAMED.findall(text)) > 100


HERE = "tests/docs/test_threats.py"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"| a | b | `{HERE}::test_every_line_names_tests_that_exist` |", 0),
        (f"| a | b | `{HERE}::test_every_line_names_tests_that_exist`, `{HERE}::test_none` |", 1),
        ("| a | b | `tests/docs/none.py::test_none` |", 1),
        ("| a | b | by looking |", 1),
        (f"| a |  | `{HERE}::test_every_line_names_tests_that_exist` |", 1),
        (f"| a | `{HERE}::test_every_line_names_tests_that_exist` |", 1),
        (f"| a | b | `{HERE}::test_every_line_names_tests_that_exist` and more |", 1),
        (f"| a | b | `{HERE}::defined_in` |", 1),
    ],
)
def test_what_is_wrong_with_a_line_is_found(line: str, found: int) -> None:
    assert len(faults(line)) == found
