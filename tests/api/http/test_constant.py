"""An unknown number and a wrong secret are told the same, by the same work."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.settings import Settings
from sqlalchemy import Engine, event

from tests.api.http.test_cases import bearer, opened, problem

UNKNOWN, WRONG = "AAAA-AAAA", "AAAA-AAAA-AAAA-AAAA"
CHANGING = ("date", "ratelimit", "x-request-id")
"""Headers that tell when and how often somebody asked, or name the request."""

Count = Callable[[], Counter[str]]


@pytest.fixture(scope="module")
def client(new_registry: Callable[[], Path], tmp_path_factory: Any) -> Iterator[TestClient]:
    """With everything around it that a service has."""
    state = tmp_path_factory.mktemp("state")
    held = Settings(
        registry=str(new_registry()),
        state=state,
        quotas={"secrets": "10000/hour", "registering": "10000/hour"},
    )
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Count]:
    """What was computed, and asked of the database, since it was last asked."""
    done: Counter[str] = Counter()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            done[name] += 1
            return real(*arguments, **named)

        return call

    for name in ("digest", "compare_digest"):
        monkeypatch.setattr(hmac, name, counted(name, getattr(hmac, name)))

    class CountedHKDF:
        def __init__(self, *arguments: Any) -> None:
            self._real = HKDF(*arguments)

        def derive(self, material: bytes) -> bytes:
            done["hkdf"] += 1
            return self._real.derive(material)

    for module in ("secret", "notices"):
        place = f"optout.registry.cases.{module}.HKDF"
        monkeypatch.setattr(place, CountedHKDF, raising=False)

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # Rounds ask for other things meanwhile.
        if "FROM cases" in statement or "FROM notices" in statement:
            done[statement] += 1

    event.listen(Engine, "before_cursor_execute", executed)

    def count() -> Counter[str]:
        told = done.copy()
        done.clear()
        return told

    yield count
    event.remove(Engine, "before_cursor_execute", executed)


def told_by(answer: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that an answer tells."""
    headers = [pair for pair in answer.headers.multi_items() if not pair[0].startswith(CHANGING)]
    return answer.status_code, headers, answer.content


def secured(client: TestClient) -> Iterator[tuple[str, str, Any]]:
    """Every operation that needs a secret, and a body that it takes."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if {"secret": []} in operation.get("security", []):
                body = operation.get("requestBody", {}).get("content", {}).get("application/json")
                yield method.upper(), path, body and body["example"]


def test_every_operation_tells_and_does_the_same(client: TestClient, work: Count) -> None:
    case = opened(client, {"kind": "site", "value": "anna.example"})
    item = {"kind": "site", "value": "anna.example"}
    index = case["items"][0]["index"]
    told = {"entry": index, "item": item, "reason": "other", "statement": "why"}
    notice = client.post("/v1/notices", json=told).json()["notice"]
    operations = list(secured(client))
    assert len(operations) >= 4
    for method, path, body in operations:
        answers, done = [], []
        for known in (True, False):
            mine = {"case": case["case"], "notice": notice, "index": index, "proof": "x" * 16}
            names = mine if known else {**mine, "case": UNKNOWN, "notice": UNKNOWN}
            address = path.format(**names)
            work()
            answer = client.request(method, address, headers=bearer(WRONG), json=body)
            done.append(work())
            problem(answer, 404)
            answers.append(told_by(answer))
        assert answers[0] == answers[1], (method, path)
        assert done[0] == done[1], (method, path)
        assert done[0]["hkdf"] == 1, (method, path)


def test_the_page_tells_and_does_the_same(client: TestClient, work: Count) -> None:
    case = opened(client, {"kind": "site", "value": "anna.example"})
    answers, done = [], []
    for number in (case["case"], UNKNOWN):
        work()
        answer = client.post("/case", data={"number": number, "secret": WRONG})
        done.append(work())
        status, headers, content = told_by(answer)
        answers.append((status, headers, content.replace(number.encode(), b"number")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert done[0] == done[1]
