"""/v1/cases: what is registered, shown, withdrawn, erased, and how a request is refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http import given
from optout.api.service import Limits
from optout.registry.identifiers import Grade, Identifier
from optout.registry.images import decode, phash, variants
from optout.registry.log import Checkpoint, SigningKey
from optout.registry.partners import Purpose, Report
from optout.registry.registry import Registry

URL = {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"}
SITE = {"kind": "site", "value": "ateliers-dupont.example"}
FILE = {"kind": "file", "sha256": hashlib.sha256(b"a novel").hexdigest()}


def bearer(secret: str) -> dict[str, bytes]:
    return {"Authorization": f"Bearer {secret}".encode()}


def opened(client: TestClient, *items: dict, **rest: object) -> dict:
    answer = client.post("/v1/cases", json={"items": list(items), **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()


def shown(client: TestClient, case: dict) -> list[dict]:
    answer = client.get(f"/v1/cases/{case['case']}", headers=bearer(case["secret"]))
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def withdrawn(client: TestClient, case: dict, *indexes: object) -> Response:
    address = f"/v1/cases/{case['case']}/withdrawals"
    return client.post(address, headers=bearer(case["secret"]), json={"items": list(indexes)})


def erased(client: TestClient, case: dict, item: object = "") -> Response:
    address = f"/v1/cases/{case['case']}" + (f"/items/{item}" if item != "" else "")
    return client.delete(address, headers=bearer(case["secret"]))


def records(client: TestClient) -> int:
    return int(client.get("/checkpoint").text.split("\n")[1])


def problem(answer: Response, status: int) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"] == "about:blank"
    assert document["title"]
    return document


PASSAGE = "The harbour lay still, and nobody had told the gulls about the strike."
OTHERS = {
    "prefix": ("https://gallery.example/members/anna/", "gallery.example/members/anna"),
    "account": ("@Anna@social.example", "mastodon:anna@social.example"),
    "work": ("ISBN 0-306-40615-2", "isbn:9780306406157"),
}


@pytest.mark.parametrize(("kind", "value", "understood"), [(k, *v) for k, v in OTHERS.items()])
def test_every_written_kind_is_taken_by_value(
    kind: str, value: str, understood: str, client: TestClient
) -> None:
    case = opened(client, {"kind": kind, "value": value})
    told = case["items"][0]
    assert (told["kind"], told["value"], told["understood"]) == (kind, value, understood)
    header = {"Authorization": f"Bearer {case['secret']}"}
    shown = client.get(f"/v1/cases/{case['case']}", headers=header).json()["items"][0]
    assert shown == told


def matter_of(client: TestClient, index: int) -> Identifier:
    openings = client.app.state.desk._registry.openings()  # type: ignore[attr-defined]
    return next(opening.identifier() for opening in openings if opening.index == index)


def test_a_passage_is_taken_as_text_or_as_its_hash_and_is_not_kept(client: TestClient) -> None:
    known = Identifier.text(PASSAGE)
    case = opened(client, {"kind": "text", "value": PASSAGE})
    assert case["items"][0]["understood"] == PASSAGE.lower()
    assert len(case["items"][0]["value"]) <= 60
    hashed = {"digest": known.digest.hex(), "probe": f"{known.probe:016x}"}
    other = opened(client, {"kind": "text", **hashed})
    assert other["items"][0]["value"] == hashed["digest"]
    for one in (case, other):
        assert matter_of(client, one["items"][0]["index"]) == known


def test_a_file_is_taken_by_its_md5_too(client: TestClient) -> None:
    digest = hashlib.md5(b"a novel").hexdigest()
    case = opened(client, {"kind": "file", "md5": digest.upper()})
    assert case["items"][0]["value"] == f"md5:{digest}"
    assert matter_of(client, case["items"][0]["index"]) == Identifier.file_md5(digest)


def test_a_case_is_opened_with_json(client: TestClient) -> None:
    before = records(client)
    answer = client.post("/v1/cases", json={"items": [URL, SITE, FILE]})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    case = answer.json()
    assert answer.headers["location"] == f"/v1/cases/{case['case']}"
    assert re.fullmatch(r"[A-Z2-7]{4}-[A-Z2-7]{4}", case["case"])
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", case["secret"])
    assert case["link"] == f"http://optout.example/case/{case['case']}#{case['secret']}"
    assert sorted(item["index"] for item in case["items"]) == list(range(before, before + 3))
    told = [(item["kind"], item["value"], item["understood"]) for item in case["items"]]
    assert told == [
        ("url", URL["value"], "anna.example/2024/harbour.jpg"),
        ("site", SITE["value"], "ateliers-dupont.example"),
        ("file", FILE["sha256"], FILE["sha256"]),
    ]
    assert {(item["state"], item["grade"]) for item in case["items"]} == {("in-force", "self")}
    assert records(client) == before + 3


def test_the_checkpoint_of_an_answer_is_the_logs_own(
    serving: Callable, new_registry: Callable
) -> None:
    database = new_registry()
    with Registry.open(database) as registry:
        key = registry.key.verifier
    with serving(database=database) as client:
        checkpoint = Checkpoint.open(opened(client, URL)["checkpoint"], key)
    with Registry.open(database) as registry:
        assert (checkpoint.size, checkpoint.root) == (1, registry.root())


def test_a_case_is_opened_with_a_form(client: TestClient, photograph: Callable) -> None:
    answer = client.post(
        "/v1/cases",
        files=[
            ("lines", (None, "anna.example/a\nhttps://ANNA.example/a\nanna.example")),
            ("pictures", ("winter.jpg", photograph())),
            ("usage", (None, "search")),
        ],
    )
    assert answer.status_code == 201, answer.text
    items = answer.json()["items"]
    told = [(item["kind"], item["value"], item["usage"]) for item in items]
    assert told == [
        ("url", "anna.example/a", ["search"]),
        ("site", "anna.example", ["search"]),
        ("image", "winter.jpg", ["search"]),
    ]


def test_a_picture_is_taken_by_a_hash_that_a_client_made(
    client: TestClient, photograph: Callable
) -> None:
    hashed = Identifier.image(photograph()).hashes["phash256"]["original"].hex()
    case = opened(client, {"kind": "image", "phash256": hashed.upper()})
    assert (case["items"][0]["kind"], case["items"][0]["value"]) == ("image", hashed)


def test_a_picture_is_taken_by_hashes_of_every_shape(
    client: TestClient, photograph: Callable
) -> None:
    shapes = variants(decode(photograph(), grey=True))
    long = {shape: phash(grey, 16).hex() for shape, grey in shapes.items()}
    short = {shape: phash(grey, 8).hex() for shape, grey in shapes.items()}
    given = {"phash256": long.pop("original"), **long, "phash64": short}
    case = opened(client, {"kind": "image", **given})
    assert case["items"][0]["value"] == given["phash256"]


def test_what_is_said_twice_is_one_entry(client: TestClient) -> None:
    other = {"kind": "url", "value": "http://ANNA.example:80/2024/harbour.jpg"}
    case = opened(client, URL, other)
    assert len({item["index"] for item in case["items"]}) == 1
    assert len(shown(client, case)) == 1


def test_what_two_people_say_is_two_entries(client: TestClient) -> None:
    indexes = {opened(client, URL)["items"][0]["index"] for _ in range(2)}
    assert len(indexes) == 2


def test_training_is_refused_unless_something_else_is_said(client: TestClient) -> None:
    assert opened(client, URL)["items"][0]["usage"] == ["train-ai"]
    case = opened(client, URL, usage=["search", "train-ai", "search"])
    assert sorted(case["items"][0]["usage"]) == ["search", "train-ai"]


def test_a_case_shows_its_items_and_never_its_secret(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    answer = client.get(f"/v1/cases/{case['case']}", headers=bearer(case["secret"]))
    assert answer.json().keys() == {"case", "date", "items", "undecided"}
    assert [item["value"] for item in answer.json()["items"]] == [URL["value"], SITE["value"]]
    assert case["secret"] not in answer.text


def test_number_and_secret_may_be_typed_carelessly(client: TestClient) -> None:
    case = opened(client, URL)
    number = case["case"].lower().replace("-", "")
    secret = case["secret"].lower().replace("-", "")
    assert client.get(f"/v1/cases/{number}", headers=bearer(secret)).status_code == 200
    assert (
        client.get(f"/v1/cases/{number}", headers={"Authorization": f"bearer  {secret} "})
    ).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
@pytest.mark.parametrize(
    ("method", "tail"),
    [("GET", ""), ("DELETE", ""), ("DELETE", "/items/0"), ("POST", "/withdrawals")],
)
def test_without_its_secret_a_case_is_closed(
    client: TestClient, method: str, tail: str, header: str | None
) -> None:
    case = opened(client, URL)
    headers = {} if header is None else {"Authorization": header}
    answer = client.request(method, f"/v1/cases/{case['case']}{tail}", headers=headers)
    problem(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="case"'
    assert shown(client, case)[0]["state"] == "in-force"


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "", None),
        ("DELETE", "", None),
        ("DELETE", "/items/0", None),
        ("POST", "/withdrawals", {"items": [0]}),
    ],
)
def test_a_wrong_secret_and_an_unknown_number_are_told_the_same(
    client: TestClient, method: str, tail: str, body: dict | None
) -> None:
    case = opened(client, URL)
    other = opened(client, URL)
    answers = [
        client.request(method, f"/v1/cases/{number}{tail}", headers=bearer(secret), json=body)
        for number, secret in (
            (case["case"], other["secret"]),
            ("AAAA-AAAA", case["secret"]),
            ("%00", case["secret"]),
            ("x" * 3000, "é"),
        )
    ]
    assert len({json.dumps(problem(answer, 404)) for answer in answers}) == 1
    assert shown(client, case)[0]["state"] == "in-force"


def test_a_withdrawn_item_stays_visible_as_withdrawn(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    first, second = (item["index"] for item in case["items"])
    answer = withdrawn(client, case, first, first)
    assert answer.status_code == 200
    assert [item["state"] for item in answer.json()["items"]] == ["withdrawn", "in-force"]
    assert answer.json()["items"] == shown(client, case)
    assert withdrawn(client, case, second).json()["items"][1]["state"] == "withdrawn"


def test_withdrawing_again_changes_nothing(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    first, second = (item["index"] for item in case["items"])
    once = withdrawn(client, case, first)
    before = records(client)
    again = withdrawn(client, case, first)
    assert (again.status_code, again.content) == (200, once.content)
    assert records(client) == before
    both = withdrawn(client, case, second, first)
    assert [item["state"] for item in both.json()["items"]] == ["withdrawn", "withdrawn"]
    assert records(client) == before + 1


def test_what_is_erased_is_pointed_at_and_nothing_withdrawn(client: TestClient) -> None:
    case = opened(client, URL, SITE, FILE)
    first, second, third = (item["index"] for item in case["items"])
    erased(client, case, third)
    told = problem(withdrawn(client, case, first, second, third), 409)
    assert [(fault["pointer"], fault["reason"]) for fault in told["errors"]] == [
        ("#/items/2", "erased")
    ]
    assert {item["state"] for item in shown(client, case)} == {"in-force", "erased"}


def test_the_owner_of_a_site_is_told_when_filters_obey_it(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    advice = "Filters obey a site once its domain is proved: see proofs."
    assert [item["advice"] for item in case["items"]] == [None, advice]
    assert [item["advice"] for item in shown(client, case)] == [None, advice]
    site = case["items"][1]["index"]
    with Registry.open(client.app.state.desk._registry.name) as registry:  # type: ignore[attr-defined]
        registry.cases.grade(case["case"], case["secret"], {site: Grade.DOMAIN}, "proved")
    assert shown(client, case)[1]["advice"] is None
    other = opened(client, SITE)
    withdrawn(client, other, other["items"][0]["index"])
    assert shown(client, other)[0]["advice"] is None


def test_a_strangers_item_cannot_be_withdrawn(client: TestClient) -> None:
    case, other = opened(client, URL), opened(client, URL)
    own, stranger = case["items"][0]["index"], other["items"][0]["index"]
    told = problem(withdrawn(client, case, own, stranger), 422)
    assert [(fault["pointer"], fault["reason"]) for fault in told["errors"]] == [
        ("#/items/1", "not-in-case")
    ]
    assert shown(client, case)[0]["state"] == shown(client, other)[0]["state"] == "in-force"


def test_an_erased_item_has_no_name_any_more(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    index = case["items"][0]["index"]
    assert erased(client, case, index).status_code == 204
    kept, gone = shown(client, case)
    assert (kept["value"], kept["state"]) == (SITE["value"], "in-force")
    assert (gone["index"], gone["state"], gone["value"], gone["understood"]) == (
        index,
        "erased",
        "",
        None,
    )
    problem(erased(client, case, index), 409)
    problem(withdrawn(client, case, index), 409)


def test_what_is_withdrawn_can_be_erased(client: TestClient) -> None:
    case = opened(client, URL)
    index = case["items"][0]["index"]
    withdrawn(client, case, index)
    assert erased(client, case, index).status_code == 204


@pytest.mark.parametrize("index", ["999999999", "-1", "x", "1.0", "%2F", "9" * 400])
def test_an_item_that_the_case_does_not_have_cannot_be_erased(
    client: TestClient, index: str
) -> None:
    case = opened(client, URL)
    problem(erased(client, case, index), 404)
    assert shown(client, case)[0]["state"] == "in-force"


def test_an_erased_case_is_gone(client: TestClient) -> None:
    case = opened(client, URL, SITE)
    assert erased(client, case, case["items"][0]["index"]).status_code == 204
    before = records(client)
    answer = erased(client, case)
    assert (answer.status_code, answer.content) == (204, b"")
    assert records(client) == before + 1
    for again in (
        erased(client, case),
        withdrawn(client, case, case["items"][0]["index"]),
        client.get(f"/v1/cases/{case['case']}", headers=bearer(case["secret"])),
    ):
        problem(again, 404)


REFUSED = {
    "no items": ({"items": []}, "#/items", "too-short"),
    "no items at all": ({}, "#/items", "missing"),
    "a list": ([], "#", "model-type"),
    "an unknown field": ({"items": [URL], "mail": "a@b.example"}, "#/mail", "extra-forbidden"),
    "an unknown kind": ({"items": [URL, {"kind": "smell"}]}, "#/items/1", "union-tag-invalid"),
    "no kind": ({"items": [{"value": "anna.example"}]}, "#/items/0", "union-tag-not-found"),
    "a field of another kind": (
        {"items": [{"kind": "url", "sha256": "00"}]},
        "#/items/0/value",
        "missing",
    ),
    "a number for a text": (
        {"items": [{"kind": "url", "value": 7}]},
        "#/items/0/value",
        "string-type",
    ),
    "a public suffix": (
        {"items": [SITE, {"kind": "site", "value": "co.uk"}]},
        "#/items/1/value",
        "public-suffix",
    ),
    "an account nowhere": (
        {"items": [{"kind": "account", "value": "@anna"}]},
        "#/items/0/value",
        "handle",
    ),
    "a work whose number is wrong": (
        {"items": [{"kind": "work", "value": "isbn:9780306406158"}]},
        "#/items/0/value",
        "not-a-work",
    ),
    "a text that anybody may have written": (
        {"items": [{"kind": "text", "value": "a cat"}]},
        "#/items/0/value",
        "not-a-text",
    ),
    "half a hash": (
        {"items": [{"kind": "text", "digest": "0" * 64}]},
        "#/items/0",
        "passage-or-hash",
    ),
    "a file of two digests": (
        {"items": [{"kind": "file", "md5": "0" * 32, "sha256": "0" * 64}]},
        "#/items/0",
        "one-digest",
    ),
    "a platform that many share": (
        {"items": [{"kind": "site", "value": "instagram.com"}]},
        "#/items/0/value",
        "platform",
    ),
    "a prefix that is a site": (
        {"items": [{"kind": "prefix", "value": "anna.example"}]},
        "#/items/0/value",
        "not-a-prefix",
    ),
    "no site": ({"items": [{"kind": "site", "value": "a b"}]}, "#/items/0/value", "not-a-site"),
    "no address": (
        {"items": [{"kind": "url", "value": "ftp://a.example"}]},
        "#/items/0/value",
        "not-a-url",
    ),
    "half a character": (
        {"items": [{"kind": "url", "value": "anna.example/\ud800"}]},
        "#/items/0/value",
        "not-a-url",
    ),
    "too long": (
        {"items": [{"kind": "url", "value": "anna.example/" + "a" * 5000}]},
        "#/items/0/value",
        "too-long",
    ),
    "no digest": (
        {"items": [{"kind": "file", "sha256": "00"}]},
        "#/items/0/sha256",
        "string-pattern-mismatch",
    ),
    "no hash": (
        {"items": [{"kind": "image", "phash256": "zz"}]},
        "#/items/0/phash256",
        "string-pattern-mismatch",
    ),
    "a hash that no picture has": (
        {"items": [{"kind": "image", "phash256": "f" * 64}]},
        "#/items/0/phash256",
        "not-an-image",
    ),
    "no short hash": (
        {"items": [{"kind": "image", "phash256": "f" * 64, "phash64": {"padded": "00"}}]},
        "#/items/0/phash64/padded",
        "string-pattern-mismatch",
    ),
    "an unknown use": ({"items": [URL], "usage": ["eat"]}, "#/usage/0", "literal-error"),
    "no use": ({"items": [URL], "usage": []}, "#/usage", "too-short"),
    "a field with signs in its name": (
        {"items": [URL], "a/b~c d": 1},
        "#/a~1b~0c%20d",
        "extra-forbidden",
    ),
}


@pytest.mark.parametrize(("body", "pointer", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_registered_is_pointed_at(
    client: TestClient, body: object, pointer: str, reason: str
) -> None:
    before = records(client)
    headers = {"Content-Type": "application/json"}
    told = problem(client.post("/v1/cases", content=json.dumps(body), headers=headers), 422)
    assert (pointer, reason) in {(fault["pointer"], fault["reason"]) for fault in told["errors"]}
    assert all(fault["detail"] for fault in told["errors"])
    assert records(client) == before


def test_every_fault_is_told_at_once(client: TestClient) -> None:
    wrong = [{"kind": "site", "value": value} for value in ("co.uk", "anna.example", "a b")]
    told = problem(client.post("/v1/cases", json={"items": wrong}), 422)
    assert [fault["pointer"] for fault in told["errors"]] == ["#/items/0/value", "#/items/2/value"]


def test_what_a_form_cannot_register_is_pointed_at(
    client: TestClient, photograph: Callable, plain_picture: bytes
) -> None:
    before = records(client)
    answer = client.post(
        "/v1/cases",
        files=[
            ("lines", (None, "anna.example/a\n\n@anna")),
            ("pictures", ("a.jpg", photograph())),
            ("pictures", ("logo.png", plain_picture)),
            ("usage", (None, "eat")),
        ],
    )
    told = problem(answer, 422)
    assert [(fault["pointer"], fault["reason"]) for fault in told["errors"]] == [
        ("#/lines/3", "handle"),
        ("#/pictures/1", "flat"),
        ("#/usage/0", "literal-error"),
    ]
    assert records(client) == before


def test_an_empty_form_registers_nothing(client: TestClient) -> None:
    told = problem(client.post("/v1/cases", files=[("lines", (None, " \n"))]), 422)
    assert told["errors"][0]["reason"] == "too-short"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"items": [NaN]', b"\xff\xfe", b"[" * 100_000, b'"\xed\xa0\x80"'],
)
@pytest.mark.parametrize("tail", ["", "/AAAA-AAAA/withdrawals"])
def test_what_is_no_json_cannot_be_read(client: TestClient, body: bytes, tail: str) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8", **bearer("AAAA")}
    problem(client.post(f"/v1/cases{tail}", content=body, headers=headers), 400)


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
@pytest.mark.parametrize("tail", ["", "/AAAA-AAAA/withdrawals"])
def test_other_content_types_are_refused(
    client: TestClient, content_type: str | None, tail: str
) -> None:
    headers = {**bearer("AAAA")} | ({"Content-Type": content_type} if content_type else {})
    problem(client.post(f"/v1/cases{tail}", content=b"items=x", headers=headers), 415)


def test_a_form_that_cannot_be_read_is_refused(client: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post("/v1/cases", content=b"--x\r\n", headers=headers), 400)


def test_methods_that_mean_nothing_are_refused(client: TestClient) -> None:
    answer = client.put("/v1/cases", json={})
    problem(answer, 405)
    assert "POST" in answer.headers["allow"]
    problem(client.get("/v1/nothing"), 404)


def test_one_case_has_an_end(serving: Callable) -> None:
    with serving(limits=Limits(items=2, lines=5)) as client:
        many = [{"kind": "url", "value": f"anna.example/{number}"} for number in range(3)]
        told = problem(client.post("/v1/cases", json={"items": many}), 422)
        assert [(fault["pointer"], fault["reason"]) for fault in told["errors"]] == [
            ("#/items", "too-long")
        ]
        lines = "\n".join(f"anna.example/{number}" for number in range(6))
        problem(client.post("/v1/cases", files=[("lines", (None, lines))]), 413)
        assert records(client) == 0


def test_withdrawing_is_as_strict_as_registering(client: TestClient) -> None:
    case = opened(client, URL)
    for items in (["0"], [-1], [], [None], [1.5], "0"):
        address = f"/v1/cases/{case['case']}/withdrawals"
        answer = client.post(address, headers=bearer(case["secret"]), json={"items": items})
        assert problem(answer, 422)["errors"][0]["pointer"].startswith("#/items")


def test_links_are_made_for_the_address_that_people_use(serving: Callable) -> None:
    with serving(public_url="https://no.example/") as client:
        case = opened(client, URL)
        assert case["link"] == f"https://no.example/case/{case['case']}#{case['secret']}"


@pytest.mark.parametrize("count", [201, 100_000])
def test_more_items_than_a_case_takes_are_not_looked_at(client: TestClient, count: int) -> None:
    answer = client.post("/v1/cases", json={"items": [{"kind": "x"}] * count})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/items", "too-long")
    assert len(answer.content) < 1000


def test_an_answer_is_not_many_times_as_large_as_the_request(client: TestClient) -> None:
    for document in (
        {"items": [URL], "usage": ["x"] * 20_000},
        {f"k{place}": 1 for place in range(20_000)},
    ):
        answer = client.post("/v1/cases", json=document)
        assert answer.status_code == 422
        assert len(answer.content) < 50_000


def test_a_case_shows_what_partners_left_out_as_their_claim(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = client.app.state.desk._registry  # type: ignore[attr-defined]
    case, other = opened(client, URL, SITE), opened(client, URL)
    assert [item["reports"] for item in case["items"]] == [[], []]
    at = case["items"][1]["index"]
    verifier = str(SigningKey.generate("harbour.example").verifier)
    partner, _ = registry.partners.make("Harbour <b>", Purpose.REPORT, verifier=verifier)
    for corpus, rows in (("Boats", 7), ("Ports\r\n", 1)):
        size, root = registry.size, registry.root().hex()
        report = Report(
            corpus, "2026-11-24", registry.origin, size, root, {at: rows}, corpus.encode()
        )
        registry.reports.keep(partner, report)
    read: list[str] = []
    reading = registry._store.reading
    monkeypatch.setattr(registry._store, "reading", lambda: (read.append("read"), reading())[1])
    assert [item["reports"] for item in shown(client, case)] == [
        [],
        [
            {"by": "Harbour <b>", "corpus": "Boats", "date": "2026-11-24", "rows": 7},
            {"by": "Harbour <b>", "corpus": "Ports\r\n", "date": "2026-11-24", "rows": 1},
        ],
    ]
    assert len(read) == 2, "the case, and what partners claim of all its entries"
    assert [item["reports"] for item in shown(client, other)] == [[]]
    told = withdrawn(client, case, at).json()
    assert [len(item["reports"]) for item in told["items"]] == [0, 2]


def test_what_is_given_is_understood_beside_the_loop_that_all_requests_go_through(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = given.understood, []

    def understood(*arguments: Any) -> Any:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        asked.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(given, "understood", understood)
    item = {"kind": "url", "value": "https://anna.example/beside.jpg"}
    opened = client.post("/v1/cases", json={"items": [item]}).json()
    told = {"item": item, "reason": "other", "statement": "it is ours"}
    entry = opened["items"][0]["index"]
    assert client.post("/v1/notices", json={"entry": entry, **told}).status_code == 201
    assert len(asked) == 2
