"""Problem details (RFC 9457): the one shape of every error the API answers with.

`type` stays `about:blank`, so `title` is the status phrase; `detail` and `advice` are English
sentences, and `errors` points at each place of the request that is at fault.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from optout.api.errors import (
    BodyTooLarge,
    Busy,
    Fault,
    ItemsRefused,
    KeyMisplaced,
    ProofOver,
    SecretMissing,
    TooOften,
    UnreadableBody,
    UnsupportedBody,
    WorkerBroken,
)
from optout.registry.cases import CaseNotFound
from optout.registry.errors import OptOutError, RegistryError, TransitionError, UsageError
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"

MOST_FAULTS = 200
"""Places that one answer points at; its `detail` tells how many there are."""

STATUSES: dict[type[OptOutError], int] = {
    UnreadableBody: 400,
    SecretMissing: 401,
    KeyMisplaced: 403,
    CaseNotFound: 404,
    TransitionError: 409,
    ProofOver: 409,
    BodyTooLarge: 413,
    UnsupportedBody: 415,
    ItemsRefused: 422,
    UsageError: 422,
    TooOften: 429,
    Busy: 503,
    WorkerBroken: 503,
    RegistryError: 503,
}
"""The status of each error; the nearest ancestor counts, and any other error is a 500."""


# RFC 9110's names; Python before 3.13 has older ones.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="case"'}, 503: {"Retry-After": "60"}}


def status_of(error: OptOutError) -> int:
    """The HTTP status that an error of ours becomes."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def dump(document: object) -> bytes:
    """JSON as UTF-8; a lone surrogate, which UTF-8 cannot carry, stays an escape."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode(
        "utf-8", "backslashreplace"
    )


class Problem(Response):
    """An error, as `application/problem+json`."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        advice: str = "",
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": _TITLES.get(status) or HTTPStatus(status).phrase,
            "status": status,
        }
        if detail:
            document["detail"] = detail
        if advice:
            document["advice"] = advice
        if faults:
            # The answer to a request must not be many times as large as the request.
            document["errors"] = [
                {
                    name: value
                    for name, value in (
                        ("pointer", fault.pointer),
                        ("reason", fault.reason),
                        ("detail", fault.detail),
                        ("advice", fault.advice),
                    )
                    if value or name != "advice"
                }
                for fault in faults[:MOST_FAULTS]
            ]
        super().__init__(dump(document), status, dict(headers or {}))


def problem_of(error: OptOutError) -> Problem:
    """An error of ours as a problem; what lies inside the service stays inside."""
    status = status_of(error)
    if status == 404:
        return not_found()
    headers = _HEADERS.get(status)
    if isinstance(error, TooOften):
        headers = {"Retry-After": str(error.seconds)}
    if isinstance(error, UsageError | Busy):
        faults = error.faults if isinstance(error, ItemsRefused) else ()
        detail, advice = error.message, error.advice
        return Problem(status, detail, advice=advice, faults=faults, headers=headers)
    if status == 503:
        return Problem(503, "the registry cannot be reached right now", headers=headers)
    return Problem(500, "something unforeseen went wrong; it has been noted")


def not_found() -> Problem:
    """The one answer for a wrong case and for a wrong secret."""
    return Problem(
        404,
        "there is no such case with this secret",
        advice="Check the case number and the secret on the receipt.",
    )
