"""Small real servers on this machine: one that speaks HTTPS, and one that speaks DNS."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import anyio
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from httpcore2 import AnyIOBackend, AsyncNetworkStream

LOOPBACK = ipaddress.ip_address("127.0.0.1")
HOSTS = ("anna.example", "*.anna.example", "api.example", "files.example", "social.example")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the hosts of the tests, that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in HOSTS]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain, private


def answer(body: bytes | str = b"", status: int = 200, **headers: str) -> bytes:
    """An honest answer of HTTP."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Sending = bytes | Callable[[ssl.SSLSocket], None]


class _Quiet(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what is tested."""


class Site:
    """Answers by host and path; remembers what was asked."""

    def __init__(self, folder: Path) -> None:
        self.chain, private = certificate(folder)
        self.pages: dict[str, Sending] = {}
        self.asked: list[str] = []
        self.names: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, private)
        context.sni_callback = lambda _, name, __: self.names.append(name)
        site = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    self.request.settimeout(5)
                    with context.wrap_socket(self.request, server_side=True) as stream:
                        site.serve(stream)

        self.server = _Quiet(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self.thread.start()

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.chain))

    def serve(self, stream: ssl.SSLSocket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = stream.recv(4096)
            if not part:
                return
            head += part
        text = head.decode()
        self.asked.append(text)
        path = text.split(" ")[1]
        host = text.lower().partition("\r\nhost: ")[2].partition("\r\n")[0]
        found = self.pages.get(f"{host}{path}", answer(status=404))
        if callable(found):
            found(stream)
        else:
            stream.sendall(found)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Wired(AnyIOBackend):
    """Makes connections to port 443 on this machine to the port of a test's server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reached: list[str] = []

    async def connect_tcp(self, host: str, port: int, *args: Any, **kw: Any) -> AsyncNetworkStream:
        self.reached.append(f"{host}:{port}")
        return await super().connect_tcp(host, self.port if port == 443 else port, *args, **kw)


class Names:
    """A resolver that knows what a test has told it; each answer of a host in turn."""

    def __init__(self, hosts: dict[str, list[list[str]]] | None = None) -> None:
        self.hosts = hosts or {}
        self.records: dict[str, tuple[bytes, ...]] = {}
        self.asked: list[str] = []

    async def texts(self, name: str) -> tuple[bytes, ...]:
        return self.records.get(name, ())

    async def addresses(self, host: str) -> tuple[Any, ...]:
        self.asked.append(host)
        answers = self.hosts.get(host, [["127.0.0.1"]])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return tuple(map(ipaddress.ip_address, found))


Reply = Callable[[dns.message.Message], dns.message.Message | bytes | None]


class Zone:
    """A name server: `reply` makes an answer of a question; None says nothing."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[str] = []
        self.by_tcp = 0
        zone = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, line = self.request
                sent = zone.answer(data, 1232)
                if sent is not None:
                    line.sendto(sent, self.client_address)

        class Stream(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                zone.by_tcp += 1
                size = int.from_bytes(self.request.recv(2, socket.MSG_WAITALL), "big")
                sent = zone.answer(self.request.recv(size, socket.MSG_WAITALL), 65535)
                if sent is not None:
                    self.request.sendall(len(sent).to_bytes(2, "big") + sent)

        self.stream = _Quiet(("127.0.0.1", 0), Stream)
        self.port = self.stream.server_address[1]
        self.datagram = socketserver.UDPServer(("127.0.0.1", self.port), Datagram)
        self.threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.02})
            for each in (self.stream, self.datagram)
        ]
        for each in self.threads:
            each.start()

    def answer(self, data: bytes, most: int) -> bytes | None:
        question = dns.message.from_wire(data)
        self.asked.append(question.question[0].to_text())
        made = self.reply(question)
        if made is None or isinstance(made, bytes):
            return made
        if made.flags & dns.flags.TC and most > 1232:
            made.flags &= ~dns.flags.TC
        wire = made.to_wire(max_size=65535)
        if len(wire) <= most:
            return wire
        short = dns.message.make_response(question)
        short.flags |= dns.flags.TC
        return short.to_wire()

    def close(self) -> None:
        for each in (self.stream, self.datagram):
            each.shutdown()
            each.server_close()
        for each in self.threads:
            each.join()


def holding(*records: str) -> Reply:
    """Answers with records in the words of a zone file; of names without one there is none."""
    sets: dict[tuple[str, str], list[str]] = {}
    for each in records:
        name, kind, data = each.split(" ", 2)
        sets.setdefault((name, kind), []).append(data)
    made_sets = [
        dns.rrset.from_text(name, 60, "IN", kind, *data) for (name, kind), data in sets.items()
    ]

    def reply(question: dns.message.Message) -> dns.message.Message:
        made = dns.message.make_response(question)
        asked = question.question[0]
        here = [each for each in made_sets if each.name == asked.name]
        made.answer = [each for each in here if each.rdtype in {asked.rdtype, dns.rdatatype.CNAME}]
        if not here:
            made.set_rcode(dns.rcode.NXDOMAIN)
        return made

    return reply


@contextlib.contextmanager
def zone(reply: Reply) -> Iterator[Zone]:
    made = Zone(reply)
    try:
        yield made
    finally:
        made.close()


def run(function: Callable[..., Any], *arguments: Any) -> Any:
    """The outcome of something asynchronous."""
    return anyio.run(function, *arguments)


def chunks(stream: ssl.SSLSocket, parts: Iterable[bytes]) -> None:
    for part in parts:
        stream.sendall(part)
