"""Partners show keys, and tell what their corpora left out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from optout.api.errors import Busy
from optout.api.http.app import build
from optout.api.settings import Settings
from optout.filter.evidence import dsse
from optout.filter.evidence.exclusions import EXCLUSIONS_TYPE
from optout.filter.evidence.manifest import STATEMENT_TYPE
from optout.registry import Identifier, Registry, documents
from optout.registry.log import SigningKey
from optout.registry.partners import ApiKey, Purpose
from optout.registry.registry import Claim

SIGNER = SigningKey.generate("harbour.example")
BULK = "/api/v2/query/urls/"


class Partnered:
    """A service, and a key for each purpose."""

    def __init__(self, client: TestClient, registry: Registry) -> None:
        self.client = client
        self.registry = registry
        self.keys = {
            purpose: registry.partners.make(
                "Harbour Models",
                purpose,
                verifier=str(SIGNER.verifier) if purpose is Purpose.REPORT else "",
            )[1].text
            for purpose in Purpose
        }

    def bearing(self, purpose: Purpose) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[purpose]}"}

    def send(self, data: bytes, **headers: str) -> Any:
        sent = {"Content-Type": "application/json", **self.bearing(Purpose.REPORT), **headers}
        return self.client.post("/v1/reports", content=data, headers=sent)

    def report(self, key: SigningKey = SIGNER, **changes: Any) -> bytes:
        predicate = {
            "corpus": "Harbours",
            "date": "2026-11-24",
            "registry": {
                "origin": self.registry.origin,
                "size": self.registry.size,
                "root": self.registry.root().hex(),
            },
            "excluded": [{"entry": 0, "rows": 3}, {"entry": 1, "rows": 40}],
            **changes,
        }
        statement = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": "manifest.json", "digest": {"sha256": "00" * 32}}],
            "predicateType": EXCLUSIONS_TYPE,
            "predicate": predicate,
        }
        return dsse.sign(documents.canonical(statement), key).render()


@pytest.fixture(scope="module")
def partnered(new_registry: Callable[[], Path]) -> Callable[..., Any]:
    @contextmanager
    def partnered(**settings: Any) -> Iterator[Partnered]:
        held = Settings(registry=str(new_registry()), **settings)
        with Registry.open(held.registry) as registry:
            registry.add([Claim(Identifier.url(f"https://anna.example/{n}")) for n in range(2)])
            app = build(held.registry, None, None, held.limits, held)
            with TestClient(app, base_url="http://optout.example") as client:
                yield Partnered(client, registry)

    return partnered


@pytest.fixture(scope="module")
def open_service(partnered: Callable[..., Any]) -> Iterator[Partnered]:
    with partnered() as one:
        yield one


@pytest.fixture(scope="module")
def closed_service(partnered: Callable[..., Any]) -> Iterator[Partnered]:
    with partnered(snapshot_key_required=True, spawning_key_required=True) as one:
        yield one


def test_the_feed_of_hashes_is_for_who_brings_a_key_to_read(open_service: Partnered) -> None:
    get = open_service.client.get
    assert get("/v1/feeds/stopncii", headers=open_service.bearing(Purpose.READ)).status_code == 200
    answer = get("/v1/feeds/stopncii")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"]


def test_a_key_for_something_else_is_told_so(open_service: Partnered) -> None:
    headers = open_service.bearing(Purpose.UPLOAD)
    answer = open_service.client.get("/v1/feeds/stopncii", headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "this key is for upload, not for read"
    nobodys = {"Authorization": f"Bearer {ApiKey.make(Purpose.READ).text}"}
    answer = open_service.client.get("/v1/feeds/stopncii", headers=nobodys)
    assert answer.status_code == 401


def test_snapshot_and_bulk_query_are_for_everybody_by_default(open_service: Partnered) -> None:
    assert open_service.client.get("/snapshot/snapshot.json").status_code == 200
    headers = {"Authorization": "API a-key-of-somewhere-else"}
    for _ in range(30):
        assert open_service.client.post(BULK, content=b"", headers=headers).status_code == 200


def test_snapshot_and_bulk_query_may_ask_for_a_key(closed_service: Partnered) -> None:
    client, read = closed_service.client, closed_service.keys[Purpose.READ]
    for headers, status in (
        ({}, 401),
        (closed_service.bearing(Purpose.UPLOAD), 403),
        ({"Authorization": f"API {read}"}, 200),
    ):
        assert client.get("/snapshot/snapshot.json", headers=headers).status_code == status
        assert client.head("/snapshot/snapshot.json", headers=headers).status_code == status
        assert client.post(BULK, content=b"", headers=headers).status_code == status
    assert client.get("/checkpoint").status_code == 200


def test_a_partner_has_a_quota_by_key(open_service: Partnered) -> None:
    answer = open_service.client.get("/key", headers=open_service.bearing(Purpose.READ))
    assert answer.headers["ratelimit-policy"].startswith('"partner-reading"')


def test_a_key_that_has_ended_opens_nothing(open_service: Partnered) -> None:
    made, key = open_service.registry.partners.make("Gone", Purpose.READ)
    headers = {"Authorization": f"Bearer {key.text}"}
    assert open_service.client.get("/v1/feeds/stopncii", headers=headers).status_code == 200
    open_service.registry.partners.end(made.id)
    assert open_service.client.get("/v1/feeds/stopncii", headers=headers).status_code == 401


def test_a_report_is_kept_listed_and_given_back_as_it_was_signed(
    partnered: Callable[..., Any],
) -> None:
    with partnered() as one:
        data = one.report()
        answer = one.send(data)
        assert answer.status_code == 201
        assert answer.headers["location"] == "/v1/reports/0"
        again = one.send(data)
        assert (again.status_code, again.json()) == (200, {"number": 0, "new": False})
        assert one.send(one.report(date="2026-11-25", excluded=[])).json()["number"] == 1
        assert one.client.get("/v1/reports/0").content == data
        assert one.client.get("/v1/reports/2").status_code == 404
        page = one.client.get("/v1/reports?limit=1")
        assert page.json()["reports"] == [
            {
                "number": 0,
                "claimed_by": "Harbour Models",
                "corpus": "Harbours",
                "date": "2026-11-24",
                "size": 2,
                "entries": 2,
                "rows": 43,
                "newest": False,
            }
        ]
        page = one.client.get(page.links["next"]["url"])
        assert [report["newest"] for report in page.json()["reports"]] == [True]
        assert "next" not in page.links


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda _: b"{", ""),
        (lambda one: one.report(SigningKey.generate("other.example")), ""),
        (lambda one: one.report(date="2026-02-30"), "does not say what a corpus left out"),
        (lambda one: one.report().replace(b"a", b"b", 1), ""),
        (
            lambda one: one.report(registry={"origin": "x", "size": 2, "root": "00" * 32}),
            "is about the log 'x'",
        ),
    ],
)
def test_what_is_no_report_of_this_log_is_refused(
    open_service: Partnered, data: Callable[[Partnered], bytes], says: str
) -> None:
    answer = open_service.send(data(open_service))
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert open_service.client.get("/v1/reports").json() == {"reports": []}


def test_a_report_needs_a_key_for_reports_and_its_own_content_type(
    open_service: Partnered,
) -> None:
    data = open_service.report()
    read = open_service.bearing(Purpose.READ)
    assert open_service.send(data, **read).status_code == 403
    assert open_service.send(data, Authorization="").status_code == 401
    assert open_service.send(data, **{"Content-Type": "text/plain"}).status_code == 415


def test_a_report_may_be_larger_than_other_words(partnered: Callable[..., Any]) -> None:
    with partnered(limits={"words": 1000, "report": 2000}) as one:
        assert one.send(json.dumps("x" * 1500).encode()).status_code == 422
        assert one.send(json.dumps("x" * 2000).encode()).status_code == 413


def test_large_bodies_hold_a_place_for_as_long_as_they_are_needed(
    partnered: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []

    @asynccontextmanager
    async def hold() -> AsyncIterator[None]:
        held.append("held")
        yield
        held.append("let go")

    @asynccontextmanager
    async def full() -> AsyncIterator[None]:
        raise Busy("full", "")
        yield

    with partnered(limits={"words": 100}) as one:
        desk = one.client.app.state.desk
        judged, kept = desk.published.opted_out, desk.partners.keep_report

        async def opted_out(addresses: Any) -> Any:
            held.append("judged")
            return await judged(addresses)

        async def keep_report(*arguments: Any) -> Any:
            held.append("kept")
            return await kept(*arguments)

        monkeypatch.setattr(desk.published, "opted_out", opted_out)
        monkeypatch.setattr(desk.partners, "keep_report", keep_report)
        monkeypatch.setattr(desk.uploads, "hold", hold)
        assert one.client.post(BULK, content=b"\n" * 100).status_code == 200
        assert held == ["judged"]
        assert one.client.post(BULK, content=b"\n" * 101).status_code == 200
        assert one.send(one.report()).status_code == 201
        assert held[1:] == ["held", "judged", "let go", "held", "kept", "let go"]
        monkeypatch.setattr(desk.uploads, "hold", full)
        assert one.client.post(BULK, content=b"\n" * 101).status_code == 503
        assert one.send(one.report()).status_code == 503


def test_what_is_longer_than_an_address_may_be_is_opted_out_by_nobody(
    partnered: Callable[..., Any],
) -> None:
    address = "https://anna.example/0#"
    with partnered(limits={"line": 40}) as one:
        lines = [address.ljust(40, "x"), address.ljust(41, "x"), address]
        answer = one.client.post(BULK, content="\n".join(lines))
        shown = answer.json()["urls"]
    assert [each["url"] for each in shown] == lines
    assert [each["optOut"] for each in shown] == [True, False, True]


def test_a_report_that_is_new_wakes_who_sends_letters(partnered: Callable[..., Any]) -> None:
    told: list[bool] = []
    with partnered() as one:
        one.client.app.state.desk.letters.when_queued.append(lambda: told.append(True))
        data = one.report()
        assert [one.send(data).status_code for _ in range(2)] == [201, 200]
    assert told == [True]
