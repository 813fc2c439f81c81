"""A snapshot at an address: fetched once, checked on the way, and never half there."""

from __future__ import annotations

import http.server
import os
import pickle
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from optout.registry.errors import SnapshotError
from optout.registry.identifiers import Kind
from optout.registry.snapshot import Snapshot, network
from optout.registry.snapshot.renewal import locked

from .conftest import KEY, OTHER_KEY, large_book, resigned, small_book, some_file

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Serves a folder; what stands in `special` is answered by a function instead."""

    folder: Path
    port: int = 0
    asked: list[str] = field(default_factory=list)
    special: dict[str, Answer] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/snapshot"

    @property
    def fetched(self) -> list[str]:
        return [path for path in self.asked if path != "/snapshot/snapshot.json"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for every test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "optout" / "snapshots"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    small_book().snapshot(tmp_path / "served" / "snapshot")
    served = Server(tmp_path / "served")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **named) -> None:
            super().__init__(*arguments, directory=str(served.folder), **named)

        def do_GET(self) -> None:
            served.asked.append(self.path)
            special = served.special.get(self.path)
            special(self) if special else super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        served.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            listening.shutdown()
            thread.join()


def redirect(target: str) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", target)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def send(data: bytes, *, length: int | None = None) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if length is not None:
            request.send_header("Content-Length", str(length))
        request.end_headers()
        request.wfile.write(data)

    return answer


def fail(code: int) -> Answer:
    return lambda request: request.send_error(code)


def one_file(server: Server) -> tuple[str, Path]:
    (path,) = (server.folder / "snapshot").rglob("identifiers.bin")
    return f"/{path.relative_to(server.folder).as_posix()}", path


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_what_lies_at_an_address_is_opened_like_a_folder(server: Server, cache: Path) -> None:
    local = Snapshot.open(server.folder / "snapshot")
    fetched = Snapshot.open(server.base, key=str(KEY.verifier))
    fetched.check_files()
    asked = some_file(1)
    assert fetched.digest == local.digest
    assert fetched.path == cache / local.digest
    assert fetched.find(Kind.FILE, asked.digest, asked.probe) == local.find(
        Kind.FILE, asked.digest, asked.probe
    )


@pytest.mark.parametrize("tail", ["", "/", "/snapshot.json"])
def test_the_address_may_end_in_a_slash_or_name_snapshot_json(server: Server, tail: str) -> None:
    assert Snapshot.open(server.base + tail).size == 15


def test_a_copy_is_used_again_and_only_snapshot_json_is_asked_for(server: Server) -> None:
    first = Snapshot.open(server.base)
    assert len(server.fetched) == 13
    again = Snapshot.open(server.base)
    assert len(server.fetched) == 13
    assert again.path == first.path


def test_a_renewed_snapshot_is_fetched_anew(server: Server, cache: Path) -> None:
    old = Snapshot.open(server.base)
    large_book(5).snapshot(server.folder / "snapshot")
    new = Snapshot.open(server.base)
    assert new.size == 5
    assert kept(cache) == sorted([old.digest, new.digest])
    old.check_files()


def test_what_was_fetched_works_without_the_server(server: Server) -> None:
    sent = pickle.dumps(Snapshot.open(server.base))
    shutil.rmtree(server.folder)
    asked = len(server.asked)
    opened = pickle.loads(sent)
    opened.check_files()
    assert len(opened.near("phash256", np.zeros((1, 32), np.uint8), 256).query) == 4
    assert len(server.asked) == asked


def test_an_expected_key_is_asked_for_before_anything_is_fetched(
    server: Server, cache: Path
) -> None:
    with pytest.raises(SnapshotError, match="is signed by"):
        Snapshot.open(server.base, OTHER_KEY.verifier)
    assert server.fetched == []
    assert kept(cache) == []


def test_a_copy_is_not_opened_for_another_key_either(server: Server) -> None:
    Snapshot.open(server.base)
    with pytest.raises(SnapshotError, match="is signed by"):
        Snapshot.open(server.base, OTHER_KEY.verifier)


def test_a_missing_snapshot_is_named(server: Server) -> None:
    with pytest.raises(SnapshotError, match=r"/nowhere/snapshot\.json cannot be fetched: HTTP 404"):
        Snapshot.open(server.base.replace("/snapshot", "/nowhere"))


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(SnapshotError, match=r"http://127\.0\.0\.1:1/snapshot\.json cannot be fet"):
        Snapshot.open("http://127.0.0.1:1")


@pytest.mark.parametrize(
    "answer",
    [
        fail(404),
        fail(500),
        send(b"", length=0),
        send(b"x" * 336),
        send(b"x" * 337),
        send(b"x" * 100, length=336),
        redirect("/nowhere"),
    ],
    ids=["404", "500", "empty", "other bytes", "too long", "cut off", "leads nowhere"],
)
def test_a_file_that_is_not_what_it_must_be_is_named_and_nothing_is_kept(
    server: Server, cache: Path, answer: Answer
) -> None:
    path, _ = one_file(server)
    server.special[path] = answer
    with pytest.raises(SnapshotError, match=r"identifiers\.bin|/nowhere"):
        Snapshot.open(server.base)
    assert kept(cache) == []
    del server.special[path]
    Snapshot.open(server.base).check_files()


def test_a_file_without_end_is_not_read_to_its_end(server: Server) -> None:
    sent = 0

    def pour(request: http.server.BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.end_headers()
        try:
            while sent < 1 << 30:
                request.wfile.write(bytes(1 << 16))
                sent += 1 << 16
        except OSError:
            pass

    path, _ = one_file(server)
    server.special[path] = pour
    with pytest.raises(SnapshotError, match="is longer than the 336 bytes it may have"):
        Snapshot.open(server.base)
    assert sent < 1 << 26


def test_a_snapshot_json_without_end_is_not_read_to_its_end(server: Server) -> None:
    server.special["/snapshot/snapshot.json"] = send(b" " * (5 << 20))
    with pytest.raises(SnapshotError, match=r"snapshot\.json is longer than"):
        Snapshot.open(server.base)


def test_a_silent_server_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def wait(_: http.server.BaseHTTPRequestHandler) -> None:
        over.wait(20)

    monkeypatch.setattr(network, "TIMEOUT", 0.2)
    server.special["/snapshot/snapshot.json"] = wait
    started = time.monotonic()
    try:
        with pytest.raises(SnapshotError, match="timed out"):
            Snapshot.open(server.base)
    finally:
        over.set()
    assert time.monotonic() - started < 15


def test_a_redirect_over_http_is_followed(server: Server) -> None:
    path, file = one_file(server)
    shutil.copy(file, server.folder / "elsewhere.bin")
    server.special[path] = redirect("/elsewhere.bin")
    Snapshot.open(server.base).check_files()


@pytest.mark.parametrize("scheme", ["file://", "ftp://127.0.0.1", "data:,", "http://[::1"])
def test_a_redirect_to_anything_else_is_refused(server: Server, scheme: str) -> None:
    path, file = one_file(server)
    server.special[path] = redirect(f"{scheme}{file}")
    with pytest.raises(SnapshotError, match="cannot be fetched"):
        Snapshot.open(server.base)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/elsewhere.bin", "ftp://127.0.0.1/", "http://[::1"])
def test_what_a_redirect_says_besides_where_to_is_not_read(
    server: Server, code: int, target: str
) -> None:
    ended = threading.Event()

    def pour(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Location", target)
        request.end_headers()
        try:
            for _ in range(1 << 10):
                request.wfile.write(bytes(1 << 16))
        except OSError:
            ended.set()

    path, file = one_file(server)
    shutil.copy(file, server.folder / "elsewhere.bin")
    server.special[path] = pour
    if target.startswith("/"):
        Snapshot.open(server.base).check_files()
    else:
        with pytest.raises(SnapshotError, match="cannot be fetched") as fault:
            Snapshot.open(server.base)
        assert fault.value.__cause__ is not None
    # While the fault is still held, its answer is not.
    assert ended.wait(20)


def test_a_circle_of_redirects_ends(server: Server) -> None:
    server.special["/snapshot/snapshot.json"] = redirect("/snapshot/snapshot.json")
    with pytest.raises(SnapshotError, match="cannot be fetched"):
        Snapshot.open(server.base)


def test_a_snapshot_renewed_while_it_is_fetched_is_fetched_once_more(server: Server) -> None:
    path, _ = one_file(server)

    def renew(request: http.server.BaseHTTPRequestHandler) -> None:
        large_book(5).snapshot(server.folder / "snapshot")
        request.send_error(404)

    server.special[path] = renew
    opened = Snapshot.open(server.base)
    opened.check_files()
    assert opened.size == 5


def test_a_snapshot_that_changes_all_the_time_is_given_up(server: Server, cache: Path) -> None:
    books = iter(range(1, 9))
    path = server.folder / "snapshot"

    def renew(request: http.server.BaseHTTPRequestHandler) -> None:
        large_book(next(books)).snapshot(path)
        request.send_error(404)

    server.special["/snapshot/audit/leaves.jsonl"] = renew
    with pytest.raises(SnapshotError, match=r"leaves\.jsonl cannot be fetched: HTTP 404"):
        Snapshot.open(server.base)
    assert next(books) == 3
    assert kept(cache) == []


def test_a_path_that_leads_out_of_the_folder_is_never_asked_for(
    server: Server, cache: Path
) -> None:
    facts = {"bytes": 0, "sha256": "0" * 64}
    resigned(
        server.folder / "snapshot",
        lambda document: document["files"].update({"../outside.bin": facts}),
    )
    with pytest.raises(SnapshotError, match="does not describe a snapshot"):
        Snapshot.open(server.base)
    assert server.fetched == []
    assert kept(cache) == []


def test_more_than_there_is_room_for_is_not_begun(server: Server) -> None:
    def change(document: dict) -> None:
        document["files"]["audit/leaves.jsonl"]["bytes"] = 2**52

    resigned(server.folder / "snapshot", change)
    with pytest.raises(SnapshotError, match="there is room for"):
        Snapshot.open(server.base)
    assert server.fetched == []


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http:///snapshot",
        "http://host:port/snapshot",
        "http://host:70000/snapshot",
        "http://[::1/snapshot",
        "http://ho st/snapshot",
        "http://host/snap\nshot",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(SnapshotError, match="is no address"):
        Snapshot.open(address)


@pytest.mark.parametrize("address", ["http://h/s?a=secret", "http://h/s#a", "http://me:secret@h/s"])
def test_an_address_with_more_than_a_path_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(SnapshotError, match="query, a fragment or a user name") as fault:
        Snapshot.open(address)
    assert "secret" not in str(fault.value)


def test_a_copy_that_lost_a_file_is_fetched_anew(server: Server) -> None:
    opened = Snapshot.open(server.base)
    (opened.path / "audit" / "leaves.jsonl").unlink()
    Snapshot.open(server.base).check_files()


def test_a_copy_that_was_changed_is_noticed_and_then_fetched_anew(server: Server) -> None:
    opened = Snapshot.open(server.base)
    path = opened.path / "audit" / "leaves.jsonl"
    path.write_bytes(path.read_bytes().replace(b"add", b"bad", 1))
    opened = Snapshot.open(server.base)
    with pytest.raises(SnapshotError, match=r"leaves\.jsonl was changed.*fetched anew"):
        opened.check_files()
    Snapshot.open(server.base).check_files()


def test_what_a_killed_process_left_is_cleaned_away_and_what_a_living_one_needs_is_not(
    server: Server, cache: Path
) -> None:
    hour = time.time() - 3600
    for name in (".optout-dead", ".optout-living", "0" * 64):
        (cache / name).mkdir(parents=True)
        os.utime(cache / name, (hour, hour))
    with locked(cache / ".optout-living"):
        opened = Snapshot.open(server.base)
    assert kept(cache) == sorted([".optout-living", "0" * 64, opened.digest])


def test_a_copy_that_nobody_opened_for_a_week_goes(server: Server, cache: Path) -> None:
    old = Snapshot.open(server.base)
    week = time.time() - 8 * 24 * 3600
    os.utime(old.path, (week, week))
    large_book(5).snapshot(server.folder / "snapshot")
    assert kept(cache) == [old.digest]
    new = Snapshot.open(server.base)
    assert kept(cache) == [new.digest]


def test_a_copy_that_is_opened_now_and_then_stays(server: Server, cache: Path) -> None:
    old = Snapshot.open(server.base)
    week = time.time() - 8 * 24 * 3600
    os.utime(old.path, (week, week))
    Snapshot.open(server.base)
    large_book(5).snapshot(server.folder / "snapshot")
    Snapshot.open(server.base)
    assert old.digest in kept(cache)


def test_a_cache_that_is_not_absolute_is_not_used(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    opened = Snapshot.open(server.base)
    assert opened.path.parent == tmp_path / "home" / ".cache" / "optout" / "snapshots"


def test_a_cache_that_cannot_be_made_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(SnapshotError, match="a snapshot cannot be kept in"):
        Snapshot.open(server.base)


def test_two_processes_that_fetch_at_once_both_succeed(server: Server, cache: Path) -> None:
    ready = threading.Barrier(4)
    opened: list[str] = []

    def fetch() -> None:
        ready.wait()
        snapshot = Snapshot.open(server.base)
        snapshot.check_files()
        opened.append(snapshot.digest)

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    assert kept(cache) == [opened[0]]


def test_what_a_server_says_reaches_a_terminal_as_words_only(server: Server) -> None:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 404 \x1b[31mred\x9b1m\r\nContent-Length: 0\r\n\r\n")

    server.special["/snapshot/snapshot.json"] = answer
    with pytest.raises(SnapshotError, match=r"HTTP 404 \?\[31mred\?1m"):
        Snapshot.open(server.base)


def test_a_user_without_home_is_told_what_to_set(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["nobody"])
    with pytest.raises(SnapshotError, match=r"no home folder.*XDG_CACHE_HOME"):
        Snapshot.open(server.base)
