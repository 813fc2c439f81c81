"""What the service notes of itself: JSON lines on stderr, and nothing that is personal in them.

A request leaves its method, the *template* of its route, its status, how long it took, and an
identity made here. Its path may hold a case number, its query and headers anything, its sender's
address is personal: none of them is ever handed to a logger.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import traceback
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
UNKNOWN = "(none)"
"""The route of a request that no route takes, and the method of one that is none."""

_OURS = "optout"
_QUIET = ("uvicorn", "sqlalchemy", "alembic", "asyncio")
_SIGNS_OF_LIFE = frozenset({"/healthz", "/readyz", "/metrics"})
_CONVERTER = re.compile(r":\w+\}")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as far as anybody may know of it afterwards.

    Attributes:
        method: one of `METHODS`, or `(none)`.
        route: the template of its route, such as `/v1/cases/{case}`, or `(none)`.
        status: of the answer; 0 where its sender went away first.
        seconds: how long it took to answer.
    """

    method: str
    route: str
    status: int
    seconds: float


def configure(level: str, stream: TextIO | None = None) -> None:
    """Let everything that is logged leave as JSON lines.

    Args:
        level: the least that is logged: `debug`, `info`, `warning` or `error`.
        stream: stderr by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, _only_ours],
            processors=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _only_ours(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Keep of a line that a library writes its place only: its words may quote a request."""
    record: logging.LogRecord = event["_record"]
    event["logger"] = record.name
    if record.name.partition(".")[0] != _OURS:
        event["event"] = "a library has something to say"
        event["place"] = f"{'/'.join(Path(record.pathname).parts[-3:])}:{record.lineno}"
    fault = event.pop("exc_info", None)
    if isinstance(fault, tuple) and fault[1] is not None:
        event["error"] = _where(fault[1])
    event.pop("stack_info", None)
    # An error's own words must not come out by another door.
    record.exc_info = record.exc_text = record.stack_info = None
    seen = getattr(record, "seen", None)
    if isinstance(seen, Seen):
        event.update(
            method=seen.method,
            route=seen.route,
            status=seen.status,
            milliseconds=round(seen.seconds * 1000, 1),
        )
    return event


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = (f"{'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {', '.join(places)}"


log = logging.getLogger("optout.api.http.requests")


class RequestLog:
    """Notes every request once it is answered, and tells those who count.

    Args:
        app: what answers.
        told: called with every request that was seen.
    """

    def __init__(self, app: ASGIApp, told: Sequence[Callable[[Seen], None]] = ()) -> None:
        self._app = app
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 0, perf_counter()
        # Never one that the request brings: it could be a name.
        identity = secrets.token_hex(8)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = identity
            await send(message)

        with structlog.contextvars.bound_contextvars(request=identity):
            try:
                await self._app(scope, receive, noting)
            finally:
                method = scope["method"]
                seen = Seen(
                    method if method in METHODS else UNKNOWN,
                    template_of(scope),
                    status,
                    perf_counter() - begun,
                )
                level = logging.DEBUG if seen.route in _SIGNS_OF_LIFE else logging.INFO
                log.log(level, "request", extra={"seen": seen})
                for tell in self._told:
                    tell(seen)


def template_of(scope: Scope) -> str:
    """The template of the route that took a request, such as `/v1/cases/{case}`."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return _CONVERTER.sub("}", str(template)) if template else UNKNOWN
