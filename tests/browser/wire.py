"""What goes over the wire: a relay before the service that keeps every byte a browser sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Wire:
    """Passes on what comes, both ways.

    Args:
        address: of the service.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        assert parts.port is not None
        self._service = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self._sent: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def sent(self) -> bytes:
        """Everything that browsers have sent."""
        return b"".join(self._sent)

    def start(self) -> None:
        self._run(self._accept)

    def close(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _run(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
            except OSError:
                return
            service = socket.create_connection(self._service)
            self._open += [browser, service]
            self._run(self._pass_on, browser, service, self._sent)
            self._run(self._pass_on, service, browser, [])

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket, kept: list[bytes]) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                kept.append(data)
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


@contextmanager
def wire_to(address: str) -> Iterator[Wire]:
    """A relay before a service, for as long as it is asked for."""
    wire = Wire(address)
    wire.start()
    try:
        yield wire
    finally:
        wire.close()
