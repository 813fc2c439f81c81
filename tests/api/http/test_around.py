"""With settings: one line a request and nothing personal in it, figures, readiness, quotas."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.http.logs import configure
from optout.api.http.metrics import Figures, Meters
from optout.api.service import Desk
from optout.api.settings import Settings
from optout.registry.errors import RegistryError

WORDS = ("anna", "K7WQ", "Q4TN", "192.0.2.7", "2001:db8", "Firefox", "opensesame", "xn--")
TOKEN = "opensesame-opensesame"

Equipped = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture(scope="module")
def equipped(new_registry: Callable[[], Path]) -> Equipped:
    @contextmanager
    def equipped(client: str = "192.0.2.7", **settings: Any) -> Iterator[TestClient]:
        held = Settings(registry=str(new_registry()), **settings)
        app = build(held.registry, None, None, held.limits, held)
        with TestClient(app, base_url="http://optout.example", client=(client, 5)) as test:
            yield test

    return equipped


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    ours = logging.getLogger("optout").level
    configure("debug", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("optout").setLevel(ours)


def test_nothing_personal_of_a_request_is_logged(equipped: Equipped, logged: Callable) -> None:
    headers = {
        "Authorization": "Bearer Q4TN-7XKC-PM2A-ZV6H",
        "User-Agent": "Firefox anna",
        "X-Forwarded-For": "2001:db8::1",
        "X-Request-Id": "anna",
        "Referer": "https://anna.example/",
        "Cookie": "anna=1",
        "Accept-Language": "anna",
    }
    with equipped() as client:
        answers = [
            client.get("/v1/cases/K7WQ-2MZD?q=anna", headers=headers),
            client.get("/anna.example/K7WQ", headers=headers),
            client.request("ANNA", "/v1/cases", headers=headers),
            client.get("/case/K7WQ-2MZD", headers=headers),
            client.post("/v1/cases", json={"items": [{"kind": "anna"}], "anna": 1}),
            client.post("/", data={"lines": "anna@anna.example", "anna": "anna"}),
            client.get("/", headers={"Host": "anna b"}),
        ]
    lines = [line for line in logged() if line["event"] == "request"]
    assert len(lines) == len(answers)
    for line, answer in zip(lines, answers, strict=True):
        assert set(line) == {
            *("event", "level", "logger", "method", "milliseconds", "request"),
            *("route", "status", "timestamp"),
        }
        assert line["status"] == answer.status_code
        assert line["request"] == answer.headers["x-request-id"]
    assert [word for word in WORDS if word in json.dumps(logged())] == []
    assert [(line["method"], line["route"]) for line in lines[:3]] == [
        ("GET", "/v1/cases/{case}"),
        ("GET", "(none)"),
        ("(none)", lines[2]["route"]),
    ]


def test_an_error_is_noted_with_its_request_and_without_its_words(
    equipped: Equipped, logged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("anna")

    with equipped() as client:
        monkeypatch.setattr(client.app.state.desk, "read_case", fail)  # type: ignore[attr-defined]
        headers = {"Authorization": "Bearer x"}
        answer = client.get("/v1/cases/K7WQ-2MZD", headers=headers)
    assert answer.status_code == 500
    error, line = logged()
    assert error["level"] == "error"
    assert "RuntimeError at" in error["event"]
    assert error["request"] == line["request"]
    assert "anna" not in json.dumps(error)


def test_libraries_speak_without_words(logged: Callable) -> None:
    try:
        raise ValueError("anna")
    except ValueError:
        logging.getLogger("asyncio").exception("anna %s", "anna")
        logging.getLogger("optout.api").exception("it failed")
    logging.getLogger("uvicorn.error").info("anna")
    theirs, ours = logged()
    assert theirs["event"] == "a library has something to say"
    assert theirs["place"].startswith("api/http/test_around.py:")
    assert theirs["error"].startswith("ValueError at ")
    assert ours["event"] == "it failed"
    assert "anna" not in json.dumps([theirs, ours])


def test_signs_of_life_are_noted_only_for_the_curious(equipped: Equipped, logged: Callable) -> None:
    with equipped() as client:
        client.get("/healthz")
        client.get("/key")
    assert [line["level"] for line in logged()] == ["debug", "info"]
    assert structlog.contextvars.get_contextvars() == {}


def ready(client: TestClient) -> Any:
    """What is told once the first snapshot is built."""
    for _ in range(500):
        answer = client.get("/readyz")
        if answer.json()["checks"]["snapshot"] == "ok":
            return answer
        time.sleep(0.01)
    raise AssertionError(answer.text)


def test_ready_is_who_can_serve_a_snapshot(
    equipped: Equipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RegistryError("anna", "")

    sound = {"registry": "ok", "vault": "ok", "snapshot": "ok"}
    with equipped() as client:
        answer = ready(client)
        assert answer.status_code == 200
        assert answer.json()["checks"] == sound
        desk = client.app.state.desk  # type: ignore[attr-defined]
        with monkeypatch.context() as patched:
            # Who asks is told, and has nothing built.
            patched.setattr(desk.published._publisher, "newest", lambda: None)
            patched.setattr(desk.published._publisher, "served", fail)
            answer = client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["checks"] == {**sound, "snapshot": "failed"}
        assert client.get("/readyz").json()["checks"] == sound

    monkeypatch.setattr(Desk, "ping", fail)
    with equipped() as client:
        answer = ready(client)
    assert answer.status_code == 503
    assert answer.json()["checks"] == {**sound, "registry": "failed"}
    assert "anna" not in answer.text


def test_what_an_erasure_takes_down_is_built_again_at_once(
    equipped: Equipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.api.http.app._WATCH_SECONDS", 60)
    with equipped() as client:
        ready(client)
        desk = client.app.state.desk  # type: ignore[attr-defined]
        held = desk.published._publisher.newest()
        items = [{"kind": "url", "value": "anna.example/a"}]
        case = client.post("/v1/cases", json={"items": items}).json()
        secret = {"Authorization": f"Bearer {case['secret']}"}
        assert client.delete(f"/v1/cases/{case['case']}", headers=secret).status_code == 204
        assert not held.is_there
        assert ready(client).status_code == 200


def test_ready_is_who_can_destroy_what_is_erased(
    equipped: Equipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RegistryError("anna", "")

    def vault(client: TestClient) -> str:
        told: str = client.get("/readyz").json()["checks"]["vault"]
        return told

    with equipped() as client:
        assert vault(client) == "ok"
        with monkeypatch.context() as patched:
            patched.setattr("optout.registry.store.store.os.access", lambda *_: False)
            assert vault(client) == "failed"
        assert vault(client) == "ok"
        with monkeypatch.context() as patched:
            patched.setattr("optout.registry.store.store.Vault.shred", fail)
            items = [{"kind": "url", "value": "anna.example/a"}]
            case = client.post("/v1/cases", json={"items": items}).json()
            secret = {"Authorization": f"Bearer {case['secret']}"}
            assert client.delete(f"/v1/cases/{case['case']}", headers=secret).status_code == 204
            assert vault(client) == "failed"
        # To ask makes up for it.
        assert vault(client) == "ok"


# Figures


def test_figures_are_shown_to_who_brings_the_token(equipped: Equipped) -> None:
    with equipped(metrics={"access": "token", "token": TOKEN}) as client:
        client.get("/v1/cases/K7WQ-2MZD", headers={"Authorization": "Bearer x"})
        items = [{"kind": "url", "value": f"anna.example/{name}"} for name in "abc"]
        assert client.post("/v1/cases", json={"items": items}).status_code == 201
        for token in ("", "Bearer x", "Bearer ", f"Basic {TOKEN}", "Bearer \u00e9"):
            given = {"Authorization": token.encode("latin-1")}
            assert client.get("/metrics", headers=given).status_code == 404
        shown = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    wanted = 'optout_requests_total{method="GET",route="/v1/cases/{case}",status="404"} 1.0'
    assert wanted in shown
    assert "optout_entries_total 3.0" in shown
    assert "optout_registrations_total 1.0" in shown
    assert "optout_log_size 3.0" in shown
    assert 'optout_waiting{queue="decoders"} 0.0' in shown
    assert not [word for word in WORDS if word in shown]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {}, 404),
        ("somewhere", {}, 404),
    ],
)
def test_figures_are_shown_on_this_machine_only(
    equipped: Equipped, client: str, headers: dict[str, str], status: int
) -> None:
    with equipped(client, metrics={"access": "loopback"}) as test:
        assert test.get("/metrics", headers=headers).status_code == status


def test_figures_are_off_unless_asked_for(equipped: Equipped) -> None:
    with equipped("127.0.0.1") as client:
        assert client.get("/metrics").status_code == 404


def test_what_is_known_is_shown_and_a_fault_hides_no_counter() -> None:
    async def known() -> Figures:
        return Figures(7, {"writers": 2})

    async def failing() -> Figures:
        raise RegistryError("away", "")

    shown = anyio.run(Meters(known).shown).decode()
    assert "optout_log_size 7.0" in shown
    assert 'optout_waiting{queue="writers"} 2.0' in shown
    assert "optout_registrations_total 0.0" in anyio.run(Meters(failing).shown).decode()
    assert "optout_registrations_total 0.0" in anyio.run(Meters().shown).decode()


# Who asks too often


def test_a_page_tells_a_person_to_wait(equipped: Equipped) -> None:
    with equipped(quotas={"reading": "1/minute"}) as client:
        assert client.get("/").status_code == 200
        answer = client.get("/", headers={"Accept-Language": "fr"})
    assert answer.status_code == 429
    assert "Réessayez dans une minute." in answer.text
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_program_is_told_when_to_come_back(equipped: Equipped) -> None:
    with equipped(quotas={"registering": "2/hour"}) as client:
        first = client.post("/v1/cases", json={})
        client.post("/v1/cases", json={})
        answer = client.post("/v1/cases", json={})
        assert client.get("/checkpoint").status_code == 200
    assert first.headers["ratelimit-policy"] == '"registering";q=2;w=3600'
    assert first.headers["ratelimit"].startswith('"registering";r=1;t=')
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["title"] == "Too Many Requests"
    assert told["detail"] == "your network has sent more than we can take within 1 hour"
    assert told["advice"].startswith("Wait 1 hour, and send it again. Nothing was changed.")


def test_quotas_can_be_off(equipped: Equipped) -> None:
    with equipped(quotas={"enabled": False, "reading": "1/hour"}) as client:
        assert {client.get("/key").status_code for _ in range(3)} == {200}


def test_secrets_tried_on_the_page_are_counted(equipped: Equipped) -> None:
    with equipped(quotas={"secrets": "2/hour"}) as client:
        tried = {"number": "K7WQ-2MZD", "secret": "Q4TN-7XKC-PM2A-ZV6H"}
        found = [client.post("/case", data=tried).status_code for _ in range(3)]
        assert client.get("/").status_code == 200
    assert found == [404, 404, 429]


def test_a_case_that_stays_shut_for_an_hour_says_so_and_that_it_is_unchanged(
    equipped: Equipped,
) -> None:
    with equipped(quotas={"secrets": "1/hour"}) as client:
        tried = {"number": "K7WQ-2MZD", "secret": "Q4TN-7XKC-PM2A-ZV6H"}
        client.post("/case", data=tried)
        answer = client.post("/case", data=tried)
    assert answer.status_code == 429
    assert "Please try again in 60 minutes. Your case is unchanged." in answer.text
    assert "Nothing has been registered." not in answer.text
    assert 'href="/case?lang=en"' in answer.text
