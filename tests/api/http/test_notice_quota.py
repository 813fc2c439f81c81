"""Nobody fills the places for notices about an entry before whoever it belongs to comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from optout.api.errors import TooOften
from optout.api.http.app import build
from optout.api.http.notice_quota import NOTICES, OF_ALL, NoticeQuota
from optout.api.settings import Quotas, Settings
from optout.registry.errors import RegistryError

from tests.api.http.test_cases import problem
from tests.api.http.test_domain_quota import request_from
from tests.api.http.test_notices import URL, against, index, opened, send
from tests.api.http.test_quotas import Clock


@pytest.fixture(scope="module")
def client(new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    held = Settings(registry=str(new_registry()), trusted_proxies=["192.0.2.0/24"])
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example", client=("192.0.2.1", 5)) as client:
        yield client


def come_from(client: TestClient, address: str) -> TestClient:
    client.headers["X-Forwarded-For"] = address
    return client


def test_a_registrant_does_not_shut_out_whose_site_it_is(client: TestClient) -> None:
    case = opened(client)
    rival = come_from(client, "198.51.100.7")
    told = [send(rival, index(case)) for _ in range(5)]
    assert [answer.status_code for answer in told] == [201] * 3 + [429] * 2
    assert problem(told[-1], 429)["detail"] == (
        "your network may send 3 notices about one entry within 1 day, and no more"
    )
    assert 86_000 < int(told[-1].headers["retry-after"]) <= 86_400
    for number in range(3):
        owner = come_from(client, f"203.0.113.{number}")
        assert send(owner, index(case), statement="it is my site").status_code == 201
    assert len(against(client, case)) == 6


def test_other_entries_are_counted_apart(client: TestClient) -> None:
    come_from(client, "198.51.100.8")
    first, other = opened(client), opened(client)
    for _ in range(3):
        assert send(client, index(first)).status_code == 201
    assert send(client, index(first)).status_code == 429
    assert send(client, index(other)).status_code == 201


def test_who_guesses_is_told_nothing_of_what_others_sent(client: TestClient) -> None:
    come_from(client, "198.51.100.9")
    case = opened(client)
    wrong = {**URL, "value": "https://anna.example/else"}
    before = send(client, index(case), wrong)
    for _ in range(3):
        assert send(client, index(case)).status_code == 201
    after = send(client, index(case), wrong)
    assert after.status_code == before.status_code == 422
    assert after.json() == before.json()


def test_the_answer_to_a_notice_that_was_sent_comes_again(client: TestClient) -> None:
    come_from(client, "198.51.100.10")
    case = opened(client)
    told = {"entry": index(case), "item": URL, "reason": "other", "statement": "it is ours"}
    key = {"Idempotency-Key": '"8d0b2c11-54ec-4a8a-9d0e-3e5ad9ef3f21"'}
    answers = [client.post("/v1/notices", json=told, headers=key) for _ in range(5)]
    assert {answer.json()["notice"] for answer in answers} == {answers[0].json()["notice"]}
    for _ in range(2):
        assert send(client, index(case)).status_code == 201
    assert send(client, index(case)).status_code == 429
    assert client.post("/v1/notices", json=told, headers=key).status_code == 201


def fail_when_admitted(quota: NoticeQuota) -> None:
    with quota.counted(request_from("192.0.2.7"), 1) as admit:
        admit()
        raise RegistryError("it is away")


def test_a_day_later_more_are_taken_and_what_failed_does_not_count() -> None:
    clock = Clock()
    quota, here = NoticeQuota(10, clock=clock), request_from("192.0.2.7")
    for _ in range(5):
        with pytest.raises(RegistryError, match="away"):
            fail_when_admitted(quota)
    for _ in range(NOTICES.amount):
        with quota.counted(here, 1) as admit:
            admit()
    for _ in range(2):
        with pytest.raises(TooOften) as told, quota.counted(here, 1) as admit:
            admit()
    assert told.value.seconds == NOTICES.seconds
    clock.now += NOTICES.seconds
    with quota.counted(here, 1) as admit:
        admit()


def test_nobody_disputes_the_entries_of_very_many() -> None:
    quota, here = NoticeQuota(100), request_from("192.0.2.7")
    for entry in range(OF_ALL.amount):
        with quota.counted(here, entry) as admit:
            admit()
    for _ in range(2):
        with pytest.raises(TooOften, match="all entries"), quota.counted(here, 1000) as admit:
            admit()
    with quota.counted(request_from("198.51.100.7"), 1000) as admit:
        admit()


def test_nothing_is_counted_where_quotas_are_off(new_registry: Callable[[], Path]) -> None:
    held = Settings(registry=str(new_registry()), quotas=Quotas(enabled=False))
    with TestClient(build(held.registry, None, None, held.limits, held)) as client:
        case = opened(client)
        assert [send(client, index(case)).status_code for _ in range(4)] == [201] * 4
