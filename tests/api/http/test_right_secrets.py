"""Whoever has the right secret and asks for what is not there has guessed nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.settings import Quotas, Settings

NONE = "4f1d0a9be27c6835"


@pytest.fixture(scope="module")
def client(new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    """A service that takes one wrong secret an hour."""
    settings = Settings(registry=str(new_registry()), quotas=Quotas(secrets="1/hour"))
    app = build(settings.registry, None, None, settings.limits, settings)
    with TestClient(app, base_url="http://optout.example", client=("192.0.2.7", 5)) as client:
        yield client


@pytest.fixture(scope="module")
def case(client: TestClient) -> dict[str, Any]:
    told = {"items": [{"kind": "site", "value": "anna.example"}]}
    return client.post("/v1/cases", json=told).json()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/contact", None),
        ("DELETE", "/items/999", None),
        ("POST", f"/proofs/{NONE}/checks", None),
        ("DELETE", f"/proofs/{NONE}", None),
        ("PUT", "/notices/H3PX-77QA/counter", {"statement": "mine"}),
        ("PUT", "/items/999/review", {"value": "anna.example", "note": ""}),
    ],
)
def test_what_is_not_found_with_the_right_secret_is_no_guess(
    client: TestClient, case: dict[str, Any], method: str, path: str, body: object
) -> None:
    own, headers = f"/v1/cases/{case['case']}", {"Authorization": f"Bearer {case['secret']}"}
    for _ in range(2):
        answer = client.request(method, own + path, json=body, headers=headers)
        assert answer.status_code == 404, answer.text
    assert client.get(own, headers=headers).status_code == 200


def test_a_wrong_secret_is_a_guess_whatever_is_asked_for(
    client: TestClient, case: dict[str, Any]
) -> None:
    wrong = {"Authorization": "Bearer AAAA-AAAA-AAAA-AAAA"}
    path = f"/v1/cases/{case['case']}/items/999"
    assert [client.delete(path, headers=wrong).status_code for _ in range(2)] == [404, 429]
