"""Requests that may be sent again without doing their work twice.

As draft-ietf-httpapi-idempotency-key-header says: the client sends a key of its own choice, a
string of RFC 8941. The same request with the same key is answered as the first one was, for a day.
"""

from __future__ import annotations

import re
from typing import Any

from optout.api.errors import UnreadableBody
from starlette.requests import Request

NAME = "Idempotency-Key"
REPLAYED = {"Idempotency-Replayed": "true"}
"""The header of an answer that was given before."""

LEAST = 22
"""Characters of a key at least: 128 random bits in base64."""

MOST = 200
"""Characters of a key at most."""

_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # RFC 8941, section 3.3.3

PARAMETER: dict[str, Any] = {
    "name": NAME,
    "in": "header",
    "required": False,
    "description": (
        "A string of your choice in double quotes, new and random for each request, such as a "
        "UUID. Whoever sends the same request with it again within a day gets the first answer, "
        "and nothing is done twice."
    ),
    "schema": {"type": "string", "pattern": r'^"[ !#-\[\]-~]{22,200}"$'},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}
"""The OpenAPI description of the key."""

REPLAYED_HEADER: dict[str, Any] = {
    "Idempotency-Replayed": {
        "description": "Whether this answer was given before, to the same request.",
        "schema": {"type": "string", "const": "true"},
    }
}
"""The OpenAPI description of the header of an answer that was given before."""


def key_of(request: Request) -> str:
    """The key that a request came with; empty where it has none.

    Raises:
        UnreadableBody: it is no string, or too short or too long.
    """
    given = request.headers.getlist(NAME)
    if not given:
        return ""
    found = _STRING.fullmatch(given[0].strip(" ")) if len(given) == 1 else None
    key = re.sub(r"\\(.)", r"\1", found[1]) if found else ""
    if not LEAST <= len(key) <= MOST:
        raise UnreadableBody(
            f"the header {NAME} is no quoted string of {LEAST} to {MOST} characters",
            "Put a random one in double quotes: "
            'Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"',
        )
    return key
