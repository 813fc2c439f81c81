"""Around everything: headers that protect, a ceiling on bodies, and an end for every error.

Pure ASGI, so that nothing is buffered and bodies without a length are counted as they arrive.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

from optout.api.errors import BodyTooLarge, UnreadableBody
from optout.api.places import where
from optout.api.service import MULTIPART, Limits, media_type
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("optout.api.http")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # What is personal must not be kept by anybody on the way; the rest says otherwise itself.
    "Cache-Control": "no-store",
}
_HOST = re.compile(r"^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$")

BULK_PATH = "/api/v2/query/urls/"
"""Where bodies are many addresses, which may be larger than other words."""

REPORTS_PATH = "/v1/reports"
"""Where bodies are reports, which name many entries."""

UPLOADS_PATH = "/v1/uploads"
"""Where bodies are whole lists, which go to a file."""

LOOK_UP_PATH = "/look-up"
"""Where a page sends what it asks about, which changes nothing."""

PICTURE_PATHS = frozenset({"/", LOOK_UP_PATH, "/v1/cases"})
"""Where forms bring pictures: bodies as large as those hold a place wherever they are read."""

Failure = Callable[[Request, int], Response]
"""Makes the answer for a status that no handler has answered."""


class Guard:
    """Sets the headers, refuses a malformed host, and ends unforeseen errors.

    An unforeseen error is noted by its type and place in the code only: its message may quote
    what a person has sent, and so may a traceback.
    """

    def __init__(self, app: ASGIApp, failure: Failure) -> None:
        self._app = app
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope, receive)
        try:
            # The host ends up in links: an odd one is a mistake or an attack.
            if not _HOST.match(request.headers.get("host", "localhost")):
                scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"host"]
                await self._failure(request, 400)(scope, receive, guarded)
            elif _is_sent_by_another_site(request):
                await self._failure(request, 403)(scope, receive, guarded)
            else:
                await self._app(scope, receive, guarded)
        except ClientDisconnect:
            return
        except Exception as error:  # whatever it is, it ends here
            log.error("%s", where(error))
            if not started:
                await self._failure(request, 500)(scope, receive, guarded)


def _is_sent_by_another_site(request: Request) -> bool:
    # Browsers say so themselves (Fetch Metadata), and pages cannot. There is no cookie to abuse,
    # but a foreign page must not let its visitors fill the log.
    return request.method == "POST" and request.headers.get("sec-fetch-site") == "cross-site"


class BodyCeiling:
    """Stops bodies that are too large or too slow, with or without a Content-Length.

    What lies beyond the ceiling is read and thrown away up to a second ceiling, because a browser
    that is still sending shows its own error page instead of ours.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = media_type(headers.get("content-type", "")) == MULTIPART
        pictures = is_form and scope["path"] in PICTURE_PATHS
        ceiling = self._limits.body if pictures else self._limits.words
        if scope["path"] == BULK_PATH:
            ceiling = self._limits.addresses_body
        elif scope["path"] == REPORTS_PATH:
            ceiling = self._limits.report
        elif scope["path"] == UPLOADS_PATH:
            ceiling = self._limits.whole_list
        counted = _Counted(receive, ceiling, headers, self._limits)
        await self._app(scope, counted.receive, send)


class _Counted:
    def __init__(self, receive: Receive, ceiling: int, headers: Headers, limits: Limits) -> None:
        self._receive = receive
        self._ceiling = ceiling
        self._limits = limits
        self._waits = headers.get("expect", "").lower() == "100-continue"
        length = headers.get("content-length", "0")
        self._length = int(length) if length.isascii() and length.isdigit() else 0
        self._taken = 0
        self._waited = 0.0
        self._patience = limits.pause_seconds
        self._complete = False

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        if self._length > self._ceiling:
            await self._refuse()
        message = await self._in_time()
        self._taken += len(message.get("body", b""))
        if self._taken > self._ceiling:
            await self._refuse()
        return message

    async def _in_time(self) -> Message:
        limits, clock = self._limits, asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout(min(self._patience, limits.upload_seconds - self._waited)):
                message = await self._receive()
        except TimeoutError as fault:
            raise UnreadableBody("the request took too long to arrive", "Send less.") from fault
        # Only what its sender takes counts, not what it has to wait for here. Every byte buys
        # time, but nobody can save up more of it than for one pause.
        waited = clock() - begun
        self._waited += waited
        earned = len(message.get("body", b"")) / limits.slowest
        self._patience = min(self._patience - waited + earned, limits.pause_seconds)
        self._complete = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def _refuse(self) -> None:
        most = self._limits.drained
        # Who asked whether to send, or announced far too much, has not begun or will not end.
        while not self._complete and not self._waits and max(self._taken, self._length) <= most:
            message = await self._in_time()
            self._taken += len(message.get("body", b""))
        self._complete = True
        raise BodyTooLarge(
            f"the request is larger than {self._ceiling:,} bytes", "Send it in smaller parts."
        )


Handler = Callable[[Request], Awaitable[Response]]
