"""A server that listens, answers, keeps silent and ends well."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from optout.api.errors import CannotListen
from optout.api.http.server import HEAD_SIZE, address_of, listen, server_of
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn import Server

SERVE = """\
import sys
from optout.api.http import serve
from optout.api.service import Limits
told = lambda address: print(address, flush=True)
serve(sys.argv[1], port=0, limits=Limits(publish_seconds=0), ready=told)
"""


COLLECTING = """\
import gc, os, signal, sys
from optout.api.http import serve
def told(address):
    print(gc.get_threshold()[0], gc.get_freeze_count(), len(gc.get_objects()), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
gc.set_threshold(100_000, 20, 20)  # as our commands have it
serve(sys.argv[1], port=0, ready=told)
"""


def test_what_requests_leave_behind_is_looked_for_in_time(new_registry: Callable) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTING, str(new_registry())],
        capture_output=True,
        text=True,
        check=True,
    )
    threshold, frozen, others = map(int, done.stdout.split())
    assert threshold <= 10_000
    assert frozen > 10 * others, "what was there at first is not looked through with it"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_until_it_is_told_to_end(
    new_registry: Callable[[], Path], number: signal.Signals
) -> None:
    database = new_registry()
    server = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, str(database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), server.communicate()
        with httpx2.Client(base_url=address) as client:
            items = [{"kind": "url", "value": "anna.example/a"}]
            case = client.post("/v1/cases", json={"items": items}).json()
            assert case["link"].startswith(f"{address}/case/")
            manifest = client.get("/snapshot/snapshot.json")
            assert manifest.json()["size"] == 1
            assert "server" not in manifest.headers
    finally:
        server.send_signal(number)
        out, err = server.communicate(timeout=20)
    assert server.returncode == 0
    # No access log: an address or a case number in it would be personal.
    assert (out, err) == ("", "")
    left = sorted(path.name for path in database.parent.iterdir())
    assert left == ["optout.db", "optout.key", "optout.vault"]


def test_an_address_that_is_taken_is_told(unused: int) -> None:
    with listen("127.0.0.1", unused), pytest.raises(CannotListen, match=f"port {unused}"):
        listen("127.0.0.1", unused)


@pytest.fixture
def unused() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("127.0.0.1", 70_000),
        ("127.0.0.1", -1),
        ("nowhere.invalid", 0),
        ("a..b", 0),
        ("192.0.2.1", 0),
    ],
)
def test_an_address_that_is_none_is_told(host: str, port: int) -> None:
    with pytest.raises(CannotListen) as caught:
        listen(host, port)
    assert "--host or --port" in caught.value.advice


def test_an_address_is_told_as_a_url() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("missing", "doors"), [("segno", 2), ("fastapi", 2), ("anyio", 2), ("httptools", 1)]
)
def test_without_its_libraries_the_service_says_what_to_install(missing: str, doors: int) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from optout.api.http import create_app, serve\n"
        "from optout.registry.errors import OptOutError\n"
        "for door in (create_app, lambda registry: serve(registry, port=0)):\n"
        "    try: door('/nowhere/optout.db')\n"
        "    except OptOutError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.count(f"({missing} is missing)") == doors
    assert done.stdout.count("pip install 'optout[serve]'") == doors


def test_the_door_is_light() -> None:
    program = "import optout.api.http, sys; print({'fastapi', 'uvicorn', 'babel'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_a_request_whose_head_does_not_end_is_not_waited_for(
    new_registry: Callable[[], Path],
) -> None:
    program = SERVE.replace("serve(", "server.HEAD_SECONDS = 0.5; serve(").replace(
        "import serve", "import serve, server"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(new_registry())], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            host, _, port = process.stdout.readline().strip().removeprefix("http://").partition(":")
            whole = b"GET /healthz HTTP/1.1\r\nHost: optout.example\r\n\r\n"
            for begun in (b"", b"GET / HT", whole[:-2], whole + whole[:-2]):
                with socket.create_connection((host, int(port)), timeout=10) as connection:
                    connection.sendall(begun)
                    answer = b""
                    while piece := connection.recv(1 << 16):
                        answer += piece
                assert answer.count(b'{"status": "ok"}') == begun.count(b"\r\n\r\n")
        finally:
            process.terminate()


def test_a_head_that_is_too_long_is_not_waited_for(new_registry: Callable[[], Path]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(new_registry())], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            host, _, port = process.stdout.readline().strip().removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                begun = b"GET /healthz HTTP/1.1\r\nHost: optout.example\r\nX-Anna: "
                connection.sendall(begun + b"a" * (HEAD_SIZE - len(begun)))
                connection.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    connection.recv(1)
                connection.settimeout(10)
                connection.sendall(b"a")
                assert connection.recv(1) == b""
        finally:
            process.terminate()


def test_no_answer_waits_for_the_receipt_of_its_head() -> None:
    with listen("127.0.0.1", 0) as listener:
        with socket.create_connection(listener.getsockname()[:2]):
            accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@contextmanager
def answering(size: int, *, pieces: int = 1) -> Iterator[tuple[Server, socket.socket]]:
    """A server of one answer, and a client that has asked for it; little lies between them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        body = (bytes(size // pieces) for _ in range(pieces))
        await StreamingResponse(body, headers={"Content-Length": str(size)})(scope, receive, send)

    ready = threading.Event()
    with listen("127.0.0.1", 0) as listener, socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server = server_of(app, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(10)
            client.settimeout(10)
            client.connect(listener.getsockname())
            client.sendall(b"GET / HTTP/1.1\r\nHost: optout.example\r\nConnection: close\r\n\r\n")
            yield server, client
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.mark.parametrize(("size", "pieces"), [(1 << 20, 1), (1 << 20, 64), (50_000, 1)])
def test_who_takes_nothing_of_an_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, size: int, pieces: int
) -> None:
    monkeypatch.setattr("optout.api.http.server.STALL_SECONDS", 0.2)
    with answering(size, pieces=pieces) as (server, client):
        assert client.recv(1) == b"H"
        assert len(server.server_state.connections) == 1
        end = time.monotonic() + 5
        while server.server_state.connections and time.monotonic() < end:
            time.sleep(0.02)
        assert not server.server_state.connections


@pytest.mark.parametrize("pieces", [1, 64])
def test_who_takes_an_answer_slowly_and_steadily_gets_it(
    monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    monkeypatch.setattr("optout.api.http.server.STALL_SECONDS", 0.2)
    taken = b""
    with answering(1 << 18, pieces=pieces) as (_, client):
        while piece := client.recv(1 << 16):
            taken += piece
            time.sleep(len(piece) / (1 << 18))
    assert len(taken.partition(b"\r\n\r\n")[2]) == 1 << 18
