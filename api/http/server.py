"""uvicorn, quiet: no access log, because addresses and case numbers are personal."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network
from types import FrameType

import uvicorn
from optout.api.errors import CannotListen
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_CHOOSE = "Choose another --host or --port."
_LAST_PORT = 65_535
_GARBAGE = 10_000, 10, 10
"""Objects after which garbage is looked for: some megabytes."""

HEAD_SECONDS = 20.0
"""How long the head of a request may take to arrive."""

HEAD_SIZE = 65_536
"""Bytes of a head that does not end after which it is not waited for any more."""

STALL_SECONDS = 30.0
"""How long who is sent an answer may take less of it than `STALL_SIZE`."""

STALL_SIZE = 16_384
"""Bytes of an answer that have to be taken in that time."""


def listen(host: str, port: int) -> socket.socket:
    """Take an address.

    Args:
        host: a name or an address.
        port: 0 takes any free one.

    Raises:
        CannotListen: it is taken, forbidden or unknown.
    """
    if not 0 <= port <= _LAST_PORT:
        # The system would take the rest of a division instead.
        raise CannotListen(f"there is no port {port}", _CHOOSE)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.create_server(address[:2], family=family, backlog=256)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not an address"
        raise CannotListen(f"cannot listen on {host} port {port}: {why}", _CHOOSE) from error
    # What is accepted inherits it. asyncio sets it too, but not on sockets made this way, and each
    # answer would wait for the receipt of its own head: a twenty-fifth of a second.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.set_inheritable(True)
    return listener


def address_of(listener: socket.socket) -> str:
    """The address of a listening socket, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def port_of(listener: socket.socket) -> int:
    """The port of a listening socket, also where any free one was taken."""
    port: int = listener.getsockname()[1]
    return port


def run(
    app: ASGIApp,
    listener: socket.socket,
    ready: Callable[[], None],
    trusted: Sequence[IPv4Network | IPv6Network] = (),
) -> None:
    """Serve until the process is interrupted or terminated; requests under way are finished.

    Args:
        app: the application.
        listener: a listening socket.
        ready: called once requests are being answered.
        trusted: proxies whose X-Forwarded-Proto and X-Forwarded-For are believed.
    """

    def settled() -> None:
        # Nothing that is there now becomes garbage, and need not be looked through. What requests
        # leave behind is looked for in time: commands, which end soon, have the collector wait.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)
        ready()

    server_of(app, settled, trusted).run(sockets=[listener])


def server_of(
    app: ASGIApp,
    ready: Callable[[], None],
    trusted: Sequence[IPv4Network | IPv6Network] = (),
) -> uvicorn.Server:
    """A server that has not begun; it ends once its `should_exit` is set.

    Args:
        app: the application.
        ready: called once requests are being answered.
        trusted: proxies whose X-Forwarded-Proto and X-Forwarded-For are believed.
    """
    settings = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        http=_Protocol,
        ws="none",
        lifespan="on",
        # Left out, whoever is on this machine would be believed.
        forwarded_allow_ips=[str(network) for network in trusted],
        timeout_graceful_shutdown=10,
    )
    return _Server(settings, ready)


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1 that waits a while for a request's head, and not for ever, nor for one of any size.

    uvicorn limits only how long a connection may rest between two requests. Connections whose
    head never ends, or whose answer nobody takes, would use up what the system lets one process
    have.
    """

    _waiting: asyncio.TimerHandle | None = None
    _awaits_head = True
    _head_size = 0
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait with the connection, not with its first byte."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what arrives."""
        self._head_size = self._head_size + len(data) if self._awaits_head else 0
        super().data_received(data)
        if self._awaits_head and self._head_size > HEAD_SIZE:
            self.transport.close()
        self._watch()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._awaits_head, self._head_size = False, 0
        if not self.flow.write_paused:
            self._stop_looking()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next head may come."""
        self._awaits_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A head that had begun to come meanwhile is waited for from now on."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._watch()
        if not self.flow.write_paused:
            self._look()

    def pause_writing(self) -> None:
        """More of the answer waits to be taken than is kept: nothing is added to it from now on."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """Most of what waited was taken."""
        super().resume_writing()
        self._stop_looking()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.response_complete:
            self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        super().connection_lost(exc)
        self._stop_waiting()
        self._stop_looking()

    def _watch(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        under_way = cycle is not None and not cycle.response_complete
        if not self._awaits_head or under_way:
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _look(self, before: int | None = None) -> None:
        """See that what waits to be taken becomes less, from time to time until nothing does."""
        self._stop_looking()
        left = self.transport.get_write_buffer_size()
        if left and before is not None and left > before - STALL_SIZE:
            self.transport.abort()
        elif left:
            self._stalled = self.loop.call_later(STALL_SECONDS, self._look, left)

    def _stop_looking(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would raise the signal again after the last request: to be stopped by one
        # is how a server ends well.
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
