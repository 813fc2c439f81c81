"""JSON that is signed, hashed or compared: two byte-exact forms and nothing between them.

`canonical` is RFC 8785, for what is hashed or logged. `render` is for files that people open
too: sorted keys, two spaces, one line feed at the end. `parse` accepts only the exact bytes that
`render` makes, so that a changed byte is noticed even where it changes no value.
"""

from __future__ import annotations

import json
from contextlib import suppress
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, cast

import orjson
import rfc8785
from optout.registry.errors import OptOutError

Document = dict[str, Any]

_MOST = 2**53 - 1
"""The largest whole number that RFC 8785 can write."""

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_DEEPEST = 8
"""Levels of what is laid out at once: it grows by so many times at most."""

_WORDS = {None: "null", True: "true", False: "false"}

_RENDERED = json.JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)


def canonical(document: object) -> bytes:
    """The RFC 8785 serialisation of a JSON value (UTF-8, no line feed).

    Raises:
        ValueError: a number, a string or a type has no such form.
        RecursionError: it is nested too deeply.
    """
    # A log is millions of records. Of plain values orjson makes the same bytes in a tenth of the
    # time; whatever has rules of its own is left to the library of the RFC.
    if _is_plain(document):
        with suppress(orjson.JSONEncodeError):  # half a surrogate pair, or nested deeply
            return orjson.dumps(document, option=_CANONICAL)
    return rfc8785.dumps(document)  # type: ignore[arg-type]  # any JSON value; it checks itself


def render(document: Document) -> bytes:
    """The one form in which optout writes JSON files that people may open."""
    try:
        text = _laid_out(document, 0)
    except _NotPlainError:
        text = _RENDERED.encode(document)
    return text.encode() + b"\n"


def parse(data: bytes, name: str, *, error: type[OptOutError] = OptOutError) -> Document:
    """Read back what `render` wrote.

    Args:
        data: the file's bytes.
        name: what to call the file in a message.
        error: the class of error to raise.

    Raises:
        error: the bytes are not JSON, not an object, or not exactly what `render` makes.
    """
    try:
        document = json.loads(data)
        exact = isinstance(document, dict) and _is_rendered(document, data)
    except (ValueError, RecursionError) as fault:
        raise error(f"{name} is not readable JSON", "Restore it, or make it again.") from fault
    if not exact:
        raise error(f"{name} is not in the form optout writes", "Restore it, or make it again.")
    return document  # type: ignore[no-any-return]  # `exact` holds only for a dict


def _is_plain(value: object) -> bool:
    """Whether a value is made of what orjson writes as RFC 8785 says."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -_MOST <= value <= _MOST  # type: ignore[operator]  # an int
    if kind is dict:
        for key, held in value.items():  # type: ignore[attr-defined]  # a dict
            # RFC 8785 sorts keys by UTF-16, orjson by UTF-8: of ASCII that is one order.
            if type(key) is not str or not key.isascii() or not _is_plain(held):
                return False
        return True
    return kind is list and all(map(_is_plain, value))  # type: ignore[call-overload]  # a list


class _NotPlainError(Exception):
    """A value that `_laid_out` leaves to the library."""


def _laid_out(value: object, depth: int) -> str:
    """What the library's encoder makes of plain values, a few levels deep.

    A decision may name a hundred thousand entries, and with indentation that encoder is Python's
    slow one, a generator within generators.

    Raises:
        _NotPlainError: it is to be asked.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(cast("str", value))
    if kind is int:
        return str(value)
    if kind is bool or value is None:
        return _WORDS[cast("bool | None", value)]
    if depth == _DEEPEST or kind not in (dict, list):
        raise _NotPlainError
    if not value:
        return "{}" if kind is dict else "[]"
    margin = "\n" + "  " * depth
    if kind is list:
        parts = [f"{margin}  {_laid_out(held, depth + 1)}" for held in cast("list[object]", value)]
        return f"[{','.join(parts)}{margin}]"
    members = cast("Document", value)
    if any(type(key) is not str for key in members):
        raise _NotPlainError
    parts = [
        f"{margin}  {encode_basestring(key)}: {_laid_out(held, depth + 1)}"
        for key, held in sorted(members.items(), key=itemgetter(0))
    ]
    return f"{{{','.join(parts)}{margin}}}"


def _members(value: object) -> int:
    """How many members a value has, and theirs, as many levels deep as it is laid out."""
    count, level = 0, [value]
    for _ in range(_DEEPEST):
        held: list[object] = []
        for each in level:
            if isinstance(each, dict):
                held.extend(each.values())
            elif isinstance(each, list):
                held.extend(each)
        count += len(held)
        level = [each for each in held if isinstance(each, dict | list)]
    return count


def _is_rendered(document: Document, data: bytes) -> bool:
    """Whether `render` makes these bytes; it is not asked for more than the first wrong ones.

    A few bytes that nest deeply would become gigabytes of indentation.
    """
    # Laid out, every member has a line of its own: with more lines than these it is another.
    if _members(document) > data.count(b"\n"):
        return False
    try:
        return (_laid_out(document, 0) + "\n").encode() == data
    except _NotPlainError:
        pass
    at = 0
    for piece in _RENDERED.iterencode(document):
        encoded = piece.encode()
        if not data.startswith(encoded, at):
            return False
        at += len(encoded)
    return data[at:] == b"\n"
