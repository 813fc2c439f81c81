"""What stands around every request: headers, ceilings, an end for every error, silence in logs."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from optout.api.http.guard import HEADERS
from optout.api.service import Limits
from optout.registry.errors import RegistryError
from starlette.types import ASGIApp, Message

FORM = "application/x-www-form-urlencoded"
SECRET_WORDS = ("anna.example", "harbour", "Q4TN-7XKC-PM2A-ZV6H", "K7WQ-2MZD", "opensesame")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/case/K7WQ-2MZD"),
        ("POST", "/case"),
        ("GET", "/nothing"),
        ("GET", "/static/style.css"),
        ("GET", "/v1/cases/AAAA-AAAA"),
        ("POST", "/v1/cases"),
        ("GET", "/snapshot/snapshot.json"),
        ("GET", "/snapshot/none"),
        ("GET", "/checkpoint"),
        ("GET", "/openapi.json"),
    ],
)
def test_every_answer_has_the_headers_that_protect(
    client: TestClient, method: str, path: str
) -> None:
    answer = client.request(method, path)
    for name, value in HEADERS.items():
        if name != "Cache-Control":
            assert answer.headers[name] == value
    assert "cache-control" in answer.headers
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers


def test_nothing_foreign_may_run_or_be_sent_away() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_pages_with_something_personal_are_kept_by_nobody(client: TestClient) -> None:
    answer = client.post("/", data={"lines": "anna.example/a", "do": "send"})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "a/b", "evil.example#", "a:99999999", "é.example", "<b>", "[::1"]
)
def test_a_host_that_is_none_is_refused(client: TestClient, host: str) -> None:
    for path, kind in (("/", "text/html"), ("/v1/cases", "application/problem+json")):
        answer = client.get(path, headers={"Host": host.encode()})
        assert answer.status_code == 400
        assert answer.headers["content-type"].startswith(kind)
        assert not host.strip() or host not in answer.text


@pytest.mark.parametrize(
    "host", ["no.example", "no.example:8443", "[2001:db8::1]:8000", "127.0.0.1"]
)
def test_a_host_is_where_the_links_lead(client: TestClient, host: str) -> None:
    items = [{"kind": "url", "value": "anna.example/a"}]
    answer = client.post("/v1/cases", json={"items": items}, headers={"Host": host})
    assert answer.json()["link"].startswith(f"http://{host}/case/")


# Bodies


@pytest.fixture(scope="module")
def small(serving: Callable) -> Iterator[TestClient]:
    limits = Limits(words=1000, body=5000, picture=2000, drained=20_000, upload_seconds=0.3)
    with serving(limits=limits) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/v1/cases", "application/problem+json")]
)
@pytest.mark.parametrize(
    ("content_type", "size"),
    [(FORM, 1001), (FORM, 30_000), ("multipart/form-data; boundary=x", 5001)],
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_its_ceiling_is_refused(
    small: TestClient, path: str, kind: str, content_type: str, size: int, announced: bool
) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"x" * min(700, size - at) for at in range(0, size, 700))

    if path == "/v1/cases" and content_type == FORM:
        content_type = "application/json"
    body = b"x" * size if announced else pieces()
    answer = small.post(path, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith(kind)


def test_where_no_pictures_are_taken_a_form_is_as_small_as_words(small: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert small.post("/case", content=b"x" * 1001, headers=headers).status_code == 413


def test_a_body_at_its_ceiling_is_taken(small: TestClient) -> None:
    body = b"lines=anna.example%2Fa" + b"%20" * 326
    assert len(body) == 1000
    assert small.post("/", content=body, headers={"Content-Type": FORM}).status_code == 200


async def asked(
    app: ASGIApp,
    headers: list[tuple[bytes, bytes]],
    *pieces: Message | float,
    client: str = "192.0.2.1",
) -> list[Message]:
    """One POST to the start page, piece by piece; a number is a pause in seconds."""
    sent: list[Message] = []
    coming = iter(pieces)

    async def receive() -> Message:
        for piece in coming:
            if isinstance(piece, dict):
                return piece
            await asyncio.sleep(piece)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, (b"host", b"optout.example"), (b"content-type", FORM.encode())],
        "client": (client, 1),
        "server": ("optout.example", 80),
    }
    await asyncio.wait_for(app(scope, receive, send), 10)  # type: ignore[arg-type]
    return sent


def ask(
    app: ASGIApp, headers: list[tuple[bytes, bytes]], *pieces: Message | float
) -> list[Message]:
    """The same in a loop of its own."""
    return asyncio.run(asked(app, headers, *pieces))


def more(body: bytes, *, last: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": not last}


def test_a_body_that_takes_too_long_is_not_waited_for(small: TestClient) -> None:
    sent = ask(small.app, [], more(b"lines=a"), 5.0, more(b"b", last=True))
    assert sent[0]["status"] == 400


def test_a_body_that_comes_in_pieces_is_waited_for(small: TestClient) -> None:
    sent = ask(small.app, [], more(b"lines=a"), 0.05, more(b"nna.example%2Fa", last=True))
    assert sent[0]["status"] == 200
    assert b"anna.example/a" in b"".join(message.get("body", b"") for message in sent)


@pytest.fixture(scope="module")
def strict(serving: Callable) -> Iterator[TestClient]:
    with serving(limits=Limits(pause_seconds=0.4, slowest=10)) as client:
        yield client


def test_a_body_that_pauses_is_not_waited_for(strict: TestClient) -> None:
    sent = ask(strict.app, [], more(b"lines=" + b"a" * 1000), 5.0, more(b"b", last=True))
    assert sent[0]["status"] == 400


def test_a_body_that_drips_is_not_waited_for(strict: TestClient) -> None:
    drops = [piece for _ in range(40) for piece in (0.15, more(b"a"))]
    assert ask(strict.app, [], more(b"lines=a"), *drops)[0]["status"] == 400


def test_a_body_that_is_slow_but_steady_is_waited_for(strict: TestClient) -> None:
    drops = [piece for _ in range(6) for piece in (0.15, more(b"abcd"))]
    sent = ask(strict.app, [], more(b"lines=a.example/"), *drops, more(b"", last=True))
    assert sent[0]["status"] == 200


def test_slow_senders_keep_nobody_else_out(serving: Callable) -> None:
    with serving(limits=Limits(uploads=1, waiting=1, upload_seconds=2)) as client:
        head = [(b"content-length", b"5000000")]
        slow = [
            threading.Thread(target=ask, args=(client.app, head, more(b"lines=a"), 5.0))
            for _ in range(4)
        ]
        for thread in slow:
            thread.start()
        time.sleep(0.3)
        assert client.post("/", files=[("lines", (None, "a.example/"))]).status_code == 200
        assert all(thread.is_alive() for thread in slow)
        for thread in slow:
            thread.join()


def test_large_bodies_that_come_slowly_keep_no_other_large_one_out(
    serving: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.api.service.turns.PAUSE_SECONDS", 0.2)
    monkeypatch.setattr("optout.api.service.turns._LOOK_SECONDS", 0.05)
    form = [(b"content-type", b"multipart/form-data; boundary=x")]
    begun = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\n'
    picture = begun + b"a" * 1000

    async def main(app: ASGIApp) -> None:
        drops = [piece for _ in range(400) for piece in (0.02, more(b"a"))]
        slow = [
            asyncio.create_task(asked(app, form, more(picture), *drops, client=f"192.0.2.{number}"))
            for number in (7, 8)
        ]
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in slow)
        async with asyncio.timeout(5):
            taken = await asked(app, form, more(picture), more(b"\r\n--x--\r\n", last=True))
        assert taken[0]["status"] == 200
        first, _ = await asyncio.wait(slow, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result()[0]["status"] for task in first] == [503] * len(first)
        for task in slow:
            task.cancel()

    with serving(limits=Limits(words=1000, uploads=2, waiting=5, slowest=1, picture=500)) as client:
        asyncio.run(main(client.app))


def test_who_asks_before_sending_too_much_is_answered_at_once(small: TestClient) -> None:
    headers = [(b"content-length", b"1001"), (b"expect", b"100-continue")]
    assert ask(small.app, headers, 5.0)[0]["status"] == 413


def test_who_goes_away_in_the_middle_is_let_go(
    small: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(small.app, [], more(b"lines=a")) == []
    assert caplog.records == []


# Errors


@pytest.fixture
def broken(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Lets everything that the registry is asked for fail."""

    def broken(error: Exception) -> None:
        async def fail(*_: object) -> None:
            raise error from ValueError("opensesame")

        desk = client.app.state.desk  # type: ignore[attr-defined]
        for name in ("open_case", "register", "read_case", "checkpoint"):
            monkeypatch.setattr(desk, name, fail)
        monkeypatch.setattr(desk.published, "open", fail)

    return broken


REQUESTS = [
    ("POST", "/", {"data": {"lines": "anna.example/harbour", "do": "send"}}, "text/html"),
    (
        "POST",
        "/case",
        {"data": {"number": "K7WQ-2MZD", "secret": "Q4TN-7XKC-PM2A-ZV6H"}},
        "text/html",
    ),
    (
        "POST",
        "/v1/cases",
        {"json": {"items": [{"kind": "url", "value": "anna.example/harbour"}]}},
        "application/problem+json",
    ),
    (
        "GET",
        "/v1/cases/K7WQ-2MZD",
        {"headers": {"Authorization": "Bearer Q4TN-7XKC-PM2A-ZV6H"}},
        "application/problem+json",
    ),
    ("GET", "/snapshot/snapshot.json", {}, "application/problem+json"),
]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("anna.example/harbour of K7WQ-2MZD"), 500),
        (KeyError("Q4TN-7XKC-PM2A-ZV6H"), 500),
        (RegistryError("anna.example/harbour cannot be written", "Free K7WQ-2MZD."), 503),
    ],
)
@pytest.mark.parametrize(("method", "path", "rest", "kind"), REQUESTS)
def test_an_unforeseen_error_ends_well_and_tells_nothing_personal(
    client: TestClient,
    broken: Callable,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    method: str,
    path: str,
    rest: dict,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG, logger="optout")
    broken(error)
    answer = client.request(method, path, **rest)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    for record in caplog.records:
        if record.name.startswith("optout"):
            noted = logging.Formatter("%(message)s").format(record)
            assert not [word for word in SECRET_WORDS if word in noted]
            break
    else:
        raise AssertionError("nothing was noted")
    assert type(error).__name__ in noted
    assert "caused by ValueError" in noted
    assert "test_guard.py" in noted
    assert "opensesame" not in answer.text
    assert "cannot be written" not in answer.text
    if status == 503:
        assert kind == "text/html" or answer.headers["retry-after"] == "60"


def test_an_ordinary_day_leaves_nothing_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="optout")
    case = client.post("/v1/cases", json={"items": [{"kind": "url", "value": "anna.example/a"}]})
    client.get(f"/v1/cases/{case.json()['case']}", headers={"Authorization": "Bearer x"})
    client.post("/", data={"lines": "@anna"})
    client.get("/nothing")
    assert [record for record in caplog.records if record.name.startswith("optout")] == []


# Other sites


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/case", "text/html"),
        ("/v1/cases", "application/problem+json"),
    ],
)
def test_a_page_of_another_site_cannot_send_anything(
    client: TestClient, path: str, kind: str
) -> None:
    size = client.get("/checkpoint").text.split("\n")[1]
    form = [("lines", (None, "anna.example/a")), ("do", (None, "send"))]
    answer = client.post(path, files=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith(kind)
    assert client.get("/checkpoint").text.split("\n")[1] == size


@pytest.mark.parametrize("site", ["same-origin", "none", "same-site", None])
def test_who_comes_from_here_or_from_no_page_can(client: TestClient, site: str | None) -> None:
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    answer = client.post("/", data={"lines": "anna.example/a"}, headers=headers)
    assert answer.status_code == 200


def test_a_link_on_another_site_leads_here(client: TestClient) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_nothing_of_a_broken_form_is_logged(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/", content=b"--b\r\nx@\r\n", headers=headers).status_code == 400
    assert [record.name for record in caplog.records if record.name != "httpx2"] == []
