"""What operations answer with: JSON, and what the OpenAPI document says of their errors."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from .problems import MEDIA_TYPE, dump
from .schemas import PROBLEM_EXAMPLE


class Json(Response):
    """A JSON answer."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The document as bytes."""
        return dump(content)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the errors that an operation may answer with."""
    schema = {"$ref": "#/components/schemas/ProblemAnswer"}
    content: dict[str, Any] = {"schema": schema}
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 429, 500, 503}):
        shown = {**content, "example": PROBLEM_EXAMPLE} if status == 422 else content
        described[status] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: shown}}
        if status == 429:
            described[status]["headers"] = _RATES
    return described


_MEANINGS = {
    400: "The request cannot be read.",
    401: "The API key is missing, or nobody's.",
    403: "A page of another site has sent this; nothing was done.",
    404: "There is no such thing.",
    409: "The item's state does not allow this.",
    413: "The request is too large.",
    416: "No part of the file lies there.",
    415: "The content type is none that is taken here.",
    422: "Something in the request is refused; nothing was changed. `errors` says where and why.",
    429: "This is asked too often; Retry-After says after how many seconds it may be.",
    500: "Something unforeseen went wrong.",
    503: "Too much is under way, or the registry cannot be reached.",
}

_RATES: dict[str, Any] = {
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "RateLimit": {
        "description": "What is left (`r`), and after how many seconds there is more (`t`).",
        "schema": {"type": "string"},
        "example": '"registering";r=0;t=540',
    },
    "RateLimit-Policy": {
        "description": "How many requests (`q`) are let through in how many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"registering";q=60;w=600',
    },
}
