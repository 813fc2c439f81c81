"""What stands in JSON that a column holds as text."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from .paths import JSON, OPENINGS

DEEPEST = 256
"""Lists and objects within each other, at most. Without a bound, Python's would hold: its stack's,
which leaves more room to one caller than to another."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


class Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object, in order: of a name that stands twice, both."""


class BrokenJsonError(ValueError):
    """A text that should be JSON is none."""


def parsed(data: bytes) -> Any:  # noqa: ANN401  # whatever the JSON holds
    """The value that a text in JSON stands for.

    Raises:
        BrokenJsonError: it is none.
    """
    try:
        # No number is looked at, and of a million digits Python would read none.
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=Members, parse_int=len, parse_float=len
        )
    except (ValueError, RecursionError) as fault:
        raise BrokenJsonError(str(fault)) from fault
    if _is_too_deep(data):
        raise BrokenJsonError("its lists and objects lie too deep in each other")
    return value


def _is_too_deep(data: bytes) -> bool:
    """Whether what is known to be JSON lies deeper in itself than is looked."""
    if data.count(b"[") + data.count(b"{") <= DEEPEST:
        return False
    signs = np.frombuffer(_STRING.sub(b"", data), np.uint8)
    opened = (signs == ord("[")) | (signs == ord("{"))
    closed = (signs == ord("]")) | (signs == ord("}"))
    return bool(np.cumsum(opened.astype(np.int32) - closed, dtype=np.int32).max() > DEEPEST)


def _begins(data: bytes) -> bool:
    """Whether a text begins as a JSON object or list does."""
    return data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"[")


def holds_json(data: bytes) -> bool:
    """Whether a text is a JSON object or list."""
    if not _begins(data):
        return False
    try:
        parsed(data)
    except BrokenJsonError:
        return False
    return True


def texts_at(value: Any, tail: str) -> Iterator[bytes | None]:  # noqa: ANN401  # as above
    """The texts at a path inside a JSON value.

    Args:
        value: as `parsed` gives it.
        tail: the rest of a path, such as `[].src`; empty for the value itself.

    Yields:
        A text in UTF-8; None for anything else that stands there.

    Raises:
        BrokenJsonError: the path leads through JSON in a text of this JSON, and that is broken.
    """
    if not tail:
        yield as_utf8(value) if isinstance(value, str) else None
    elif tail.startswith("[]"):
        for item in value if isinstance(value, list) else ():
            yield from texts_at(item, tail[2:])
    elif tail.startswith(JSON):
        if isinstance(value, str) and value:
            yield from texts_at(parsed(as_utf8(value)), tail[len(JSON) :])
    elif tail.startswith(".") and isinstance(value, Members):
        for name, item in value:
            rest = tail[1 + len(name) :]
            if tail.startswith(name, 1) and (not rest or rest.startswith(OPENINGS)):
                yield from texts_at(item, rest)


def texts_of(value: Any, path: str) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401  # as above
    """Every text of a JSON value with its path, which begins with `path`."""
    if isinstance(value, str):
        yield path, as_utf8(value)
    elif isinstance(value, Members):
        for name, item in value:
            yield from texts_of(item, f"{path}.{name}")
    elif isinstance(value, list):
        below = f"{path}[]"  # once: it may be long, and the items many
        for item in value:
            yield from texts_of(item, below)


def texts_anywhere(value: Any, path: str, depth: int) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401
    """Every text of a JSON value with its path, those of JSON in its texts too.

    Args:
        value: as `parsed` gives it.
        path: where it stands.
        depth: JSON in texts is looked into so deep.
    """
    for below, text in texts_of(value, path):
        yield below, text
        if depth and _begins(text):
            try:
                inner = parsed(text)
            except BrokenJsonError:
                continue
            yield from texts_anywhere(inner, below + JSON, depth - 1)


def as_utf8(text: str) -> bytes:
    """A text's bytes; half of a surrogate pair gives bytes that are no UTF-8, and seen as such."""
    return text.encode("utf-8", "surrogatepass")
