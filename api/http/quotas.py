"""How often one network, or one partner, may ask; counted in memory over a moving window.

Networks, not addresses: an IPv4 address, and the /64 that one connection has in IPv6.

What is counted lives in this process and cannot be out of reach. It *fails open*: where more
networks come than are remembered, those not seen for longest are forgotten, and where an API key
cannot be looked up, its bearer is counted as its network. A person who says no must not be turned
away because a counter broke, and no case is guarded by a counter: its secret has 80 bits.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from anyio import to_thread
from optout.api.service import Rate, Windows
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import UNLOCKED
from .guard import BULK_PATH

if TYPE_CHECKING:
    from optout.api.settings import Quotas

PartnerName: TypeAlias = str
KeyCheck: TypeAlias = Callable[[str], PartnerName | None]
"""Whose API key this is; None where it is nobody's. It may block."""
Refusal: TypeAlias = Callable[[Request, str, str, int], Response]
"""Makes the answer with status 429 of a request: what is wrong, what to do about it, and after how
many seconds it may be asked again."""
Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

UNKNOWN = "unknown"
"""The network of whoever has no address, such as one behind a socket of the file system."""

_FREE = ("/healthz", "/readyz", "/metrics", "/static/")
_SECRETS = ("/v1/cases/", "/v1/notices/", "/case/", "/object/")
_WRONG = frozenset({401, 403, 404})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_SECONDS = 60.0
_KEYS = 1000
_KEY_LENGTH = 200


class QuotaGate:
    """Counts requests, and turns away who asks too often.

    Args:
        app: what answers.
        quotas: how often is too often.
        refusal: makes the answer to who is turned away.
        trusted: proxies whose X-Forwarded-For is believed.
        whose: whose API key this is; without it, keys are not looked at.
        clock: seconds since some moment; nobody may set it back or forth.
    """

    def __init__(
        self,
        app: ASGIApp,
        quotas: Quotas,
        refusal: Refusal,
        trusted: Networks = (),
        whose: KeyCheck | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._refusal = refusal
        self._trusted = trusted
        self._whose = whose
        self._clock = clock
        self._windows = Windows(quotas.networks, clock)
        self._rates = {name: Rate.parse(getattr(quotas, name)) for name in _ADVICE}
        self._known: OrderedDict[bytes, tuple[float, PartnerName]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        network = network_of(scope, self._trusted)
        partner, wrong = await self._partner(Headers(scope=scope))
        if wrong and not self._hit("keys", network):
            await self._refuse(scope, receive, send, "keys", network)
            return
        bears_secret = _bears_secret(scope)
        if bears_secret and not self._left("secrets", network):
            await self._refuse(scope, receive, send, "secrets", network)
            return
        # A bulk query is sent as a body, and changes nothing.
        reads = scope["method"] in _READING or scope["path"] == BULK_PATH
        kind = "reading" if reads else "registering"
        name = f"partner_{kind}" if partner else kind
        who = f"partner {partner}" if partner else network
        if not self._hit(name, who):
            await self._refuse(scope, receive, send, name, who)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                guessed = message["status"] in _WRONG and UNLOCKED not in scope
                if bears_secret and guessed and _was_tried(scope):
                    self._hit("secrets", network)
                self._tell(MutableHeaders(scope=message), name, who)
            await send(message)

        await self._app(scope, receive, counted)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, name: str, who: str
    ) -> None:
        seconds = self._wait(name, who)
        what = _SAYS[name.removeprefix("partner_")]
        advice = f"Wait {in_words(seconds)}, and send it again. {_ADVICE[name]}"
        detail = f"{what} within {in_words(self._rates[name].seconds)}"
        answer = self._refusal(Request(scope), detail, advice, seconds)
        answer.headers["Retry-After"] = str(seconds)
        self._tell(answer.headers, name, who)
        await answer(scope, receive, send)

    def _hit(self, name: str, who: str) -> bool:
        return self._windows.hit(f"{name} {who}", self._rates[name])

    def _left(self, name: str, who: str) -> int:
        return self._windows.left(f"{name} {who}", self._rates[name])

    def _wait(self, name: str, who: str) -> int:
        return self._windows.wait(f"{name} {who}", self._rates[name])

    def _tell(self, headers: MutableHeaders, name: str, who: str) -> None:
        """The two fields of draft-ietf-httpapi-ratelimit-headers."""
        rate, shown = self._rates[name], name.replace("_", "-")
        left, wait = self._left(name, who), self._wait(name, who)
        headers["RateLimit-Policy"] = f'"{shown}";q={rate.amount};w={rate.seconds}'
        headers["RateLimit"] = f'"{shown}";r={left};t={wait}'

    async def _partner(self, headers: Headers) -> tuple[PartnerName | None, bool]:
        """Who brings an API key, and whether it is nobody's."""
        scheme, _, key = headers.get("authorization", "").strip().partition(" ")
        key = key.strip()
        # Whoever brings another service's key where none is asked for has guessed nothing.
        is_key = scheme.lower() in {"api", "bearer"} and key.startswith("oo_")
        if self._whose is None or not is_key:
            return None, False
        if len(key) > _KEY_LENGTH:
            return None, True
        digest, now = hashlib.sha256(key.encode("utf-8", "replace")).digest(), self._clock()
        until, partner = self._known.get(digest, (0.0, ""))
        if now < until:
            return partner, False
        try:
            found = await to_thread.run_sync(self._whose, key)
        except Exception:  # open: whoever answers the request will say what is the matter
            return None, False
        if found is None:
            self._known.pop(digest, None)
            return None, True
        self._known[digest] = (now + _KEY_SECONDS, found)
        while len(self._known) > _KEYS:
            self._known.popitem(last=False)
        return found, False


_SAYS = {
    "reading": "your network has asked for more than we can give",
    "registering": "your network has sent more than we can take",
    "secrets": "your network has tried too many secrets that are wrong",
    "keys": "your network has tried too many API keys that are wrong",
}
_ADVICE = {
    "reading": "Who needs the whole list fetches the snapshot once instead of asking often.",
    "registering": "Nothing was changed. One request takes many items at once.",
    "secrets": "Compare case number and secret with your receipt: one sign may be misread.",
    "keys": "Whoever sends a key that holds, or none, need not wait.",
    "partner_reading": "Ask us for more if this is not enough.",
    "partner_registering": "Nothing was changed. Ask us for more if this is not enough.",
}


def in_words(seconds: int) -> str:
    """A span of time, such as `2 hours`, rounded up."""
    for size, one, many in (
        (86_400, "day", "days"),
        (3600, "hour", "hours"),
        (60, "minute", "minutes"),
    ):
        if seconds >= size:
            count = ceil(seconds / size)
            return f"{count} {many}" if count > 1 else f"1 {one}"
    return f"{seconds} seconds" if seconds > 1 else "1 second"


def _bears_secret(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith(_SECRETS) or (path == "/case" and scope["method"] == "POST")


def _was_tried(scope: Scope) -> bool:
    """Whether a secret can have been looked at.

    A picture or a form on the page of another site must not use up what its visitors may try.
    """
    headers = Headers(scope=scope)
    if scope["path"].startswith("/v1/"):
        return "authorization" in headers
    # On pages it stands in the body, and the guard reads none that another site has sent.
    return scope["method"] not in _READING and headers.get("sec-fetch-site") != "cross-site"


def network_of(scope: Scope, trusted: Networks) -> str:
    """The network that a request comes from, such as `192.0.2.1` or `2001:db8:1:2::/64`.

    X-Forwarded-For is read from its end, as far as each address is that of a trusted proxy: what
    stands before may have been written by anybody.
    """
    client = scope.get("client")
    address = client[0] if client else ""
    given = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    hops = [hop.strip() for hop in given if hop.strip()]
    while hops and _is_trusted(address, trusted):
        if not _is_address(hops[-1]):
            break
        address = hops.pop()
    return _network(address)


def is_near(scope: Scope) -> bool:
    """Whether a request comes from this very machine, and through no proxy."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    headers = Headers(scope=scope)
    passed_on = "x-forwarded-for" in headers or "forwarded" in headers
    return not passed_on and _is_address(address) and _parsed(address).is_loopback


def _parsed(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_address(text: str) -> bool:
    try:
        _parsed(text)
    except ValueError:
        return False
    return True


def _is_trusted(text: str, trusted: Networks) -> bool:
    return _is_address(text) and any(_parsed(text) in network for network in trusted)


def _network(text: str) -> str:
    if not _is_address(text):
        return UNKNOWN
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
