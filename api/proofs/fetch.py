"""Fetching a page that a stranger has named, without being led anywhere else.

A host is resolved once, every address that it has must be allowed, and the connection goes to one
of just those addresses: what DNS says a moment later (rebinding) changes nothing. Host and the name
in TLS stay those of the address. Only https, because what comes without it proves what some network
on the way says. Redirections are followed by hand, and each one is checked like the first.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

import anyio
from ada_url import URL
from httpcore2 import (
    AnyIOBackend,
    AsyncHTTPConnection,
    AsyncNetworkBackend,
    ConnectError,
    ConnectTimeout,
    NetworkError,
    Origin,
    ProtocolError,
    Request,
    TimeoutException,
)
from optout.api.errors import CannotAsk, CannotFetch, PageForbidden

from .pinned import Pinned
from .reach import IPAddress, Rule, is_public
from .resolver import Resolver

USER_AGENT = "optout-proof/1 (looks for a token that the owner has placed)"

_SLACK = 64 << 10
"""Bytes that are read at once."""

MayGo = Callable[[str, str], bool]
"""Whether a redirection may lead from one host to another."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much one page may take.

    Attributes:
        body: bytes.
        headers: bytes of the answer's head.
        hops: redirections.
        seconds: of everything, resolving included.
        addresses: how many of a host are tried.
    """

    body: int = 512 << 10
    headers: int = 32 << 10
    hops: int = 3
    seconds: float = 10.0
    addresses: int = 3


@dataclass(frozen=True, slots=True)
class Page:
    """What a server has answered.

    Attributes:
        url: where it stood in the end.
        status: of HTTP, no redirection.
        body: bytes, never compressed.
    """

    url: str
    status: int
    body: bytes


def same_host(here: str, there: str) -> bool:
    """Lets redirections stay on one host only."""
    return here == there


class Fetcher:
    """Fetches pages by GET.

    Args:
        resolver: knows the addresses of hosts.
        rule: which addresses may be connected to.
        ports: which ports.
        trust: whose certificates are believed; the system's by default.
        backend: makes connections to addresses.
        limits: how much a page may take.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        rule: Rule = is_public,
        ports: frozenset[int] = frozenset({443}),
        trust: ssl.SSLContext | None = None,
        backend: AsyncNetworkBackend | None = None,
        limits: FetchLimits | None = None,
    ) -> None:
        self._resolver = resolver
        self._rule = rule
        self._ports = ports
        self._trust = trust or ssl.create_default_context()
        self._backend = backend or AnyIOBackend()
        self._limits = limits or FetchLimits()

    async def fetch(self, url: str, may_go: MayGo = same_host) -> Page:
        """Fetch a page.

        Args:
            url: https, without user and password.
            may_go: where redirections may lead.

        Raises:
            CannotFetch: it could not be fetched in full, or stands where nothing is fetched.
        """
        target = _read(url)
        host = target.hostname
        try:
            with anyio.fail_after(self._limits.seconds):
                for _ in range(self._limits.hops + 1):
                    status, location, body = await self._get(target)
                    if location is None:
                        return Page(target.href, status, body)
                    here, target = target.hostname, _read(location, target.href)
                    if not may_go(here, target.hostname):
                        raise PageForbidden(
                            f"{here} leads to another host",
                            "Let it answer by itself, without a redirection.",
                        )
        except TimeoutError as error:
            raise CannotFetch(
                f"{host} took longer than {self._limits.seconds:g} seconds",
                "Try again in a few minutes.",
            ) from error
        raise CannotFetch(
            f"{host} leads from one address to the next",
            f"Let it answer after at most {self._limits.hops} redirections.",
        )

    async def _get(self, target: URL) -> tuple[int, str | None, bytes]:
        host = target.hostname
        port = int(target.port or 443)
        if port not in self._ports:
            raise PageForbidden(
                f"{host} is asked for at port {port}", "Use the port of https, 443."
            )
        pinned = Pinned(
            self._backend,
            (await self._allowed(host))[: self._limits.addresses],
            seconds=self._limits.seconds,
            most=self._limits.body + self._limits.headers + _SLACK,
        )
        connection = AsyncHTTPConnection(
            Origin(b"https", host.strip("[]").encode("ascii"), port),
            ssl_context=self._trust,
            network_backend=pinned,
        )
        try:
            return await self._answer(connection, target, port)
        except (NetworkError, TimeoutException, ProtocolError, OSError) as error:
            raise _failed(host, error) from error
        finally:
            with anyio.CancelScope(shield=True):
                await pinned.close()

    async def _answer(
        self, connection: AsyncHTTPConnection, target: URL, port: int
    ) -> tuple[int, str | None, bytes]:
        headers: dict[bytes | str, bytes | str] = {
            "Host": target.host,
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        request = Request(
            "GET",
            f"https://{target.hostname}:{port}{target.pathname}{target.search}",
            headers=headers,
        )
        host, limits = target.hostname, self._limits
        response = await connection.handle_async_request(request)
        if sum(len(name) + len(value) + 4 for name, value in response.headers) > limits.headers:
            raise CannotFetch(
                f"the head of what {host} answers is larger than {limits.headers} bytes",
                "Let it send fewer headers.",
            )
        told = {name.lower(): value for name, value in response.headers}
        if response.status in {301, 302, 303, 307, 308} and b"location" in told:
            return response.status, told[b"location"].decode("latin-1"), b""
        if told.get(b"content-encoding", b"identity").strip().lower() not in {b"", b"identity"}:
            raise CannotFetch(
                f"{host} answers compressed, though it was asked not to",
                "Let it send this file as it is.",
            )
        body = bytearray()
        async for part in response.aiter_stream():
            body += part
            if len(body) > limits.body:
                raise _too_large(host, limits)
        return response.status, None, bytes(body)

    async def _allowed(self, host: str) -> tuple[IPAddress, ...]:
        try:
            found: tuple[IPAddress, ...] = (ip_address(host.strip("[]")),)
        except ValueError:
            try:
                found = await self._resolver.addresses(host)
            except CannotAsk as error:
                raise CannotFetch(error.message, error.advice) from error
        if not found:
            raise CannotFetch(f"{host} has no address", "Check how it is written, and its DNS.")
        if not all(map(self._rule, found)):
            raise PageForbidden(
                f"{host} has an address that is not public",
                "This service connects to public addresses only; every one of a host must be.",
            )
        return found


def _read(url: str, base: str | None = None) -> URL:
    try:
        target = URL(url, base) if base is not None else URL(url)
    except ValueError as error:
        raise PageForbidden("a page's address cannot be read", "Correct it.") from error
    if target.protocol != "https:" or target.username or target.password:
        raise PageForbidden(
            f"{target.hostname or 'a page'} is not asked for over https alone",
            "Only https is taken, without user name and password.",
        )
    return target


def _too_large(host: str, limits: FetchLimits) -> CannotFetch:
    return CannotFetch(
        f"{host} answers with more than {limits.body >> 10} KiB",
        "Let it answer with a small file.",
    )


def _failed(host: str, error: Exception) -> CannotFetch:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CannotFetch(
                f"the certificate of {host} is not valid",
                "Renew it, or prove the domain by DNS.",
            )
        cause = cause.__cause__
    if isinstance(error, ConnectError | ConnectTimeout):
        return CannotFetch(f"{host} cannot be connected to", "Is it up, and does it speak https?")
    return CannotFetch(
        f"{host} broke off, or does not answer in HTTP", "Try again in a few minutes."
    )
