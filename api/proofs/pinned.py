"""Connections that go to addresses which were checked, and end where too much is sent."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream, ConnectError, ConnectTimeout
from optout.api.errors import CannotFetch

from .reach import IPAddress


class Pinned(AsyncNetworkBackend):
    """Connects to addresses that were allowed, whatever host is asked for.

    Args:
        backend: makes the connections.
        addresses: those that were allowed, tried in turn.
        seconds: for all of them, and a share for what comes after.
        most: bytes that a connection may send.
    """

    def __init__(
        self,
        backend: AsyncNetworkBackend,
        addresses: tuple[IPAddress, ...],
        *,
        seconds: float,
        most: int,
    ) -> None:
        self._backend = backend
        self._addresses = addresses
        self._seconds = seconds / (len(addresses) + 1)
        self._most = most
        self._open: list[AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first of the addresses that answers."""
        last: Exception = ConnectError("no address")
        for address in self._addresses:
            try:
                stream = await self._backend.connect_tcp(
                    str(address),
                    port,
                    timeout=min(timeout or self._seconds, self._seconds),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (ConnectError, ConnectTimeout) as error:
                last = error
                continue
            self._open.append(stream)
            return _Counted(stream, self._most, host)
        raise last

    async def close(self) -> None:
        """Close what was opened, in whatever state it is."""
        for stream in self._open:
            await stream.aclose()


class _Counted(AsyncNetworkStream):
    """A stream that ends in an error where more is sent than any answer may have."""

    def __init__(self, stream: AsyncNetworkStream, most: int, host: str) -> None:
        self._stream = stream
        self._left = most
        self._host = host

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        data = await self._stream.read(max_bytes, timeout)
        self._left -= len(data)
        if self._left < 0:
            raise CannotFetch(f"{self._host} sends without end", "Let it answer with a small file.")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        """The same stream, encrypted."""
        inner = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Counted(inner, self._left, self._host)

    def get_extra_info(self, info: str) -> object:
        """What the stream itself knows."""
        return self._stream.get_extra_info(info)
