"""The document that describes the interface is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

import pytest
from fastapi.openapi.models import OpenAPI
from fastapi.testclient import TestClient
from optout.api.http.schemas import CaseAnswer, OpenedAnswer, ProblemAnswer
from optout.registry import Identifier


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def every(node: object, name: str) -> Iterator[object]:
    """The values of every field of a name, wherever it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from every(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, name)


def test_the_document_is_an_openapi_document(document: dict) -> None:
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1")


def test_everything_that_is_referred_to_is_there(document: dict) -> None:
    references = {str(reference) for reference in every(document, "$ref")}
    assert references
    for reference in references:
        node: object = document
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(node, dict)
            assert step in node, reference
            node = node[step]


def test_operations_have_names_of_their_own(document: dict) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(set(names)) == sorted(names)
    assert {"open_case", "read_case", "withdraw", "erase_case", "erase_item"} <= set(names)


def test_every_operation_of_the_interface_is_described_and_no_page(document: dict) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == {
        ("post", "/v1/cases"),
        ("get", "/v1/cases/{case}"),
        ("delete", "/v1/cases/{case}"),
        ("post", "/v1/cases/{case}/withdrawals"),
        ("delete", "/v1/cases/{case}/items/{index}"),
        ("post", "/v1/cases/{case}/proofs"),
        ("get", "/v1/cases/{case}/proofs"),
        ("post", "/v1/cases/{case}/proofs/{proof}/checks"),
        ("delete", "/v1/cases/{case}/proofs/{proof}"),
        ("post", "/v1/notices"),
        ("get", "/v1/notices/{notice}"),
        ("get", "/v1/cases/{case}/notices"),
        ("put", "/v1/cases/{case}/notices/{notice}/counter"),
        ("put", "/v1/cases/{case}/items/{index}/review"),
        ("get", "/v1/cases/{case}/reviews"),
        ("put", "/v1/cases/{case}/contact"),
        ("get", "/v1/cases/{case}/contact"),
        ("delete", "/v1/cases/{case}/contact"),
        ("post", "/v1/cases/{case}/contact/confirmations"),
        ("get", "/snapshot/{path}"),
        ("get", "/checkpoint"),
        ("get", "/key"),
        ("get", "/healthz"),
        ("get", "/v1/ranges/{prefix}"),
        ("get", "/v1/ranges/image/{prefix}"),
        ("get", "/v1/log"),
        ("get", "/v1/entries/{index}"),
        ("get", "/v1/feeds/stopncii"),
        ("post", "/v1/uploads"),
        ("get", "/v1/uploads/{upload}"),
        ("post", "/v1/reports"),
        ("get", "/v1/reports"),
        ("get", "/v1/reports/{index}"),
        ("post", "/api/v2/query/urls/"),
    }


def test_every_error_is_described_as_a_problem(document: dict) -> None:
    for _, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
    assert "HTTPValidationError" not in str(document)


def test_what_needs_the_secret_says_so(document: dict) -> None:
    for method, path, operation in operations(document):
        secured = "{case}" in path or "{notice}" in path
        asked = path in {"/api/v2/query/urls/", "/snapshot/{path}"}
        keyed = path == "/v1/feeds/stopncii" or (
            path.startswith("/v1/uploads") or (method, path) == ("post", "/v1/reports")
        )
        told = [{"secret": []}] * secured + [{}] * asked + [{"key": []}] * (keyed or asked)
        assert operation.get("security", []) == told, path
        assert ("401" in operation["responses"]) == bool(told)
    assert document["components"]["securitySchemes"]["secret"]["scheme"] == "bearer"
    key = document["components"]["securitySchemes"]["key"]
    assert (key["in"], key["name"]) == ("header", "Authorization")


def test_the_worked_example_of_a_look_up_is_true(document: dict) -> None:
    told = document["paths"]["/v1/ranges/{prefix}"]["get"]["description"]
    digest = Identifier.url("HTTPS://Anna.Example:443/2024/h%61rbour.jpg#top").digest
    assert digest == sha256(b"optout/v1/url\0anna.example/2024/harbour.jpg").digest()
    assert f"`{digest.hex()}`" in told
    assert f"/v1/ranges/{digest.hex()[:5]}`" in told
    assert f"`{digest.hex()[5:15]}…`" in told


def test_the_examples_are_accepted(client: TestClient, document: dict) -> None:
    opening = document["paths"]["/v1/cases"]["post"]["requestBody"]["content"]
    example = opening["application/json"]["example"]
    answer = client.post("/v1/cases", json=example)
    assert answer.status_code == 201, answer.text
    case = answer.json()
    withdrawal = document["paths"]["/v1/cases/{case}/withdrawals"]["post"]["requestBody"]
    shape = withdrawal["content"]["application/json"]["example"]
    assert shape.keys() == {"items"}
    answer = client.post(
        f"/v1/cases/{case['case']}/withdrawals",
        headers={"Authorization": f"Bearer {case['secret']}"},
        json={"items": [case["items"][0]["index"] for _ in shape["items"]]},
    )
    assert answer.status_code == 200, answer.text


def test_answers_have_the_shape_that_the_examples_show(client: TestClient, document: dict) -> None:
    responses = document["paths"]["/v1/cases"]["post"]["responses"]
    example = responses["201"]["content"]["application/json"]["example"]
    refusal = responses["422"]["content"]["application/problem+json"]["example"]
    url = {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"}
    case = client.post("/v1/cases", json={"items": [url]}).json()
    assert case.keys() == example.keys()
    assert case["items"][0].keys() == example["items"][0].keys()
    OpenedAnswer.model_validate(example)
    OpenedAnswer.model_validate(case)
    wrong = {"kind": "site", "value": "co.uk"}
    told = client.post("/v1/cases", json={"items": [url, wrong]}).json()
    assert told.keys() == refusal.keys()
    assert {**told, "errors": []} == {**refusal, "errors": []}
    assert [set(fault) for fault in told["errors"]] == [set(fault) for fault in refusal["errors"]]
    assert told["errors"][0]["pointer"] == refusal["errors"][0]["pointer"]
    ProblemAnswer.model_validate(told)
    shown = client.get(
        f"/v1/cases/{case['case']}", headers={"Authorization": f"Bearer {case['secret']}"}
    ).json()
    CaseAnswer.model_validate(shown)
    reading = document["paths"]["/v1/cases/{case}"]["get"]["responses"]["200"]
    assert shown.keys() == reading["content"]["application/json"]["example"].keys()


def test_no_answer_has_a_status_that_is_not_described(client: TestClient, document: dict) -> None:
    names = {"case": "AAAA-AAAA", "index": "0", "prefix": "zz"}
    for method, path, operation in operations(document):
        address = re.sub(r"{(\w+)}", lambda found: names.get(found[1], "none"), path)
        for headers in ({}, {"Authorization": "Bearer x"}):
            for body in (b"", b"{}", b"["):
                answer = client.request(method.upper(), address, content=body, headers=headers)
                assert str(answer.status_code) in operation["responses"], (method, path)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", "GET, HEAD, POST"),
        ("/case", "GET, HEAD, POST"),
        ("/v1/cases", "POST"),
        ("/v1/cases/AAAA-AAAA", "GET, DELETE"),
        ("/snapshot/snapshot.json", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
    ],
)
def test_an_address_names_every_method_that_it_takes(
    client: TestClient, path: str, methods: str
) -> None:
    answer = client.request("PATCH", path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == methods


def test_every_type_of_a_snapshots_files_is_described(client: TestClient, document: dict) -> None:
    described = document["paths"]["/snapshot/{path}"]["get"]["responses"]["200"]["content"]
    manifest = client.get("/snapshot/snapshot.json")
    answers = [manifest, *(client.get(f"/snapshot/{path}") for path in manifest.json()["files"])]
    assert {answer.headers["content-type"] for answer in answers} <= set(described)
