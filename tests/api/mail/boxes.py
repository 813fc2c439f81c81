"""Small real mail servers on this machine, that keep what comes or answer as they are told."""

from __future__ import annotations

import asyncio
import email
import email.policy
import queue
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd import smtp
from aiosmtpd.smtp import Envelope, Session

Server = smtp.SMTP


class Handler:
    """Keeps what comes; answers as it is told, and refuses recipients with `bad` in their name."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK") -> None:
        self.rcpt, self.data = rcpt, data
        self.taken: list[tuple[str | None, list[str], bytes]] = []
        self.names: list[str | None] = []

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's own name
        self, _s: Server, _e: Session, envelope: Envelope, address: str, _o: list[str]
    ) -> str:
        if self.rcpt.startswith("250") or "bad" not in address:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return self.rcpt

    async def handle_DATA(self, _s: Server, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.names.append(session.host_name)
        assert isinstance(envelope.content, bytes)
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data

    def letters(self, recipient: str) -> list[EmailMessage]:
        """What came for somebody, in its order."""
        return [read(content) for _, to, content in list(self.taken) if to == [recipient]]

    def wait_for(self, recipient: str, count: int = 1) -> EmailMessage:
        """The last of so many letters to somebody, once it is there."""
        until = time.monotonic() + 10
        while len(self.letters(recipient)) < count:
            assert time.monotonic() < until, f"no letter came to {recipient}"
            time.sleep(0.01)
        return self.letters(recipient)[-1]


class Silent(asyncio.Protocol):
    """Takes a connection and says nothing."""


class Dropping(asyncio.Protocol):
    """Greets, and hangs up at the first word."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 mail.example\r\n")

    def data_received(self, _: bytes) -> None:
        self.transport.close()


def read(content: bytes) -> EmailMessage:
    """A letter as a reader's program understands it."""
    return email.message_from_bytes(content, policy=email.policy.default)  # type: ignore[return-value]


def keeping(handler: Handler) -> Callable[[], Server]:
    """Makes the server of one connection."""
    return lambda: Server(handler, hostname="mail.example")


@asynccontextmanager
async def serving(
    make: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve in this very loop: the port."""
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.02)


@contextmanager
def serving_apart(make: Callable[[], asyncio.BaseProtocol]) -> Iterator[int]:
    """Serve in a thread of its own: the port."""
    found = queue.Queue[tuple[int, Callable[[], object]]]()

    async def work() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with serving(make) as port:
            found.put((port, lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    port, end = found.get(timeout=10)
    try:
        yield port
    finally:
        end()
        thread.join(10)


def run(work: Awaitable[Any]) -> None:
    """Run something to its end, which has to come soon."""

    async def main() -> None:
        await asyncio.wait_for(work, 10)

    asyncio.run(main())
