"""Whatever stands in a field of the interface is refused, or kept as words and nothing else."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.service import Limits

from tests.api.http.test_cases import opened
from tests.api.proofs.world import world

HOSTILE = {
    "HTML": "<script>evil()</script>\"'--></textarea>",
    "CRLF": "evil\r\nSet-Cookie: evil=1\r\n\r\nevil",
    "NUL": "e\0vil\0",
    "bidi": "\N{RIGHT-TO-LEFT OVERRIDE}gpj.live\N{LEFT-TO-RIGHT ISOLATE}",
    "terminal": "\x1b[2J\x9b31mevil\x07",
    "half a character": "evil\ud800",
    "template": "{{ evil }}{% evil %}%(evil)s ${evil}",
    "SQL": "evil'; DROP TABLE cases; --",
}
TEN_MEGABYTES = "evil" * (10 << 18)
Operation = tuple["partial[Response]", Any]
"""What sends a request, and an example of its body."""

ITEM = {"kind": "site", "value": "anna.example"}
KEYED = {"/v1/reports"}
"""Where nothing is read of who brings no API key."""

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""What moves a cursor, turns a line around, or is no character (Unicode, table 12)."""


@pytest.fixture(scope="module")
def client(new_registry: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with world(tmp_path_factory.mktemp("world")) as around:
        app = build(new_registry(), None, None, Limits(), None, around.outside)
        with TestClient(app, base_url="http://optout.example") as client:
            yield client


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand in a document, names of its fields included."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in parts:
        yield (*at, name)
        if isinstance(part, dict | list):
            yield from places(part, (*at, name))


def changed(document: Any, place: tuple[Any, ...], text: str) -> Any:
    document = deepcopy(document)
    inner = document
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = text
    return document


def told(answer: Response) -> Iterator[str]:
    """What an answer says in its own words."""
    if answer.headers["content-type"] == "application/problem+json":
        document = answer.json()
        for part in (document, *document.get("errors", [])):
            yield part.get("detail", "") + part.get("advice", "")


def check(answer: Response, sent: object) -> None:
    assert answer.status_code < 500, sent
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any("evil" in value for _, value in answer.headers.multi_items()), sent
    for words in told(answer):
        assert not HIDDEN & {unicodedata.category(sign) for sign in words}, (sent, words)


@pytest.fixture(scope="module")
def operations(client: TestClient) -> list[Operation]:
    """Every operation that takes JSON, about something that there is."""
    case = opened(client, ITEM)
    index = case["items"][0]["index"]
    told = {"entry": index, "item": ITEM, "reason": "other", "statement": "why"}
    notice = client.post("/v1/notices", json=told).json()["notice"]
    names = {"case": case["case"], "index": index, "notice": notice, "proof": "x" * 16}
    found = []
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            headers = {"Content-Type": "application/json"}
            if operation.get("security"):
                headers["Authorization"] = f"Bearer {case['secret']}"
            if body:
                asked = partial(client.request, method, path.format(**names), headers=headers)
                found.append((asked, body["example"]))
    return found


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_field_of_a_body_is_more_than_words(
    operations: list[Operation], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="optout")
    for ask, example in operations:
        for place in places(example):
            check(ask(content=json.dumps(changed(example, place, text))), (ask.args, place))
    assert not [record for record in caplog.records if "evil" in record.getMessage()]


def test_ten_megabytes_in_a_body_are_refused(operations: list[Operation]) -> None:
    for ask, example in operations:
        body = json.dumps(changed(example, (next(iter(example)),), TEN_MEGABYTES))
        assert ask(content=body).status_code == (401 if ask.args[1] in KEYED else 413)
    assert len(operations) >= 7


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_part_of_an_address_is_more_than_words(client: TestClient, text: str) -> None:
    part = quote(text, safe="", errors="surrogatepass")
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        if path.startswith("/api/"):
            continue  # its body is all that it takes
        address = re.sub(r"\{\w+\}", lambda _: part, path)
        for method in methods:
            check(client.request(method.upper(), f"{address}?limit={part}&{part}"), (method, path))


HEADERS = {
    "Accept-Language": ("GET", "/"),
    "Authorization": ("GET", "/v1/cases/AAAA-AAAA"),
    "Content-Type": ("POST", "/v1/cases"),
    "Idempotency-Key": ("POST", "/v1/cases"),
    "If-None-Match": ("GET", "/snapshot/snapshot.json"),
    "Range": ("GET", "/snapshot/snapshot.json"),
    "X-Forwarded-For": ("GET", "/"),
    "X-Request-Id": ("GET", "/"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_is_more_than_words(client: TestClient, name: str) -> None:
    method, path = HEADERS[name]
    for text in HOSTILE.values():
        value = text.encode("utf-8", "surrogatepass")
        for quoted in (value, b'"' + value * 3 + b'"'):
            sent = b"Bearer " + quoted if name == "Authorization" else quoted
            answer = client.request(method, path, headers={name.encode(): sent})
            check(answer, sent)
            assert "evil" not in answer.text


FIELDS = ("lines", "fix", "do", "lang", "also", "picture", "number", "secret", "show", "withdraw")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_field_of_a_form_is_more_than_words(client: TestClient, text: str) -> None:
    case = opened(client, ITEM)
    mine = {"number": case["case"], "secret": case["secret"]}
    sent = text.encode("utf-8", "surrogatepass")
    for name in (*FIELDS, "erase", "sure", text.replace("\ud800", "")):
        for path, rest in (("/", {"lines": "anna.example"}), ("/case", mine)):
            fields = [(None, part.encode()) for key, part in rest.items() if key != name]
            names = [key for key in rest if key != name]
            files = [*zip(names, fields, strict=True), (name, (None, sent))]
            answer = client.post(path, files=files)
            check(answer, (path, name))
            assert "<script>evil" not in answer.text, (path, name)
            # What was typed comes back into its own field, to be mended there, and nowhere else.
            typed = name in {"lines", "fix"}
            assert typed or "\N{RIGHT-TO-LEFT OVERRIDE}" not in answer.text, (path, name)


def test_ten_megabytes_in_a_form_are_refused(client: TestClient) -> None:
    for path in ("/", "/case"):
        for name in FIELDS:
            assert client.post(path, files=[(name, (None, TEN_MEGABYTES))]).status_code == 413
