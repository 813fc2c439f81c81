"""Whose requests are counted together, what is counted, and what happens at the end of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from optout.api.http.domain_quota import DomainQuota
from optout.api.http.notice_quota import NoticeQuota
from optout.api.http.quotas import UNKNOWN, QuotaGate, network_of
from optout.api.service import Rate, Windows
from optout.api.settings import Quotas
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

PROXIES = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


class Clock:
    """Stands still until it is told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Knows one secret."""
    right = b"Bearer right" in dict(scope["headers"]).get(b"authorization", b"")
    status = 200 if right or not scope["path"].startswith("/v1/cases/") else 404
    await PlainTextResponse("", status)(scope, receive, send)


def refusal(_: Request, detail: str, advice: str, _seconds: int) -> Response:
    return PlainTextResponse(f"{detail}. {advice}", 429)


def whose(key: str) -> str | None:
    if key == "oo_broken":
        raise OSError("away")
    return "lab" if key.startswith("oo_known") else None


def gate(
    clock: Callable[[], float], *, client: str = "192.0.2.7", **quotas: str | int
) -> TestClient:
    guarded = QuotaGate(
        app,
        Quotas.model_validate(quotas),
        refusal,
        trusted=PROXIES,
        whose=whose,
        clock=clock,
    )
    return TestClient(guarded, client=(client, 5))


def test_whoever_sets_the_clock_changes_nothing() -> None:
    quotas = Quotas()
    counting = (QuotaGate(app, quotas, refusal), DomainQuota(quotas), NoticeQuota(quotas.networks))
    assert [one._windows._clock for one in counting] == [time.monotonic] * 3


def scope_of(client: str | None, *forwarded: str) -> Scope:
    return {
        "type": "http",
        "client": (client, 5) if client is not None else None,
        "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded],
    }


@pytest.mark.parametrize(
    ("client", "forwarded", "network"),
    [
        ("192.0.2.7", (), "192.0.2.7"),
        ("::ffff:192.0.2.7", (), "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("fe80::1%eth0", (), "fe80::/64"),
        (None, (), UNKNOWN),
        ("testclient", (), UNKNOWN),
        # Only proxies that are trusted are believed, and only as far as the first who is not.
        ("192.0.2.7", ("203.0.113.1",), "192.0.2.7"),
        ("10.0.0.1", ("203.0.113.1",), "203.0.113.1"),
        ("10.0.0.1", ("6.6.6.6, 203.0.113.1",), "203.0.113.1"),
        ("10.0.0.1", ("6.6.6.6", "203.0.113.1, 10.0.0.2"), "203.0.113.1"),
        ("::1", ("2001:db8:1:2::9",), "2001:db8:1:2::/64"),
        ("10.0.0.1", ("nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.1, nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.3",), "10.0.0.3"),
    ],
)
def test_a_request_comes_from_a_network(
    client: str | None, forwarded: tuple[str, ...], network: str
) -> None:
    assert network_of(scope_of(client, *forwarded), PROXIES) == network


def test_the_window_moves() -> None:
    clock = Clock()
    client = gate(clock, reading="2/minute")
    first = client.get("/")
    assert first.headers["ratelimit-policy"] == '"reading";q=2;w=60'
    assert first.headers["ratelimit"] == '"reading";r=1;t=60'
    clock.now += 40
    assert client.get("/").headers["ratelimit"] == '"reading";r=0;t=20'
    answer = client.get("/")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "20"
    assert answer.headers["ratelimit"] == '"reading";r=0;t=20'
    assert answer.text == (
        "your network has asked for more than we can give within 1 minute. Wait 20 seconds, and "
        "send it again. Who needs the whole list fetches the snapshot once instead of asking often."
    )
    clock.now += 20
    assert client.get("/").status_code == 200
    assert client.get("/").status_code == 429


def test_reading_and_registering_are_counted_apart() -> None:
    client = gate(Clock(), reading="1/minute", registering="1/minute")
    assert client.get("/").status_code == 200
    assert client.post("/").status_code == 200
    assert client.head("/").status_code == 429
    assert client.delete("/").status_code == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/style.css"])
def test_some_things_are_free(path: str) -> None:
    client = gate(Clock(), reading="1/day")
    assert {client.get(path).status_code for _ in range(3)} == {200}


def test_wrong_secrets_are_counted_and_right_ones_are_not() -> None:
    clock = Clock()
    client = gate(clock, secrets="2/hour")
    right, wrong = {"Authorization": "Bearer right"}, {"Authorization": "Bearer wrong"}
    assert {client.get("/v1/cases/A", headers=right).status_code for _ in range(5)} == {200}
    assert [client.get("/v1/cases/A", headers=wrong).status_code for _ in range(3)] == [
        404,
        404,
        429,
    ]
    # Whoever guesses must not learn by it whether a guess was right.
    answer = client.get("/v1/cases/A", headers=right)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    assert "one sign may be misread" in answer.text
    assert client.get("/").status_code == 200
    clock.now += 3600
    assert client.get("/v1/cases/A", headers=right).status_code == 200


def test_partners_have_a_budget_of_their_own_wherever_they_are() -> None:
    client = gate(Clock(), reading="1/minute", partner_reading="2/minute")
    for scheme in ("API oo_known1", "Bearer oo_known2"):
        answer = client.get("/", headers={"Authorization": scheme})
        assert answer.headers["ratelimit-policy"] == '"partner-reading";q=2;w=60'
    assert client.get("/", headers={"Authorization": "API oo_known1"}).status_code == 429
    assert client.get("/").status_code == 200


def test_a_network_may_try_so_many_keys_that_are_nobodys() -> None:
    client = gate(Clock(), keys="3/hour")
    keys = ["oo_none", "oo_" + "x" * 1000, "oo_none", "oo_none"]
    found = [client.get("/", headers={"Authorization": f"API {key}"}) for key in keys]
    assert [answer.status_code for answer in found] == [200, 200, 200, 429]
    assert found[-1].headers["ratelimit"] == '"keys";r=0;t=3600'
    assert found[-1].text == (
        "your network has tried too many API keys that are wrong within 1 hour. Wait 1 hour, and "
        "send it again. Whoever sends a key that holds, or none, need not wait."
    )


def test_wrong_keys_turn_away_nobody_else_of_their_network() -> None:
    client = gate(Clock(), keys="1/hour", secrets="1/hour")
    wrong = {"Authorization": "Bearer oo_none"}
    assert [client.get("/", headers=wrong).status_code for _ in range(3)] == [200, 429, 429]
    right = {"Authorization": "Bearer right"}
    assert client.get("/v1/cases/A", headers=right).status_code == 200
    assert client.post("/case").status_code == 200
    assert client.get("/", headers={"Authorization": "API oo_known"}).status_code == 200
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/cases/A", 429),
        ("DELETE", "/v1/cases/A", 429),
        ("GET", "/case/A", 429),
        ("POST", "/case", 429),
        ("POST", "/case/code", 429),
        ("POST", "/object/state", 429),
        ("POST", "/object", 200),
        ("GET", "/case", 200),
        ("POST", "/v1/cases", 200),
        ("GET", "/casement", 200),
    ],
)
def test_only_where_a_secret_is_shown_one_may_be_wrong(method: str, path: str, status: int) -> None:
    client = gate(Clock(), secrets="1/hour")
    assert client.get("/v1/cases/A", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert client.request(method, path).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/cases/A", {}),
        ("GET", "/case/A/b", {}),
        ("GET", "/object/b", {"Authorization": "Bearer wrong"}),
        ("POST", "/case", {"Sec-Fetch-Site": "cross-site"}),
    ],
)
def test_a_page_of_another_site_does_not_use_up_what_its_visitors_may_try(
    method: str, path: str, headers: dict[str, str]
) -> None:
    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        status = 403 if scope["method"] == "POST" else 404
        await PlainTextResponse("", status)(scope, receive, send)

    quotas = Quotas.model_validate({"secrets": "1/hour"})
    client = TestClient(QuotaGate(nothing, quotas, refusal), client=("192.0.2.7", 5))
    assert 429 not in {client.request(method, path, headers=headers).status_code for _ in range(3)}
    assert client.post("/case", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403
    assert client.post("/case").status_code == 429


def test_a_key_is_looked_up_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = Clock(), []
    client = gate(clock)
    seen = client.app._whose  # type: ignore[attr-defined]
    monkeypatch.setattr(client.app, "_whose", lambda key: asked.append(key) or seen(key))
    for moment in (0, 30, 61):
        clock.now = 1000 + moment
        client.get("/", headers={"Authorization": "API oo_known"})
    assert len(asked) == 2


def test_where_keys_cannot_be_looked_up_the_network_counts() -> None:
    answer = gate(Clock()).get("/", headers={"Authorization": "API oo_broken"})
    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"].startswith('"reading"')


def test_who_was_not_seen_for_longest_is_forgotten() -> None:
    windows, rate = Windows(2, Clock()), Rate(2, 60)
    for key in ("a", "b", "a", "c"):
        assert windows.hit(key, rate)
    assert len(windows) == 2
    assert not windows.hit("a", rate)
    assert windows.left("b", rate) == 2
    assert windows.wait("b", rate) == 60
    assert windows.hit("b", Rate(1, 60))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60/minute", (60, 60)),
        ("1/second", (1, 1)),
        ("20/hours", (20, 3600)),
        ("10/5 minutes", (10, 300)),
        ("7/2 days", (7, 172_800)),
    ],
)
def test_a_rate_is_so_many_in_so_many_seconds(text: str, rate: tuple[int, int]) -> None:
    assert Rate.parse(text) == rate


def test_a_bulk_query_reads_though_it_is_posted() -> None:
    client = gate(Clock(), reading="2/minute", registering="1/minute")
    asked = [client.post("/api/v2/query/urls/").status_code for _ in range(3)]
    assert asked == [200, 200, 429]


def test_a_look_up_that_may_bring_pictures_costs_what_a_registration_does() -> None:
    client = gate(Clock(), reading="9/minute", registering="1/minute")
    assert [client.post("/look-up").status_code for _ in range(2)] == [200, 429]
