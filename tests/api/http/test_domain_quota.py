"""What one network may register below one domain, and what it is told to register instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.errors import TooMuchBelow
from optout.api.http.app import build
from optout.api.http.domain_quota import DomainQuota
from optout.api.service import Item, Limits, below, instead, read_line
from optout.api.settings import Quotas, Settings
from starlette.requests import Request

from tests.api.http.test_cases import problem
from tests.api.http.test_quotas import Clock

LIMITS = Limits()


def items(*lines: str) -> list[Item]:
    found = [read_line(line, LIMITS) for line in lines]
    assert all(isinstance(item, Item) for item in found), found
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("line", "domain", "covered_by"),
    [
        ("https://anna.example/a.jpg", "anna.example", "site"),
        ("https://www.pictures.anna.co.uk:8443/a", "anna.co.uk", "site"),
        ("https://anna.github.io/a", "anna.github.io", "site"),
        ("gallery.example/anna/*", "gallery.example", "site"),
        ("pictures.anna.example", "anna.example", "site"),
        ("anna.example", None, None),
        ("anna.github.io", None, None),
        ("https://www.flickr.com/photos/anna/1", "flickr.com", "account"),
        ("https://github.com/anna/a/*", "github.com", "account"),
        ("https://anna.tumblr.com/post/1", "tumblr.com", "account"),
        ("https://s3.amazonaws.com/anna/1.jpg", "s3.amazonaws.com", "prefix"),
        ("https://co.uk/a", "co.uk", "prefix"),
        ("http://192.0.2.7:8080/a", "192.0.2.7", "site"),
        ("http://[2001:db8::1]:8080/a", "[2001:db8::1]", "site"),
        ("instagram:anna", "accounts on instagram", "none"),
        ("@anna@art.mastodon.example", "accounts on mastodon.example", "none"),
        ("isbn:9780306406157", None, None),
    ],
)
def test_items_are_counted_below_a_domain(
    line: str, domain: str | None, covered_by: str | None
) -> None:
    (item,) = items(line)
    assert below(item) == domain
    assert domain is None or instead(domain) == covered_by


def request_from(address: str) -> Request:
    return Request({"type": "http", "client": (address, 5), "headers": []})


def test_what_is_too_much_is_refused_until_a_day_is_over() -> None:
    clock = Clock()
    quota = DomainQuota(Quotas(domain="5/day"), clock=clock)
    one, three = items("anna.example/a"), items(*(f"anna.example/{n}" for n in range(3)))
    here = request_from("192.0.2.7")
    with quota.counted(here, three):
        clock.now += 3600
    with quota.counted(here, [*one, *items("bert.example/a")]):
        pass
    with pytest.raises(TooMuchBelow, match=r"5 things below anna\.example within 1 day") as refused:
        quota.counted(here, three).__enter__()
    assert refused.value.seconds == 86_400 - 3600
    with quota.counted(here, one):  # nothing of what was refused is counted
        pass
    clock.now += 86_400 - 3600
    with quota.counted(here, three):
        pass


def test_other_networks_and_other_domains_are_counted_apart() -> None:
    quota = DomainQuota(Quotas(domain="1/day"))
    with quota.counted(request_from("192.0.2.7"), items("anna.example/a", "bert.example/a")):
        pass
    with quota.counted(request_from("192.0.2.8"), items("anna.example/a")):
        pass
    with pytest.raises(TooMuchBelow, match=r"below anna\.example"):
        quota.counted(request_from("192.0.2.7"), items("anna.example/b")).__enter__()


def test_what_came_to_nothing_is_not_counted() -> None:
    quota = DomainQuota(Quotas(domain="2/day"))
    here, two = request_from("192.0.2.7"), items("anna.example/a", "anna.example/b")
    with pytest.raises(OSError, match="away"), quota.counted(here, two):
        raise OSError("away")
    with quota.counted(here, two) as take_back:
        take_back()
    with quota.counted(here, two[:1]), quota.counted(here, two[1:]):
        pass


def test_a_million_addresses_cost_no_more_than_one_request_each_batch() -> None:
    quota = DomainQuota(Quotas(domain="1000000/day"))
    many = items("anna.example/a") * 1000
    for _ in range(100):
        with quota.counted(request_from("192.0.2.7"), many):
            pass
    (hits,) = quota._windows._hits.values()
    assert (hits.total, len(hits.moments)) == (100_000, 100)


@pytest.fixture(scope="module")
def client(new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    held = Settings(registry=str(new_registry()), quotas=Quotas(domain="3/day"))
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


def send(client: TestClient, *addresses: str, kind: str = "url", **headers: str) -> Response:
    told = [{"kind": kind, "value": address} for address in addresses]
    return client.post("/v1/cases", json={"items": told}, headers=headers)


def test_a_rivals_list_ends_and_the_site_is_still_taken(client: TestClient) -> None:
    rival = [f"https://rival.example/{number}" for number in range(4)]
    told = problem(send(client, *rival), 429)
    assert told["advice"] == (
        "Register the site rival.example itself: it covers every address below it. Whoever has a "
        "longer list gets an API key."
    )
    assert send(client, *rival[:3]).status_code == 201
    answer = send(client, rival[3])
    problem(answer, 429)
    assert 86_000 < int(answer.headers["retry-after"]) <= 86_400
    assert send(client, "rival.example", kind="site").status_code == 201
    form = client.post("/v1/cases", files={"lines": (None, rival[3])})
    problem(form, 429)


def test_of_a_platform_the_account_is_still_taken(client: TestClient) -> None:
    pages = [f"https://www.flickr.com/photos/anna/{number}" for number in range(4)]
    told = problem(send(client, *pages), 429)
    assert told["advice"].startswith("Register the account instead: it covers every address")
    assert send(client, "flickr:anna", kind="account").status_code == 201
    accounts = [f"flickr:anna{number}" for number in range(4)]
    told = problem(send(client, *accounts, kind="account"), 429)
    assert told["advice"] == "Whoever has a longer list gets an API key."


def test_a_repeated_request_is_counted_once(client: TestClient) -> None:
    key = {"Idempotency-Key": '"5b2f6f3e-8d1c-4f0e-9a57-1f0f3a0f6d3c"'}
    told = [send(client, "https://again.example/a", **key).status_code for _ in range(5)]
    assert told == [201] * 5
    pages = ["https://again.example/b", "https://again.example/c"]
    assert send(client, *pages).status_code == 201
    # Nothing more is let through, and what was is still answered.
    again = send(client, "https://again.example/a", **key)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    problem(send(client, "https://again.example/d", **key), 429)
    problem(send(client, "https://again.example/a"), 429)


@pytest.mark.parametrize(
    ("language", "line", "says"),
    [
        ("en", "https://page.example/{}", "Please register the site page.example itself"),
        ("fr", "https://page.example/{}", "Inscrivez plutôt le site page.example lui-même"),
        ("en", "https://www.deviantart.com/anna/art/{}", "Please register the account instead"),
        ("en", "https://s3.amazonaws.com/anna/{}", "Please register the part of the site"),
        ("en", "@a{}@many.example", "no more accounts on this platform"),
    ],
)
def test_the_form_is_counted_too_and_says_what_to_do(
    language: str, line: str, says: str, client: TestClient
) -> None:
    lines = "\n".join(line.format(number) for number in range(4))
    answer = client.post("/", data={"lines": lines, "do": "send", "lang": language})
    assert answer.status_code == 429
    assert says in answer.text
    assert 86_000 < int(answer.headers["retry-after"]) <= 86_400


def test_nothing_is_counted_where_quotas_are_off(new_registry: Callable[[], Path]) -> None:
    held = Settings(registry=str(new_registry()), quotas=Quotas(domain="1/day", enabled=False))
    with TestClient(build(held.registry, None, None, held.limits, held)) as client:
        for number in range(2):
            assert send(client, f"https://anna.example/{number}").status_code == 201
