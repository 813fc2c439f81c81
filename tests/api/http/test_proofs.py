"""/v1/cases/…/proofs: what is to be placed, what is found, and what that raises."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.http.proof_schemas import CheckAnswer, ProofAnswer
from optout.api.service import Limits

from tests.api.proofs.servers import answer
from tests.api.proofs.world import World

from .test_cases import bearer, opened, problem, shown

PAGE = {"kind": "url", "value": "https://anna.example/2024/harbour.jpg"}
WHOLE = {"kind": "site", "value": "anna.example"}
BELOW = {"kind": "prefix", "value": "https://shop.anna.example/prints"}
ACCOUNT = {"kind": "account", "value": "github:anna"}
OTHER = {"kind": "url", "value": "https://bob.example/portrait.jpg"}
PASSAGE = {
    "kind": "text",
    "value": "The harbour lay still, and nobody had told the gulls about it.",
}
EVERYTHING = (PAGE, WHOLE, BELOW, ACCOUNT, OTHER, PASSAGE)

DOMAIN = {"method": "dns", "domain": "anna.example"}
FILE = {"method": "file", "domain": "anna.example"}
GITHUB = {"method": "account", "account": "https://github.com/Anna"}


@pytest.fixture(scope="module")
def client(_around: World, new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    limits = Limits(publish_seconds=0)
    app = build(new_registry(), None, None, limits, outside=_around.outside)
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


def asked(client: TestClient, case: dict, wanted: object, **rest: Any) -> Response:
    address = f"/v1/cases/{case['case']}/proofs"
    return client.post(address, headers=bearer(case["secret"]), json=wanted, **rest)


def started(client: TestClient, case: dict, wanted: object) -> dict:
    answered = asked(client, case, wanted)
    assert answered.status_code == 201, answered.text
    proof: dict = answered.json()
    ProofAnswer.model_validate(proof)
    assert answered.headers["location"] == f"/v1/cases/{case['case']}/proofs/{proof['id']}"
    assert answered.headers["cache-control"] == "no-store"
    return proof


def check(client: TestClient, case: dict, proof: dict) -> Response:
    address = f"/v1/cases/{case['case']}/proofs/{proof['id']}/checks"
    return client.post(address, headers=bearer(case["secret"]))


def checked(client: TestClient, case: dict, proof: dict) -> dict:
    answered = check(client, case, proof)
    assert answered.status_code == 200, answered.text
    document: dict = answered.json()
    CheckAnswer.model_validate(document)
    return document


def listed(client: TestClient, case: dict) -> list[dict]:
    address = f"/v1/cases/{case['case']}/proofs"
    answered = client.get(address, headers=bearer(case["secret"]))
    assert answered.status_code == 200, answered.text
    found: list[dict] = answered.json()["proofs"]
    return found


def ended(client: TestClient, case: dict, proof: dict) -> Response:
    address = f"/v1/cases/{case['case']}/proofs/{proof['id']}"
    return client.delete(address, headers=bearer(case["secret"]))


def grades(client: TestClient, case: dict) -> dict[str, str]:
    return {item["value"]: item["grade"] for item in shown(client, case)}


def indexes(case: dict, *items: dict) -> list[int]:
    by_value = {item["value"]: item["index"] for item in case["items"]}
    return sorted(by_value[item["value"]] for item in items)


def raised(client: TestClient, after: int) -> list[tuple[int, str]]:
    """What the public log says from a place on, of grades."""
    records = [
        each["record"] for each in client.get(f"/v1/log?after={after - 1}").json()["records"]
    ]
    return [(each["entry"], each["grade"]) for each in records if each["op"] == "grade"]


def size(client: TestClient) -> int:
    return int(client.get("/checkpoint").text.split("\n")[1])


def test_a_record_proves_a_domain_and_all_below_it(client: TestClient, around: World) -> None:
    case = opened(client, *EVERYTHING)
    covers = indexes(case, PAGE, WHOLE, BELOW)
    proof = started(client, case, {"method": "dns", "domain": "https://ANNA.example./"})
    record = proof["place"]["record"]
    token, _, expiry = record["value"].partition(" ")
    assert record["name"] == "_optout-challenge.anna.example"
    assert len(token.removeprefix("token=")) == 43
    assert expiry == "expiry=2027-04-01T12:00:00Z"  # until the first year is over
    assert {**proof, "id": "", "place": {}} == {
        "id": "",
        "method": "dns",
        "subject": "anna.example",
        "state": "asked",
        "grade": None,
        "place": {},
        "items": covers,
        "made": "2026-03-02T12:00:00Z",
        "checked": None,
        "expires": "2026-04-01T12:00:00Z",
        "missing": 0,
    }
    before = checked(client, case, proof)
    assert (before["found"], before["raised"], before["proof"]) == (False, [], proof)
    assert "There is no TXT record at _optout-challenge.anna.example yet" in before["advice"]
    assert set(grades(client, case).values()) == {"self"}

    start = size(client)
    around.place(proof["place"])
    around.pass_time(hours=1)
    found = checked(client, case, proof)
    standing = {
        **proof,
        "state": "standing",
        "grade": "domain",
        "checked": "2026-03-02T13:00:00Z",
        "expires": "2027-03-02T13:00:00Z",
    }
    assert found == {"found": True, "raised": covers, "advice": None, "proof": standing}
    assert listed(client, case) == [standing]
    assert sorted(raised(client, start)) == [(index, "domain") for index in covers]
    log = client.get(f"/v1/log?after={start - 1}").text
    assert "anna" not in log
    assert token not in log
    by_index = {item["index"]: item["grade"] for item in shown(client, case)}
    assert {index for index, grade in by_index.items() if grade == "domain"} == set(covers)
    assert {by_index[index] for index in by_index.keys() - set(covers)} == {"self"}

    again = checked(client, case, proof)
    assert (again["found"], again["raised"]) == (True, [])
    assert raised(client, start + len(covers)) == []


def test_what_cannot_be_asked_says_nothing(client: TestClient, around: World) -> None:
    case = opened(client, PAGE, ACCOUNT)
    proofs = [started(client, case, wanted) for wanted in (DOMAIN, FILE, GITHUB)]
    around.place(proofs[0]["place"])
    around.silent = True
    for proof in proofs:
        told = checked(client, case, proof)
        assert (told["found"], told["raised"], told["proof"]) == (None, [], proof)
        assert told["advice"]
    around.silent = False
    around.site.pages["api.example/users/anna"] = answer(status=500)
    assert checked(client, case, proofs[2])["found"] is None
    assert set(grades(client, case).values()) == {"self"}


def test_a_file_proves_what_stands_on_its_host_alone(client: TestClient, around: World) -> None:
    case = opened(client, *EVERYTHING)
    proof = started(client, case, FILE)
    file = proof["place"]["file"]
    assert file["url"].startswith("https://anna.example/.well-known/optout-challenge/")
    assert file["content"].startswith(file["url"].rpartition("/")[2] + ".")
    missing = checked(client, case, proof)
    assert (missing["found"], "HTTP status 404" in missing["advice"]) == (False, True)
    around.place(proof["place"])
    found = checked(client, case, proof)
    assert (found["found"], found["raised"]) == (True, indexes(case, PAGE))
    assert found["proof"]["grade"] == "domain"


def test_a_line_in_a_profile_proves_an_account(client: TestClient, around: World) -> None:
    address = {"kind": "url", "value": "https://github.com/anna/paintings"}
    case = opened(client, *EVERYTHING, address)
    proof = started(client, case, GITHUB)
    assert proof["subject"] == "github:anna"
    line = proof["place"]["line"]
    assert line["profile"] == "https://github.com/anna"
    around.profile("I paint")
    missing = checked(client, case, proof)
    assert missing["found"] is False
    assert line["text"] in missing["advice"]
    around.profile(f"I paint. {line['text']}")
    start = size(client)
    found = checked(client, case, proof)
    covers = indexes(case, ACCOUNT, address)
    assert (found["raised"], found["proof"]["grade"]) == (covers, "account")
    assert sorted(raised(client, start)) == [(index, "account") for index in covers]
    # Whoever takes the name over later proves nothing with what stands there.
    around.profile(line["text"], stable=8)
    told = checked(client, case, proof)
    assert (told["found"], told["proof"]["missing"]) == (False, 0)
    assert "belongs to another account" in told["advice"]


def test_the_better_of_two_proofs_counts(client: TestClient, around: World) -> None:
    case = opened(client, PAGE)
    file, record = (started(client, case, wanted) for wanted in (FILE, DOMAIN))
    around.place(file["place"])
    around.place(record["place"])
    assert checked(client, case, file)["raised"] == indexes(case, PAGE)
    assert checked(client, case, record)["raised"] == []
    assert [proof["id"] for proof in listed(client, case)] == sorted([file["id"], record["id"]])


@pytest.mark.parametrize("wanted", [DOMAIN, FILE, GITHUB])
def test_what_another_case_has_placed_proves_nothing(
    client: TestClient, around: World, wanted: dict
) -> None:
    mine, theirs = opened(client, PAGE, ACCOUNT), opened(client, PAGE, ACCOUNT)
    placed, proof = started(client, mine, wanted), started(client, theirs, wanted)
    around.place(placed["place"])
    if "file" in placed["place"]:  # a server that answers with what it was asked for
        address = proof["place"]["file"]["url"].removeprefix("https://")
        around.site.pages[address] = answer(placed["place"]["file"]["content"])
    assert checked(client, theirs, proof)["found"] is False
    for told in (check(client, theirs, placed), ended(client, theirs, placed)):
        assert problem(told, 404)["detail"] == "the case has no such proof"
    assert checked(client, mine, placed)["found"] is True
    assert set(grades(client, theirs).values()) == {"self"}


def test_the_owner_ends_a_proof_and_the_grades_fall_back(client: TestClient, around: World) -> None:
    case = opened(client, PAGE, WHOLE)
    proof, never = started(client, case, DOMAIN), started(client, case, FILE)
    around.place(proof["place"])
    checked(client, case, proof)
    start = size(client)
    for _ in range(2):
        assert ended(client, case, proof).status_code == 204
    assert sorted(raised(client, start)) == [(at, "self") for at in indexes(case, PAGE, WHOLE)]
    assert ended(client, case, never).status_code == 204
    assert ended(client, case, never).status_code == 404
    (left,) = listed(client, case)
    assert (left["id"], left["state"], left["items"]) == (proof["id"], "ended", proof["items"])
    told = problem(check(client, case, proof), 409)
    assert (told["detail"], told["advice"]) == ("this proof has ended", "Begin a new one.")


def test_what_was_not_placed_in_time_is_gone(client: TestClient, around: World) -> None:
    case = opened(client, PAGE)
    proof = started(client, case, DOMAIN)
    around.place(proof["place"])
    around.pass_time(days=30)
    assert listed(client, case) == []
    assert check(client, case, proof).status_code == 404


def test_what_is_over_is_looked_at_no_more(client: TestClient, around: World) -> None:
    case = opened(client, PAGE)
    proof = started(client, case, DOMAIN)
    around.place(proof["place"])
    checked(client, case, proof)
    around.pass_time(days=365)
    assert problem(check(client, case, proof), 409)


def test_a_record_is_shown_with_a_later_day_once_it_is_needed_for_longer(
    client: TestClient, around: World
) -> None:
    case = opened(client, PAGE)
    proof = started(client, case, DOMAIN)
    around.place(proof["place"])
    assert checked(client, case, proof)["proof"]["place"] == proof["place"]
    around.pass_time(days=100)
    renewed = checked(client, case, proof)["proof"]["place"]["record"]["value"]
    token = proof["place"]["record"]["value"].partition(" ")[0]
    assert renewed == f"{token} expiry=2027-06-10T12:00:00Z"


def test_items_that_were_withdrawn_or_erased_are_not_covered(
    client: TestClient, around: World
) -> None:
    case = opened(client, PAGE, WHOLE, BELOW)
    key = bearer(case["secret"])
    (page,), (whole,), (below,) = (indexes(case, each) for each in (PAGE, WHOLE, BELOW))
    client.post(f"/v1/cases/{case['case']}/withdrawals", headers=key, json={"items": [whole]})
    proof = started(client, case, DOMAIN)
    assert proof["items"] == sorted([page, below])
    client.delete(f"/v1/cases/{case['case']}/items/{below}", headers=key)
    around.place(proof["place"])
    assert checked(client, case, proof)["raised"] == [page]


@pytest.mark.parametrize("method", ["dns", "file"])
@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("co.uk", "co.uk is a public suffix"),
        ("github.io", "github.io is a public suffix"),
        ("localhost", "localhost is a public suffix"),
        ("github.com", "github.com belongs to the platform GitHub"),
        ("127.0.0.1", "127.0.0.1 is a number"),
        ("[::1]", "[::1] is a number"),
        ("2130706433", "127.0.0.1 is a number"),
        ("0x7f.1", "is not a web address"),
        ("https://anna.example/a", "is one address, not a whole site"),
        ("anna.example\r\nHost: bob.example", "is not a web address"),
        ("anna.example\x00.bob.example", "is not a web address"),
        ("anna.example\u202e", "is not a web address"),
        ("", "the address is empty"),
    ],
)
def test_hostile_domains_are_refused(
    client: TestClient, around: World, method: str, subject: str, says: str
) -> None:
    case = opened(client, PAGE)
    refusal = problem(asked(client, case, {"method": method, "domain": subject}), 422)
    (fault,) = refusal["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/domain", "unprovable")
    assert says in fault["detail"]
    assert not {"\r", "\n", "\x00", "\u202e"} & set(fault["detail"] + fault["advice"])
    assert listed(client, case) == []
    assert around.zone.asked == []


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("instagram:anna", "an account like instagram:anna cannot be proved by its profile"),
        ("nowhere:anna", "nowhere"),
        ("github:an\r\nna", "is no account on GitHub"),
        ("github:\u202eanna", "is no account on GitHub"),
        ("@anna@127.0.0.1", "is no account"),
        ("@anna@localhost", "is no account"),
        ("@anna@social.example:22", "is no account"),
    ],
)
def test_hostile_accounts_are_refused(client: TestClient, subject: str, says: str) -> None:
    case = opened(client, ACCOUNT)
    refusal = problem(asked(client, case, {"method": "account", "account": subject}), 422)
    (fault,) = refusal["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/account", "unprovable")
    assert says in fault["detail"]


@pytest.mark.parametrize(
    ("wanted", "place", "reason"),
    [
        ({"method": "dns", "domain": "a" * 10_000}, "#/domain", "string-too-long"),
        ({"method": "account", "account": "a" * 10_000}, "#/account", "string-too-long"),
        ({"method": "dns", "domain": ["anna.example"]}, "#/domain", "string-type"),
        ({"method": "dns"}, "#/domain", "missing"),
        ({"method": "account"}, "#/account", "missing"),
        ({**DOMAIN, "account": "github:anna"}, "#/account", "extra-forbidden"),
        ({**GITHUB, "domain": "anna.example"}, "#/domain", "extra-forbidden"),
        ({**DOMAIN, "method": "mail"}, "#/method", "literal-error"),
        ({"domain": "anna.example"}, "#/method", "missing"),
        ({**DOMAIN, "token": "mine"}, "#/token", "extra-forbidden"),
    ],
)
def test_what_is_no_request_for_a_proof(
    client: TestClient, wanted: dict, place: str, reason: str
) -> None:
    case = opened(client, PAGE)
    (fault,) = problem(asked(client, case, wanted), 422)["errors"]
    assert (fault["pointer"], fault["reason"]) == (place, reason)


def test_half_of_a_character_is_refused(client: TestClient) -> None:
    case = opened(client, PAGE)
    address = f"/v1/cases/{case['case']}/proofs"
    body = b'{"method": "dns", "domain": "\\ud800.example"}'
    headers = {**bearer(case["secret"]), "Content-Type": "application/json"}
    (fault,) = problem(client.post(address, headers=headers, content=body), 422)["errors"]
    assert fault["pointer"] == "#/domain"


def test_nobody_places_what_would_cover_nothing(client: TestClient) -> None:
    case = opened(client, PAGE, BELOW, OTHER, PASSAGE)
    for wanted, also in (
        ({"method": "dns", "domain": "clara.example"}, [BELOW]),
        ({"method": "file", "domain": "www.anna.example"}, []),
    ):
        (fault,) = problem(asked(client, case, wanted), 422)["errors"]
        assert (fault["pointer"], fault["reason"]) == ("#/domain", "covers-nothing")
        assert fault["detail"] == f"{wanted['domain']} covers no item of this case that is in force"
        items = ", ".join(map(str, indexes(case, PAGE, *also)))
        assert f"anna.example (item{'s' if also else ''} {items})" in fault["advice"]
        assert f"shop.anna.example (item {indexes(case, BELOW)[0]})" in fault["advice"]
    (fault,) = problem(asked(client, case, GITHUB), 422)["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/account", "covers-nothing")
    assert fault["advice"] == "No item of this case can be proved in this way."


def test_of_many_that_could_be_proved_some_are_named(client: TestClient) -> None:
    urls = [{"kind": "url", "value": f"https://anna.example/{n}.jpg"} for n in range(8)]
    sites = [{"kind": "site", "value": f"number{n}.example"} for n in range(8)]
    case = opened(client, *urls, *sites)
    (fault,) = problem(asked(client, case, {**DOMAIN, "domain": "bob.example"}), 422)["errors"]
    first = ", ".join(map(str, indexes(case, *urls)[:5]))
    assert f"anna.example (items {first} …), number0.example" in fault["advice"]
    assert fault["advice"].endswith(" and more.")
    assert "number7" not in fault["advice"]


def test_a_wrong_secret_is_answered_as_anywhere(client: TestClient, around: World) -> None:
    case, other = opened(client, PAGE), opened(client, PAGE)
    proof = started(client, case, DOMAIN)
    stranger = {**case, "secret": other["secret"]}
    nowhere = {**case, "case": "AAAA-AAAA"}
    address = f"/v1/cases/{case['case']}"
    as_anywhere = client.get(address, headers=bearer(stranger["secret"]))
    for wrong in (stranger, nowhere):
        for told in (
            asked(client, wrong, DOMAIN),
            client.get(f"/v1/cases/{wrong['case']}/proofs", headers=bearer(wrong["secret"])),
            check(client, wrong, proof),
            ended(client, wrong, proof),
        ):
            assert problem(told, 404) == as_anywhere.json()
    for method, path in (
        ("POST", "/proofs"),
        ("GET", "/proofs"),
        ("POST", f"/proofs/{proof['id']}/checks"),
        ("DELETE", f"/proofs/{proof['id']}"),
    ):
        problem(client.request(method, address + path), 401)
    assert [one["state"] for one in listed(client, case)] == ["asked"]
    assert around.zone.asked == []


@pytest.mark.parametrize("identity", ["none", "%00", "a" * 65, "%F0%9F%A6%AD", "'--"])
def test_a_proof_that_there_is_not(client: TestClient, identity: str) -> None:
    case = opened(client, PAGE)
    for told in (
        check(client, case, {"id": identity}),
        ended(client, case, {"id": identity}),
    ):
        problem(told, 404)


def test_a_case_has_its_proofs_looked_at_ten_times_a_minute(
    client: TestClient, around: World
) -> None:
    case, other = opened(client, PAGE), opened(client, PAGE)
    proof, theirs = started(client, case, DOMAIN), started(client, other, DOMAIN)
    for _ in range(10):
        assert checked(client, case, proof)["found"] is False
        around.pass_time(seconds=2)
    told = check(client, case, proof)
    assert problem(told, 429)["detail"] == "a case may have its proofs looked at 10 times a minute"
    assert told.headers["retry-after"] == "40"
    assert checked(client, other, theirs)["found"] is False
    # Who does not know the secret uses up nothing of what its owner may ask.
    assert check(client, {**other, "secret": case["secret"]}, theirs).status_code == 404
    around.pass_time(seconds=40)
    assert checked(client, case, proof)["found"] is False


def test_nothing_of_what_is_proved_is_logged(
    client: TestClient, around: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, "optout")
    caplog.set_level(logging.WARNING, "httpx2")  # the client's own
    case = opened(client, PAGE, ACCOUNT)
    proofs = [started(client, case, wanted) for wanted in (DOMAIN, FILE, GITHUB)]
    for proof in proofs:
        checked(client, case, proof)
        around.place(proof["place"])
        checked(client, case, proof)
    around.silent = True
    for proof in proofs:
        checked(client, case, proof)
    asked(client, case, {**DOMAIN, "domain": "clara.example"})
    words = [record.getMessage() for record in caplog.records] + [caplog.text]
    secret = ["anna", "clara", case["case"], case["secret"]]
    secret += [word for proof in proofs for word in json.dumps(proof["place"]).split('"')[5::4]]
    assert not [word for word in secret if word in "\n".join(words)]
