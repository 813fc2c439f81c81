"""/v1/cases/…/reviews: a creator shows an item, and sees what the reviewer says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.registry import Registry

from .owners import HOSTILE, URL, bearer, index, opened

FILE = {"kind": "file", "sha256": "ab" * 32}


def ask(client: TestClient, case: dict, entry: object = None, **told: object) -> Response:
    return client.put(
        f"/v1/cases/{case['case']}/items/{index(case) if entry is None else entry}/review",
        json={"value": URL["value"], "note": "my name is in the imprint", **told},
        headers=bearer(case["secret"]),
    )


def reviews(client: TestClient, case: dict) -> list[dict]:
    answer = client.get(f"/v1/cases/{case['case']}/reviews", headers=bearer(case["secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()["reviews"]


def grade(client: TestClient, case: dict) -> str:
    answer = client.get(f"/v1/cases/{case['case']}", headers=bearer(case["secret"]))
    return answer.json()["items"][0]["grade"]


@contextmanager
def operated(client: TestClient) -> Iterator[Registry]:
    """The registry in another process: as the reviewer has it at the command line."""
    held = client.app.state.desk._registry  # type: ignore[attr-defined]
    with Registry.open(held.name) as registry:
        yield registry


def test_an_item_is_shown_accepted_and_forgotten(client: TestClient) -> None:
    case = opened(client)
    assert reviews(client, case) == []
    answer = ask(client, case)
    assert answer.status_code == 202, answer.text
    today = datetime.now(UTC).date().isoformat()
    assert answer.json() == {
        "index": index(case),
        "state": "asked",
        "value": URL["value"],
        "note": "my name is in the imprint",
        "answer": "",
        "asked": today,
    }
    assert reviews(client, case) == [answer.json()]
    assert ask(client, case, note="").json()["note"] == ""
    assert len(reviews(client, case)) == 1
    with operated(client) as registry:
        registry.sharing.review(index(case), datetime.now(UTC))
        assert index(case) not in [item.entry for item in registry.sharing.asked()]
    (left,) = reviews(client, case)
    assert (left["state"], left["value"], left["note"]) == ("reviewed", "", "")
    assert grade(client, case) == "reviewed"


def test_who_is_declined_learns_why_and_may_ask_again(client: TestClient) -> None:
    case = opened(client)
    ask(client, case)
    with operated(client) as registry:
        registry.sharing.decline(index(case), "the imprint names somebody else")
    (left,) = reviews(client, case)
    assert (left["state"], left["answer"]) == ("declined", "the imprint names somebody else")
    assert (left["value"], left["note"]) == ("", "")
    assert grade(client, case) == "self"
    assert ask(client, case).json()["state"] == "asked"


def test_nobody_has_one_thing_reviewed_and_another_graded(client: TestClient) -> None:
    case = opened(client, URL, FILE)
    answer = ask(client, case, value="https://else.example/")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "the value is not what this entry covers"
    assert reviews(client, case) == []
    seen_at = ask(client, case, index(case, 1), value="https://anna.example/novel.pdf")
    assert seen_at.status_code == 202


def test_secrets_open_their_own_alone(client: TestClient) -> None:
    mine, theirs = opened(client), opened(client)
    ask(client, mine)
    wrong = [
        ask(client, {**mine, "secret": theirs["secret"]}),
        ask(client, {**mine, "case": "AAAA-AAAA"}),
        client.get(f"/v1/cases/{mine['case']}/reviews", headers=bearer(theirs["secret"])),
        client.get(f"/v1/cases/{theirs['case']}/reviews", headers=bearer(mine["secret"])),
    ]
    assert {(answer.status_code, answer.content) for answer in wrong} == {(404, wrong[0].content)}
    strangers = [ask(client, theirs, entry) for entry in (index(mine), 10**9, 10**30)]
    assert {answer.status_code for answer in strangers} == {404}
    assert len({answer.content for answer in strangers}) == 1
    assert reviews(client, theirs) == []
    for method, address in (
        ("PUT", f"/v1/cases/{mine['case']}/items/{index(mine)}/review"),
        ("GET", f"/v1/cases/{mine['case']}/reviews"),
    ):
        assert client.request(method, address).status_code == 401


def test_what_is_reviewed_is_not_shown_again(client: TestClient) -> None:
    case = opened(client)
    ask(client, case)
    with operated(client) as registry:
        registry.sharing.review(index(case), datetime.now(UTC))
    answer = ask(client, case)
    assert answer.status_code == 409, answer.text
    assert answer.json()["detail"] == "it is reviewed already"
    assert [one["state"] for one in reviews(client, case)] == ["reviewed"]


def test_what_is_no_longer_in_force_is_not_reviewed(client: TestClient) -> None:
    case = opened(client, URL, FILE)
    address, headers = f"/v1/cases/{case['case']}", bearer(case["secret"])
    ask(client, case, index(case, 1), value="https://anna.example/novel.pdf")
    client.post(f"{address}/withdrawals", json={"items": [index(case)]}, headers=headers)
    client.delete(f"{address}/items/{index(case, 1)}", headers=headers)
    for place, state in ((0, "withdrawn"), (1, "erased")):
        answer = ask(client, case, index(case, place))
        assert answer.status_code == 409
        assert answer.json()["detail"] == f"the item is {state}: there is nothing to review"
    assert reviews(client, case) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_say_comes_back_as_they_said_it(client: TestClient, text: str) -> None:
    case = opened(client, FILE)
    told = ask(client, case, value=text, note=text).json()
    assert (told["value"], told["note"]) == (text, text)
    assert reviews(client, case) == [told]


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"value": ""}, "#/value"),
        ({"value": "x" * 4001}, "#/value"),
        ({"value": None}, "#/value"),
        ({"value": 7}, "#/value"),
        ({"note": "x" * 4001}, "#/note"),
        ({"note": ["x"]}, "#/note"),
        ({"extra": 1}, "#/extra"),
    ],
)
def test_what_cannot_be_shown_is_refused_where_it_is_at_fault(
    client: TestClient, told: dict, place: str
) -> None:
    answer = ask(client, opened(client), **told)
    assert answer.status_code == 422, answer.text
    assert place in [fault["pointer"] for fault in answer.json()["errors"]]


def test_a_value_that_is_blank_or_no_value_is_refused(client: TestClient) -> None:
    case = opened(client)
    for value in (" ", "<script>", "\N{RIGHT-TO-LEFT OVERRIDE}", "x" * 4000):
        assert ask(client, case, value=value).status_code == 422


def test_a_passage_is_shown_in_full_length(client: TestClient) -> None:
    novel = "The harbour lay still, and nobody had told the gulls. " * 1000
    case = opened(client, {"kind": "text", "value": novel})
    answer = ask(client, case, value=novel)
    assert answer.status_code == 202, answer.text
    assert answer.json()["value"] == novel
    longer = client.app.state.desk.limits.passage + 1  # type: ignore[attr-defined]
    (fault,) = ask(client, case, value="x" * longer).json()["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/value", "string-too-long")


def test_bodies_that_are_none_are_refused(client: TestClient) -> None:
    case = opened(client)
    address = f"/v1/cases/{case['case']}/items/{index(case)}/review"
    surrogate = json.dumps({"value": "\ud800", "note": "\udfff"}).encode()
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (surrogate, "application/json", 422),
        (b"value=a", "application/x-www-form-urlencoded", 415),
        (b'{"value": "' + b"x" * (10 << 20) + b'"}', "application/json", 413),
    ):
        headers = {"Content-Type": kind, **bearer(case["secret"])}
        assert client.put(address, content=body, headers=headers).status_code == status
