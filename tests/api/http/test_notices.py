"""/v1/notices: who knows what an entry covers may dispute it, and its owner answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.registry import Identifier, Registry
from optout.registry.cases import CaseItem
from optout.registry.images import gates
from optout.registry.log import Dispute, Record, Restore, Withdraw, parse_leaf

from tests.registry.conftest import picture

from .owners import HOSTILE, URL, bearer, index, opened

PASSAGE = "The harbour lay still, and nobody had told the gulls about the strike."
KNOWN = Identifier.text(PASSAGE)
SHA256 = hashlib.sha256(b"a novel").hexdigest()
MD5 = hashlib.md5(b"a novel").hexdigest()


def send(client: TestClient, entry: object, item: object = URL, **changes: object) -> Response:
    told = {"entry": entry, "item": item, "reason": "not-theirs", "statement": "it is ours"}
    return client.post("/v1/notices", json={**told, **changes})


def sent(client: TestClient, entry: int, item: dict = URL, **changes: object) -> dict:
    answer = send(client, entry, item, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def read(client: TestClient, notice: dict) -> dict:
    answer = client.get(f"/v1/notices/{notice['notice']}", headers=bearer(notice["secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()


def against(client: TestClient, case: dict) -> list[dict]:
    answer = client.get(f"/v1/cases/{case['case']}/notices", headers=bearer(case["secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()["notices"]


def counter(client: TestClient, case: dict, notice: str, statement: object = "mine") -> Response:
    return client.put(
        f"/v1/cases/{case['case']}/notices/{notice}/counter",
        json={"statement": statement},
        headers=bearer(case["secret"]),
    )


def shown(client: TestClient, case: dict) -> dict:
    answer = client.get(f"/v1/cases/{case['case']}", headers=bearer(case["secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_obeyed(client: TestClient, item: dict) -> bool:
    """Whether a filter that asks now drops it."""
    answer = client.post("/api/v2/query/urls/", content=item["value"])
    return answer.json()["urls"][0]["optOut"]


@contextmanager
def operated(client: TestClient) -> Iterator[Registry]:
    """The registry in another process: as the operator has it at the command line."""
    held = client.app.state.desk._registry  # type: ignore[attr-defined]
    with Registry.open(held.name) as registry:
        yield registry


def steps(client: TestClient, entry: int) -> list[Record]:
    with operated(client) as registry:
        records = [parse_leaf(leaf) for leaf in registry.leaves(entry + 1)]
    return [record for record in records if getattr(record, "entry", None) == entry]


@pytest.mark.parametrize("decision", ["uphold", "reject"])
def test_a_dispute_from_its_notice_to_its_end(client: TestClient, decision: str) -> None:
    item = {"kind": "url", "value": f"https://anna.example/{decision}.jpg"}
    case = opened(client, item)
    assert is_obeyed(client, item)
    answer = send(client, index(case), item)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    notice = answer.json()
    assert answer.headers["location"] == f"/v1/notices/{notice['notice']}"
    assert (notice["state"], notice["reason"]) == ("open", "not-theirs")
    assert notice["due"] > notice["made"] == datetime.now(UTC).date().isoformat()

    (seen,) = against(client, case)
    assert seen == read(client, notice)
    assert (seen["statement"], seen["counter"], seen["decided"]) == ("it is ours", None, None)
    assert seen["because"] is None
    told = shown(client, case)
    assert (told["undecided"], told["items"][0]["state"]) == (1, "disputed")

    answer = counter(client, case, notice["notice"].lower(), "I took it")
    assert answer.status_code == 200, answer.text
    assert answer.json() == against(client, case)[0]
    assert (answer.json()["state"], answer.json()["counter"]) == ("countered", "I took it")
    # What the owner says is for the operator: its sender learns that there was an answer.
    own = read(client, notice)
    assert (own["state"], own["counter"]) == ("countered", None)
    assert own["countered"] is not None
    assert is_obeyed(client, item), "filters obey until it is decided"

    with operated(client) as registry:
        assert item["value"] in {one.covers for one in registry.notices.undecided()}
        decide = getattr(registry.notices, decision)
        decide(notice["notice"], "looked at", datetime.now(UTC))
    upheld = decision == "uphold"
    assert read(client, notice)["state"] == ("upheld" if upheld else "rejected")
    assert read(client, notice)["decided"] is not None
    assert read(client, notice)["because"] == against(client, case)[0]["because"] == "looked at"
    told = shown(client, case)
    assert (told["undecided"], told["items"][0]["state"]) == (
        0,
        "withdrawn" if upheld else "in-force",
    )
    assert is_obeyed(client, item) is not upheld
    assert [type(step) for step in steps(client, index(case))] == [
        Dispute,
        Withdraw if upheld else Restore,
    ]
    answer = counter(client, case, notice["notice"])
    assert answer.status_code == 409
    assert str(read(client, notice)["state"]) in answer.json()["detail"]


ITEMS = [
    ({"kind": "url", "value": "https://n.example/a"}, {"value": "http://N.example/a#b"}),
    ({"kind": "site", "value": "n.example"}, {"value": "N.EXAMPLE"}),
    ({"kind": "prefix", "value": "https://gallery.example/anna"}, {}),
    (
        {"kind": "account", "value": "@anna@social.example"},
        {"value": "mastodon:anna@social.example"},
    ),
    ({"kind": "work", "value": "isbn:9780306406157"}, {"value": "ISBN 0-306-40615-2"}),
    (
        {"kind": "text", "value": PASSAGE},
        {"value": None, "digest": KNOWN.digest.hex(), "probe": f"{KNOWN.probe:016x}"},
    ),
    ({"kind": "file", "sha256": SHA256}, {"sha256": SHA256.upper()}),
    ({"kind": "file", "md5": MD5}, {}),
]


@pytest.mark.parametrize(("item", "known"), ITEMS)
def test_every_kind_is_disputed_by_what_it_is(client: TestClient, item: dict, known: dict) -> None:
    case = opened(client, item)
    told = {name: value for name, value in {**item, **known}.items() if value is not None}
    assert sent(client, index(case), told)["entry"] == index(case)


def test_a_picture_is_disputed_by_its_hash(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which hashes are taken is not asked here, and drawing what they are held against is slow.
    monkeypatch.setattr(gates, "flat_hashes", lambda: np.zeros((1, 32), np.uint8))
    hashed = picture(11)
    digits = hashed.hashes["phash256"]["original"].hex()
    case = opened(client, {"kind": "image", "phash256": digits})
    assert sent(client, index(case), {"kind": "image", "phash256": digits.upper()})
    # One that was made here from the picture reaches further, and is known by the same hash.
    with operated(client) as registry:
        made = registry.cases.open_case([CaseItem(replace(hashed, radius=30), "a.jpg")])
    assert sent(client, made.entries[0].index, {"kind": "image", "phash256": digits})


def test_who_does_not_know_what_an_entry_covers_gets_one_answer(client: TestClient) -> None:
    case = opened(
        client, URL, {"kind": "site", "value": "erased.example"}, {**URL, "value": "a.b.example"}
    )
    erased, withdrawn = index(case, 1), index(case, 2)
    headers = bearer(case["secret"])
    client.delete(f"/v1/cases/{case['case']}/items/{erased}", headers=headers)
    client.post(
        f"/v1/cases/{case['case']}/withdrawals", json={"items": [withdrawn]}, headers=headers
    )
    before = client.get("/checkpoint").text
    answers = [
        send(client, entry, item)
        for entry, item in (
            (index(case), {"kind": "url", "value": "https://anna.example/else"}),
            (index(case), {"kind": "site", "value": "anna.example"}),
            (index(case), {"kind": "file", "sha256": SHA256}),
            (erased, {"kind": "site", "value": "erased.example"}),
            (withdrawn, {**URL, "value": "a.b.example"}),
            (10**9, URL),
            (10**30, URL),
            (int(before.split("\n")[1]) - 1, URL),
        )
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (422, answers[0].content)
    }
    assert {tuple(answer.headers) for answer in answers} == {tuple(answers[0].headers)}
    assert client.get("/checkpoint").text == before
    assert against(client, case) == []


def test_secrets_open_their_own_alone(client: TestClient) -> None:
    mine, theirs = opened(client), opened(client)
    notice = sent(client, index(mine))
    other = sent(client, index(theirs))
    answers = [
        client.get(f"/v1/notices/{number}", headers=bearer(secret))
        for number, secret in (
            (notice["notice"], other["secret"]),
            (notice["notice"], mine["secret"]),
            (notice["notice"], "x"),
            ("AAAA-AAAA", notice["secret"]),
            ("none", notice["secret"]),
            (mine["case"], mine["secret"]),
        )
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["detail"] == "there is no such notice with this secret"
    assert client.get(f"/v1/notices/{notice['notice']}").status_code == 401

    wrong = [
        client.get(f"/v1/cases/{number}/notices", headers=bearer(secret))
        for number, secret in (
            (mine["case"], theirs["secret"]),
            (mine["case"], notice["secret"]),
            (notice["notice"], notice["secret"]),
            ("AAAA-AAAA", mine["secret"]),
        )
    ]
    wrong += [
        counter(client, {**mine, "secret": theirs["secret"]}, notice["notice"]),
        counter(client, {**mine, "case": "AAAA-AAAA"}, notice["notice"]),
    ]
    assert {(answer.status_code, answer.content) for answer in wrong} == {(404, wrong[0].content)}
    strangers = [counter(client, mine, number) for number in (other["notice"], "AAAA-AAAA", "-")]
    assert {answer.status_code for answer in strangers} == {404}
    assert len({answer.content for answer in strangers}) == 1
    assert [one["state"] for one in against(client, theirs)] == ["open"]


def test_nobody_buries_or_ends_what_somebody_else_registered(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optout.registry.cases.notices.MOST_UNDECIDED", 3)
    mine, theirs = opened(client), opened(client)
    for _ in range(3):
        sent(client, index(theirs))
    answer = send(client, index(theirs))
    assert answer.status_code == 422
    assert answer.json()["detail"] == "3 notices about this entry are being decided"
    assert "operator" in answer.json()["advice"]
    assert shown(client, mine)["undecided"] == 0
    assert sent(client, index(mine))
    client.delete(f"/v1/cases/{theirs['case']}", headers=bearer(theirs["secret"]))
    assert shown(client, mine)["items"][0]["state"] == "disputed"
    assert is_obeyed(client, URL)
    headers = bearer(theirs["secret"])
    for address in (f"/v1/cases/{mine['case']}", f"/v1/cases/{mine['case']}/items/{index(mine)}"):
        assert client.delete(address, headers=headers).status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_say_comes_back_as_they_said_it(client: TestClient, text: str) -> None:
    case = opened(client)
    notice = sent(client, index(case), statement=text)
    assert read(client, notice)["statement"] == text
    assert counter(client, case, notice["notice"], text).json()["counter"] == text
    (seen,) = against(client, case)
    assert (seen["statement"], seen["counter"]) == (text, text)


REFUSED = [
    ({"statement": ""}, "#/statement"),
    ({"statement": "x" * 4001}, "#/statement"),
    ({"statement": None}, "#/statement"),
    ({"statement": ["x"]}, "#/statement"),
    ({"reason": "because"}, "#/reason"),
    ({"reason": "open\r\n"}, "#/reason"),
    ({"entry": -1}, "#/entry"),
    ({"entry": "1"}, "#/entry"),
    ({"entry": True}, "#/entry"),
    ({"entry": 1.5}, "#/entry"),
    ({"item": None}, "#/item"),
    ({"item": {"kind": "poem", "value": "x"}}, "#/item"),
    ({"item": {"kind": "url"}}, "#/item/value"),
    ({"item": {"kind": "site", "value": "co.uk"}}, "#/item/value"),
    ({"item": {"kind": "image", "phash256": "0" * 64}}, "#/item/phash256"),
    ({"item": {"kind": "file", "sha256": "a\r\nb"}}, "#/item/sha256"),
    ({"item": {**URL, "extra": 1}}, "#/item/extra"),
    ({"item": {"kind": "url", "value": "<script>"}}, "#/item/value"),
    ({"item": {"kind": "url", "value": "https://a.example/" + "x" * 10000}}, "#/item/value"),
    ({"extra": 1}, "#/extra"),
]


@pytest.mark.parametrize(("changes", "place"), REFUSED)
def test_a_notice_that_is_none_is_refused_where_it_is_at_fault(
    client: TestClient, changes: dict, place: str
) -> None:
    answer = send(client, **{"entry": 0, **changes})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in [fault["pointer"] for fault in answer.json()["errors"]]


def test_who_gives_no_entry_is_told_where_its_number_comes_from(client: TestClient) -> None:
    told = {"item": URL, "reason": "not-theirs", "statement": "it is ours"}
    (fault,) = client.post("/v1/notices", json=told).json()["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/entry", "missing")
    for place in ("optout check", "/v1/entries/", "/v1/log"):
        assert place in fault["advice"]
    asked = client.get("/openapi.json").json()["paths"]["/v1/notices"]["post"]["requestBody"]
    assert fault["advice"] in json.dumps(asked)
    assert "optout check" in send(client, 10**9).json()["advice"]


def test_a_blank_statement_is_refused(client: TestClient) -> None:
    case = opened(client)
    answer = send(client, index(case), statement=" \n ")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "a statement is empty or too long"
    notice = sent(client, index(case))
    for blank in (" ", "", "x" * 4001):
        assert counter(client, case, notice["notice"], blank).status_code == 422


def test_lone_surrogates_are_refused_wherever_they_stand(client: TestClient) -> None:
    case = opened(client)
    told = {"entry": index(case), "item": URL, "reason": "other", "statement": "\ud800"}
    headers = {"Content-Type": "application/json"}
    for changes in ({}, {"reason": "\udfff"}, {"item": {**URL, "value": "a\ud800"}}):
        body = json.dumps({**told, **changes})
        assert client.post("/v1/notices", content=body, headers=headers).status_code == 422
    notice = sent(client, index(case))["notice"]
    address = f"/v1/cases/{case['case']}/notices/{notice}/counter"
    answer = client.put(
        address,
        content=json.dumps({"statement": "\ud800"}),
        headers={**headers, **bearer(case["secret"])},
    )
    assert answer.status_code == 422


def test_bodies_that_are_none_are_refused(client: TestClient) -> None:
    case = opened(client)
    put = f"/v1/cases/{case['case']}/notices/AAAA-AAAA/counter"
    large = json.dumps({"statement": "x" * (10 << 20)}).encode()
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"{}", "application/json", 422),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (large, "application/json", 413),
    ):
        headers = {"Content-Type": kind}
        assert client.post("/v1/notices", content=body, headers=headers).status_code == status
        secured = {**headers, **bearer(case["secret"])}
        assert client.put(put, content=body, headers=secured).status_code == status


def test_what_was_said_is_gone_with_the_entry(client: TestClient) -> None:
    case = opened(client)
    notice = sent(client, index(case))
    counter(client, case, notice["notice"])
    client.delete(f"/v1/cases/{case['case']}", headers=bearer(case["secret"]))
    left = read(client, notice)
    assert (left["statement"], left["counter"], left["state"]) == (None, None, "lapsed")
