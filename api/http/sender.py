"""Whose request is being answered, for what is shared fairly among those who send."""

from __future__ import annotations

from optout.api.service import SENDER
from starlette.types import ASGIApp, Receive, Scope, Send

from .quotas import Networks, network_of


class SenderKnown:
    """Tells turns whose request is being answered: that of a network, as quotas count them.

    Args:
        app: what answers.
        trusted: proxies whose X-Forwarded-For is believed.
    """

    def __init__(self, app: ASGIApp, trusted: Networks = ()) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        before = SENDER.set(network_of(scope, self._trusted))
        try:
            await self._app(scope, receive, send)
        finally:
            SENDER.reset(before)
