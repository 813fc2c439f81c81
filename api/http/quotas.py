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
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from anyio import to_thread
from limits import RateLimitItem, parse
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .guard import BULK_PATH

if TYPE_CHECKING:
    from optout.api.settings import Quotas

PartnerName: TypeAlias = str
KeyCheck: TypeAlias = Callable[[str], PartnerName | None]
"""Whose API key this is; None where it is nobody's. It may block."""
Refusal: TypeAlias = Callable[[Request, str, str], Response]
"""Makes the answer with status 429 of a request: what is wrong, and what to do about it."""
Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

UNKNOWN = "unknown"
"""The network of whoever has no address, such as one behind a socket of the file system."""

_FREE = ("/healthz", "/readyz", "/metrics", "/static/")
_SECRETS = ("/v1/cases/", "/case")
_WRONG = frozenset({401, 403, 404})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_SECONDS = 60.0
_KEYS = 1000
_KEY_LENGTH = 200


class Windows(Storage, MovingWindowSupport):
    """When the latest requests of each network came; the networks longest unseen are forgotten.

    The storage in memory of `limits` forgets no network, and looks through all of them every
    hundredth of a second.

    Args:
        most: networks that are remembered.
        clock: seconds since some moment.
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, unless that were too many."""
        now = self._clock()
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] <= now - expiry:
            times.popleft()
        while len(self._times) > self._most:
            self._times.popitem(last=False)
        if len(times) + amount > limit:
            return False
        times.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest request that still counts came, and how many do."""
        now = self._clock()
        times = self._times.get(key, ())
        late = sum(1 for moment in times if moment <= now - expiry)
        counted = min(len(times) - late, limit)
        return next(islice(times, late, None), now), counted

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing goes wrong here."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """No window that does not move is kept here."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """How many requests are remembered."""
        return len(self._times.get(key, ()))

    def get_expiry(self, key: str) -> float:
        """When the latest request came."""
        times = self._times.get(key)
        return times[-1] if times else self._clock()

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        count = len(self._times)
        self._times.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one network."""
        self._times.pop(key, None)


class QuotaGate:
    """Counts requests, and turns away who asks too often.

    Args:
        app: what answers.
        quotas: how often is too often.
        refusal: makes the answer to who is turned away.
        trusted: proxies whose X-Forwarded-For is believed.
        whose: whose API key this is; without it, keys are not looked at.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        app: ASGIApp,
        quotas: Quotas,
        refusal: Refusal,
        trusted: Networks = (),
        whose: KeyCheck | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._refusal = refusal
        self._trusted = trusted
        self._whose = whose
        self._clock = clock
        self._windows = MovingWindowRateLimiter(Windows(quotas.networks, clock))
        self._rates = {
            name: parse(getattr(quotas, name))
            for name in (
                "reading",
                "registering",
                "secrets",
                "partner_reading",
                "partner_registering",
            )
        }
        self._known: OrderedDict[bytes, tuple[float, PartnerName]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        network = network_of(scope, self._trusted)
        partner, wrong = await self._partner(Headers(scope=scope))
        if wrong:
            self._windows.hit(self._rates["secrets"], "secrets", network)
        bears_secret = scope["path"].startswith(_SECRETS)
        if (bears_secret or wrong) and not self._windows.test(
            self._rates["secrets"], "secrets", network
        ):
            await self._refuse(scope, receive, send, "secrets", network)
            return
        # A bulk query is sent as a body, and changes nothing.
        reads = scope["method"] in _READING or scope["path"] == BULK_PATH
        kind = "reading" if reads else "registering"
        name = f"partner_{kind}" if partner else kind
        who = f"partner {partner}" if partner else network
        if not self._windows.hit(self._rates[name], name, who):
            await self._refuse(scope, receive, send, name, who)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if bears_secret and message["status"] in _WRONG:
                    self._windows.hit(self._rates["secrets"], "secrets", network)
                self._tell(MutableHeaders(scope=message), name, who)
            await send(message)

        await self._app(scope, receive, counted)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, name: str, who: str
    ) -> None:
        seconds = self._wait(name, who)
        what = _SAYS[name.removeprefix("partner_")]
        advice = f"Wait {_words(seconds)}, and send it again. {_ADVICE[name]}"
        answer = self._refusal(Request(scope), f"{what} within {self._span(name)}", advice)
        answer.headers["Retry-After"] = str(seconds)
        self._tell(answer.headers, name, who)
        await answer(scope, receive, send)

    def _wait(self, name: str, who: str) -> int:
        reset = self._windows.get_window_stats(self._rates[name], name, who).reset_time
        return max(1, ceil(reset - self._clock()))

    def _span(self, name: str) -> str:
        return _words(self._rates[name].get_expiry())

    def _tell(self, headers: MutableHeaders, name: str, who: str) -> None:
        """The two fields of draft-ietf-httpapi-ratelimit-headers."""
        rate: RateLimitItem = self._rates[name]
        left = max(0, self._windows.get_window_stats(rate, name, who).remaining)
        shown = name.replace("_", "-")
        headers["RateLimit-Policy"] = f'"{shown}";q={rate.amount};w={rate.get_expiry()}'
        headers["RateLimit"] = f'"{shown}";r={left};t={self._wait(name, who)}'

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
}
_ADVICE = {
    "reading": "Who needs the whole list fetches the snapshot once instead of asking often.",
    "registering": "Nothing was changed. One request takes many items at once.",
    "secrets": "Compare case number and secret with your receipt: one sign may be misread.",
    "partner_reading": "Ask us for more if this is not enough.",
    "partner_registering": "Nothing was changed. Ask us for more if this is not enough.",
}


def _words(seconds: int) -> str:
    for size, one, many in (
        (86_400, "day", "days"),
        (3600, "hour", "hours"),
        (60, "minute", "minutes"),
    ):
        if seconds >= size:
            count = ceil(seconds / size)
            return f"{count} {many}" if count > 1 else f"1 {one}"
    return f"{seconds} seconds" if seconds > 1 else "1 second"


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
