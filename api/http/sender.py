"""Whose request is being answered, for what is shared fairly among those who send."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Network, ip_network

from optout.api.service import SENDER
from starlette.types import ASGIApp, Receive, Scope, Send

from .quotas import UNKNOWN, Networks, network_of

_SITE_BITS = 48
"""Of an IPv6 address, those that tell one site from another (RFC 6177): it has networks enough."""


class SenderKnown:
    """Tells turns whose request is being answered: an IPv4 address's, or an IPv6 site's.

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
        before = SENDER.set(_site(network_of(scope, self._trusted)))
        try:
            await self._app(scope, receive, send)
        finally:
            SENDER.reset(before)


@lru_cache(4096)
def _site(network: str) -> str:
    if network == UNKNOWN:
        return ""
    read = ip_network(network)
    return str(read.supernet(new_prefix=_SITE_BITS)) if isinstance(read, IPv6Network) else network
