"""What stands inside strings that are JSON: `metadata{}[].src`.

`{}` after a leaf's path is the document in its value, `[]` an element of an array, and a dot goes
before a member's name. Only strings are values here; numbers match nothing. Of a name that stands
twice in one object every value is looked at. JSON in a string of JSON is a document of its own:
`meta{}.more{}.url`.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa

from .leaves import Rows, Values

MARK = "{}"

REST = f"{MARK}*"
"""Ends the path of what a plan looks for under every path of the documents of a leaf."""

DEEPEST = 3
"""Documents within documents are read so deep."""

DEEPEST_VALUE = 256
"""Arrays and objects within each other, at most; what is deeper cannot be judged."""

MAX_PATHS = 2000
"""Paths of one leaf that are told apart: where names are data, there is no end to them."""

Wanted = Callable[[str], bool]
LooksSo = Callable[[str, bytes], bool]


@dataclass
class Inside:
    """What stands inside the values of a leaf.

    Attributes:
        leaves: the strings, by path.
        documents: how many values are JSON.
        broken: int64, the row of every value that is none, neither null nor empty.
        passed: strings under more paths than are told apart.
    """

    leaves: list[Values] = field(default_factory=list)
    documents: int = 0
    broken: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    passed: int = 0


def wants(paths: Collection[str], leaf: str) -> bool:
    """Whether one of some paths leads into the documents of a leaf."""
    return any(path.startswith(leaf + MARK) and not path.endswith(REST) for path in paths)


def rest_over(paths: Collection[str], path: str) -> str | None:
    """The one of some paths that is the rest of the documents which a path leads into.

    A path that is among them is looked at by itself, and is no part of any rest.
    """
    if path in paths:
        return None
    around = (each for each in paths if each.endswith(REST))
    return next((each for each in around if path.startswith(each[:-1])), None)


def look_at_rest(leaf: Values, looks_so: LooksSo, paths: Collection[str]) -> Values:
    """The strings in the documents of a leaf that look like something, wherever they stand.

    Args:
        leaf: the documents; values that are none hold nothing.
        looks_so: whether a string, given with its path, does.
        paths: those that are looked at by themselves.
    """
    texts: list[bytes] = []
    rows: list[int] = []
    for row, value in zip(leaf.rows.tolist(), leaf.values, strict=True):
        waiting = [(value.as_py() or b"", leaf.path, 0)]
        while waiting:
            data, at, depth = waiting.pop()
            # A value may be a string of JSON by itself; within JSON that is one more string.
            looked_at = not depth or (depth < DEEPEST and _begins(data))
            document = read(data) if looked_at else None
            if document is None:
                continue
            for path, text in _strings(document.value, at + MARK):
                inner = text.encode("utf-8", "surrogatepass")
                waiting.append((inner, path, depth + 1))
                if path not in paths and looks_so(path, inner):
                    texts.append(inner)
                    rows.append(row)
    return Values(leaf.path + REST, pa.array(texts, pa.large_binary()), np.array(rows, np.int64))


def _begins(data: bytes) -> bool:
    return data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")


def look_inside(leaf: Values, wanted: Wanted | None = None) -> Inside:
    """Read the values of a leaf as JSON.

    Args:
        leaf: the values; those that are null or empty are passed over.
        wanted: which paths to hand over; all by default.
    """
    found: dict[str, tuple[list[bytes], list[int]]] = {}
    broken: list[int] = []
    inside = Inside()
    for row, value in zip(leaf.rows.tolist(), leaf.values, strict=True):
        data = value.as_py()
        if not data:
            continue
        document = read(data)
        if document is None:
            broken.append(row)
            continue
        inside.documents += 1
        for path, text in _strings(document.value, leaf.path + MARK):
            if wanted is not None and not wanted(path):
                continue
            if path not in found:
                if wanted is None and len(found) >= MAX_PATHS:
                    inside.passed += 1
                    continue
                found[path] = ([], [])
            # What no encoding has stays what it is: bytes that are no text.
            found[path][0].append(text.encode("utf-8", "surrogatepass"))
            found[path][1].append(row)
    inside.broken = np.array(broken, np.int64)
    inside.leaves = [
        Values(path, pa.array(texts, pa.large_binary()), np.array(rows, np.int64))
        for path, (texts, rows) in found.items()
    ]
    return inside


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value; arrays are lists, objects `Members`."""

    value: Any


class Members(list[tuple[str, Any]]):
    """The members of an object, in order; a name may stand twice."""


def read(data: bytes) -> Document | None:
    """Read JSON; None where it is none."""
    try:
        # No number is made of digits: a million of them are as good as one.
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=Members, parse_int=len, parse_float=len
        )
    except (ValueError, RecursionError):
        return None
    return None if _is_too_deep(value) else Document(value)


def _is_too_deep(value: Any) -> bool:  # noqa: ANN401  # JSON
    level = [value]
    for _ in range(DEEPEST_VALUE):
        inner = (part for each in level for part in _parts(each))
        level = [part for part in inner if isinstance(part, list)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Iterator[Any]:  # noqa: ANN401  # JSON
    if isinstance(value, Members):
        yield from (member for _, member in value)
    elif isinstance(value, list):
        yield from value


def _strings(document: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # JSON
    # The parts of each value are met one after another: their paths may be long, and many.
    waiting = [iter([(path, document)])]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            continue
        path, value = found
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, Members):
            waiting.append(_members(path, value))
        elif isinstance(value, list):
            waiting.append(zip(repeat(f"{path}[]"), value))


def _members(path: str, value: Members) -> Iterator[tuple[str, Any]]:
    return ((f"{path}.{name}", member) for name, member in value)
