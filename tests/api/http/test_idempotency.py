"""A request that is sent again opens no second case."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.service import Limits, Outside

from tests.api.http.test_cases import bearer, opened, problem, records

KEY = '"5b2f6f3e-8d1c-4f0e-9a57-1f0f3a0f6d3c"'
ITEMS = [
    {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"},
    {"kind": "site", "value": "anna.example"},
    {"kind": "site", "value": "Anna.example"},
]


def send(client: TestClient, key: str, items: list | None = None, **rest: object) -> Response:
    return client.post(
        "/v1/cases", json={"items": items or ITEMS, **rest}, headers={"Idempotency-Key": key}
    )


def key_of(name: str) -> str:
    return f'"{name:->30}"'


def test_the_same_request_gets_the_same_answer(client: TestClient) -> None:
    first, size = send(client, KEY), records(client)
    assert "idempotency-replayed" not in first.headers
    again = send(client, KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.json() == {**first.json(), "checkpoint": again.json()["checkpoint"]}
    assert records(client) == size
    secret = bearer(again.json()["secret"])
    assert client.get(again.headers["location"], headers=secret).status_code == 200


def test_the_same_answer_is_given_after_more_was_registered(client: TestClient) -> None:
    key = key_of("later")
    first = send(client, key).json()
    opened(client, {"kind": "site", "value": "bert.example"})
    again = send(client, key).json()
    assert {**again, "checkpoint": ""} == {**first, "checkpoint": ""}
    assert again["checkpoint"] != first["checkpoint"]


def test_answers_are_forgotten_once_their_day_is_over_though_nobody_comes(
    new_registry: Callable[[], Path], outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, now = new_registry(), datetime.now(UTC)
    monkeypatch.setattr("optout.api.http.app._ANSWER_SECONDS", 0.02)
    clock = [now]
    away = replace(outside, clock=lambda: clock[0])
    app = build(database, None, None, Limits(), outside=away)

    def count() -> int:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    with TestClient(app, base_url="http://optout.example") as client:
        assert send(client, KEY).status_code == 201
        assert count() == 1
        clock[0] = now + timedelta(hours=24)
        until = time.monotonic() + 5
        while count():
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_key_with_another_request_is_refused(client: TestClient) -> None:
    key = key_of("other")
    assert send(client, key).status_code == 201
    size = records(client)
    for answer in (
        send(client, key, ITEMS[:1]),
        send(client, key, ITEMS[::-1]),
        send(client, key, usage=["search"]),
    ):
        told = problem(answer, 422)
        assert told["detail"] == "this Idempotency-Key came with another request"
        assert "key of its own" in told["advice"]
        assert "idempotency-replayed" not in answer.headers
    assert records(client) == size


def test_what_was_refused_was_not_answered(client: TestClient) -> None:
    key = key_of("refused")
    problem(send(client, key, [{"kind": "site", "value": "co.uk"}]), 422)
    assert send(client, key).status_code == 201


def test_an_erased_case_is_not_told_of_again(client: TestClient) -> None:
    key = key_of("erased")
    first = send(client, key).json()
    address = f"/v1/cases/{first['case']}"
    assert client.delete(address, headers=bearer(first["secret"])).status_code == 204
    again = send(client, key)
    assert "idempotency-replayed" not in again.headers
    assert again.json()["case"] != first["case"]


def test_a_form_may_be_sent_again_in_other_bytes(
    client: TestClient, photograph: Callable[..., bytes]
) -> None:
    def form(seed: int) -> Response:
        files = [("pictures", ("a.jpg", photograph(seed), "image/jpeg"))]
        headers = {"Idempotency-Key": key_of("form")}
        return client.post(
            "/v1/cases", data={"lines": "anna.example"}, files=files, headers=headers
        )

    first, again, other = form(1), form(1), form(2)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert again.json()["secret"] == first.json()["secret"]
    assert other.status_code == 422


def test_of_many_at_once_one_opens_a_case(client: TestClient) -> None:
    size = records(client)
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda _: send(client, key_of("many")), range(8)))
    assert {answer.status_code for answer in told} == {201}
    assert len({answer.json()["secret"] for answer in told}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in told) == 1
    assert records(client) == size + 2


@pytest.mark.parametrize("length", [22, 200])
def test_a_key_may_be_short_or_long(length: int, client: TestClient) -> None:
    quoted = '\\"' + "x" * (length - 1)  # what is escaped is one character
    assert send(client, f'"{quoted}"').status_code == 201


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        "5b2f6f3e-8d1c-4f0e-9a57-1f0f3a0f6d3c",
        f'"{"x" * 21}"',
        f'"{"x" * 201}"',
        KEY + KEY,
        KEY[:-1],
        f'"{"x" * 30}\\x"',
        f'"{"x" * 30}""',
        f'"{"x" * 30}\t"',
        f"{KEY};a=1",
    ],
)
def test_a_key_that_is_none_is_refused(key: str, client: TestClient) -> None:
    told = problem(send(client, key), 400)
    assert told["advice"] == (
        'Put a random one in double quotes: Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"'
    )


def test_two_keys_are_none(client: TestClient) -> None:
    headers = [("Idempotency-Key", KEY), ("Idempotency-Key", KEY)]
    problem(client.post("/v1/cases", json={"items": ITEMS}, headers=headers), 400)


def test_a_notice_that_is_sent_again_is_one(client: TestClient) -> None:
    index = opened(client, ITEMS[1])["items"][0]["index"]
    told = {"entry": index, "item": ITEMS[1], "reason": "other", "statement": "why"}

    def send_notice(key: str, **changed: str) -> Response:
        headers = {"Idempotency-Key": key}
        return client.post("/v1/notices", json={**told, **changed}, headers=headers)

    first, again = send_notice(KEY), send_notice(KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.json() == first.json()
    assert "key of its own" in problem(send_notice(KEY, statement="other"), 422)["advice"]
    assert "in double quotes" in problem(send_notice("none"), 400)["advice"]


def test_figures_count_a_case_once(client: TestClient) -> None:
    counted: list[int] = []
    desk = client.app.state.desk  # type: ignore[attr-defined]
    desk.when_opened.append(counted.append)
    for _ in range(2):
        send(client, key_of("figures"))
    desk.when_opened.remove(counted.append)
    assert len(counted) == 1
