"""Many clients of one HTTP server, from one event loop: as fast as it answers, or at a given rate.

Whoever sends at a rate counts from the moment at which a request was due, not from when a
connection was free: what a server makes others wait for counts too (coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Requests = Callable[[], bytes]
"""Makes the next request, head and body."""


@dataclass
class Told:
    """What some clients saw.

    Attributes:
        seconds: how long they asked.
        waits: seconds of each answer, in the order in which they came.
        statuses: of the answers; 0 for a connection that was cut.
    """

    seconds: float
    waits: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def a_second(self) -> float:
        """Answers a second that are no errors."""
        return sum(n for status, n in self.statuses.items() if 200 <= status < 400) / self.seconds

    @property
    def failed(self) -> int:
        """Answers that are errors, and connections that were cut."""
        return sum(n for status, n in self.statuses.items() if not 200 <= status < 400)

    def wait(self, share: float) -> float:
        """The time, in seconds, within which a share of the answers came."""
        ordered = sorted(self.waits)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """One connection: a request at a time, an answer at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[int] | None = None
        self._data = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        self._tell(0)

    def ask(self, message: bytes) -> asyncio.Future[int]:
        """Send a request; its answer's status is told once the answer is whole."""
        self._answer = asyncio.get_running_loop().create_future()
        self._data.clear()
        if self.transport is None:
            self._tell(0)
        else:
            self.transport.write(message)
        assert self._answer is not None
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._data[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._data) >= end + 4 + length:
            self._tell(int(head[9:12]))

    def _tell(self, status: int) -> None:
        answer = self._answer
        if answer is not None and not answer.done():
            answer.set_result(status)


async def drive(
    address: str, requests: Requests, *, connections: int, seconds: float, rate: float | None = None
) -> Told:
    """Ask for a while.

    Args:
        address: of the server, such as `http://127.0.0.1:8000`.
        requests: what is asked.
        connections: how many ask at once.
        seconds: for how long.
        rate: requests a second; as many as are answered where there is none.
    """
    parts = urlsplit(address)
    loop = asyncio.get_running_loop()
    clock = time.perf_counter
    told = Told(seconds)
    begun = clock()
    due: deque[float] = deque()
    came = asyncio.Event()

    async def client() -> None:
        line = _Connection()
        await loop.create_connection(lambda: line, parts.hostname, parts.port)
        while clock() - begun < seconds:
            if rate is not None:
                while not due:
                    came.clear()
                    await came.wait()
                since = due.popleft()
                if since < 0:
                    break
            else:
                since = clock()
            status = await line.ask(requests())
            told.waits.append(clock() - since)
            told.statuses[status] += 1
            if line.transport is None:
                await loop.create_connection(lambda: line, parts.hostname, parts.port)
        if line.transport is not None:
            line.transport.close()

    async def conductor() -> None:
        assert rate is not None
        sent = 0
        while (now := clock() - begun) < seconds:
            while sent < now * rate:
                due.append(begun + sent / rate)
                sent += 1
            came.set()
            await asyncio.sleep(0.001)
        due.extend([-1.0] * connections)
        came.set()

    clients = [client() for _ in range(connections)]
    await asyncio.gather(*clients, *([conductor()] if rate is not None else []))
    told.seconds = clock() - begun
    return told
