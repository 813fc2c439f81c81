"""JSON that is signed, hashed or compared: two byte-exact forms and nothing between them.

`canonical` is RFC 8785, for what is hashed or logged. `render` is for files that people open
too: sorted keys, two spaces, one line feed at the end. `parse` accepts only the exact bytes that
`render` makes, so that a changed byte is noticed even where it changes no value.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

from optout.registry.errors import OptOutError

Document = dict[str, Any]


def canonical(document: object) -> bytes:
    """The RFC 8785 serialisation of a JSON value (UTF-8, no line feed)."""
    return rfc8785.dumps(document)  # type: ignore[arg-type]  # any JSON value; it checks itself


def render(document: Document) -> bytes:
    """The one form in which optout writes JSON files that people may open."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
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
        exact = isinstance(document, dict) and render(document) == data
    except (ValueError, RecursionError) as fault:
        raise error(f"{name} is not readable JSON", "Restore it, or make it again.") from fault
    if not exact:
        raise error(f"{name} is not in the form optout writes", "Restore it, or make it again.")
    return document  # type: ignore[no-any-return]  # `exact` holds only for a dict
