"""/v1/cases/{case}/contact: an address is taken down, confirmed by a code, and forgotten."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from optout.api.http.app import build
from optout.api.http.contact_schemas import Language, News
from optout.api.http.world import outside_of
from optout.api.mail import Post, SmtpMailer, languages
from optout.api.service import Limits, courier
from optout.api.settings import Settings
from optout.registry.cases import Wish

from tests.api.mail.boxes import Dropping, Handler, Silent, keeping, serving_apart

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
UNTIL = "2026-11-28T12:10:00Z"
NEWS = ["confirmed", "graded", "excluded"]
NUMBERS = count()


class Service:
    """A service with a mail server of its own, and a clock that stands still."""

    def __init__(self, database: Path, port: int, settings: Settings | None, limits: Limits):
        self.database = database
        self.now = NOW
        outside = replace(
            outside_of(Settings()),
            clock=lambda: self.now,
            post=Post("optout@optout.example", "https://optout.example", lambda: self.now),
            mailer=SmtpMailer("127.0.0.1", port, security="none"),
        )
        app = build(database, None, None, limits, settings, outside)
        self.client = TestClient(app, base_url="http://optout.example")

    def case(self) -> Case:
        items = [{"kind": "site", "value": f"site{next(NUMBERS)}.anna.example"}]
        opened = self.client.post("/v1/cases", json={"items": items}).json()
        return Case(self, opened["case"], opened["secret"])


class Case:
    """A case, and what is asked about its contact."""

    def __init__(self, service: Service, number: str, secret: str) -> None:
        self.service, self.number, self.secret = service, number, secret

    def ask(self, method: str, path: str = "", **rest: Any) -> Response:
        address = f"/v1/cases/{self.number}/contact{path}"
        headers = {**bearer(self), **rest.pop("headers", {})}
        return self.service.client.request(method, address, headers=headers, **rest)

    def put(self, address: str, **rest: Any) -> Response:
        # Escaped, because UTF-8 does not carry half a pair of surrogates.
        body = json.dumps({"address": address, **rest})
        return self.ask("PUT", content=body, headers={"Content-Type": "application/json"})

    def confirm(self, code: str) -> Response:
        return self.ask("POST", "/confirmations", json={"code": code})

    def shown(self) -> dict[str, Any]:
        answer = self.ask("GET")
        assert answer.status_code == 200, answer.text
        return answer.json()


def bearer(case: Case) -> dict[str, str]:
    return {"Authorization": f"Bearer {case.secret}"}


@pytest.fixture(scope="module")
def serve(new_registry: Callable[[], Path]) -> Callable[..., Any]:
    @contextmanager
    def serve(
        make: Callable[[], Any], settings: Settings | None = None, limits: Limits | None = None
    ) -> Iterator[Service]:
        with ExitStack() as stack:
            port = stack.enter_context(serving_apart(make))
            service = Service(new_registry(), port, settings, limits or Limits())
            stack.enter_context(service.client)
            yield service

    return serve


@pytest.fixture(scope="module")
def box() -> Handler:
    return Handler(rcpt="550 bad")


@pytest.fixture(scope="module")
def service(serve: Callable[..., Any], box: Handler) -> Iterator[Service]:
    with serve(keeping(box)) as service:
        yield service


@pytest.fixture
def case(service: Service) -> Case:
    service.now = NOW
    return service.case()


@pytest.fixture
def address() -> str:
    return f"anna{next(NUMBERS)}@anna.example"


def code_in(letter: Any) -> str:
    found = re.search(r"^    (\d{8})\r?$", letter.get_content(), re.MULTILINE)
    assert found is not None
    return found[1]


def reason(answer: Response) -> str:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert fault["advice"]
    return fault["reason"]


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


@pytest.mark.parametrize(
    ("language", "asks", "thanks"),
    [("en", "enter this code", "your address is confirmed"), ("fr", "saisissez", "est confirmée")],
)
def test_an_address_is_confirmed_by_the_code_that_came_there(
    case: Case, box: Handler, address: str, language: str, asks: str, thanks: str
) -> None:
    answer = case.put(address, language=language)
    assert answer.status_code == 202
    taken_down = {
        "address": address,
        "language": language,
        "news": NEWS,
        "confirmed": False,
        "code": {"until": UNTIL, "attempts": 5},
    }
    assert answer.json() == taken_down == case.shown()
    letter = box.wait_for(address)
    assert asks in letter.get_content()
    code = code_in(letter)
    assert code in letter["Subject"]
    confirmed = case.confirm(f" {code[:4]}-{code[4:]} ")
    assert confirmed.status_code == 200
    assert confirmed.json() == {**taken_down, "confirmed": True, "code": None} == case.shown()
    # The round is woken: nobody waits for a quarter of a minute.
    text = box.wait_for(address, 2).get_content()
    assert thanks in text
    assert f"    https://optout.example/case/{case.number}" in text
    assert case.secret not in text


def test_the_same_address_again_brings_another_code(case: Case, box: Handler, address: str) -> None:
    assert case.put(address).status_code == 202
    first = code_in(box.wait_for(address))
    assert case.put(f" {address.upper()[:4]}{address[4:]} ").status_code == 202
    assert case.put(address).status_code == 202
    second = code_in(box.wait_for(address, 2))
    if first != second:
        assert reason(case.confirm(first)) == "wrong"
    assert case.confirm(second).status_code == 200


def test_a_confirmed_address_needs_no_further_code(case: Case, box: Handler, address: str) -> None:
    case.put(address)
    case.confirm(code_in(box.wait_for(address)))
    box.wait_for(address, 2)
    answer = case.put(address.replace("anna.example", "ANNA.example"), language="fr", news=[])
    assert answer.status_code == 200
    told = {"address": address, "language": "fr", "news": [], "confirmed": True, "code": None}
    assert answer.json() == told == case.shown()
    another = f"new.{address}"
    assert case.put(another).json()["confirmed"] is False
    box.wait_for(another)
    assert len(box.letters(address)) == 2


def test_a_code_is_good_for_five_attempts(case: Case, box: Handler, address: str) -> None:
    case.put(address)
    code = code_in(box.wait_for(address))
    for left in range(4, -1, -1):
        assert reason(case.confirm(other(code))) == "wrong"
        assert case.shown()["code"]["attempts"] == left
    assert reason(case.confirm(code)) == "exhausted"
    assert case.shown()["confirmed"] is False


def test_a_code_is_good_for_ten_minutes_and_once(
    service: Service, case: Case, box: Handler, address: str
) -> None:
    assert reason(case.confirm("01234567")) == "no-contact"
    case.put(address)
    code = code_in(box.wait_for(address))
    service.now = NOW + timedelta(minutes=10)
    assert reason(case.confirm(code)) == "expired"
    service.now = NOW + timedelta(minutes=10, seconds=-1)
    assert case.confirm(code).status_code == 200
    assert reason(case.confirm(code)) == "used"


def test_a_code_of_another_case_or_address_is_wrong(
    service: Service, case: Case, box: Handler, address: str
) -> None:
    another = service.case()
    case.put(address)
    code = code_in(box.wait_for(address))
    another.put(address)
    if code_in(box.wait_for(address, 2)) != code:
        assert reason(another.confirm(code)) == "wrong"
    case.put(f"new.{address}")
    if code_in(box.wait_for(f"new.{address}")) != code:
        assert reason(case.confirm(code)) == "wrong"


def test_a_contact_is_forgotten(case: Case, box: Handler, address: str) -> None:
    case.put(address)
    code = code_in(box.wait_for(address))
    for _ in range(2):
        assert case.ask("DELETE").status_code == 204
    answer = case.ask("GET")
    assert (answer.status_code, answer.json()["detail"]) == (404, "the case has no contact")
    assert reason(case.confirm(code)) == "no-contact"


def test_a_contact_is_nobodys_without_the_secret(service: Service, case: Case) -> None:
    for stranger in (Case(service, case.number, "AAAA-AAAA-AAAA-AAAA"), service.case()):
        asked = Case(service, case.number, stranger.secret)
        for answer in (
            asked.put("anna@anna.example"),
            asked.ask("GET"),
            asked.confirm("01234567"),
            asked.ask("DELETE"),
        ):
            assert answer.status_code == 404
            assert answer.json()["detail"] == "there is no such case with this secret"
    for method, path in (("PUT", ""), ("GET", ""), ("POST", "/confirmations"), ("DELETE", "")):
        address = f"/v1/cases/{case.number}/contact{path}"
        assert service.client.request(method, address).status_code == 401


def test_letters_and_contact_go_with_the_case(case: Case, box: Handler, address: str) -> None:
    case.put(address)
    box.wait_for(address)
    erased = case.service.client.delete(f"/v1/cases/{case.number}", headers=bearer(case))
    assert erased.status_code == 204
    assert case.ask("GET").json()["detail"] == "there is no such case with this secret"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("anna@anna.example\r\nBcc: bob@bob.example", "control"),
        ("anna@anna.example\nRCPT TO:<bob@bob.example>", "control"),
        ("anna@anna.example,bob@bob.example", "several"),
        ("<anna@anna.example>", "several"),
        ("anna", "no-address"),
        ("an\u202ena@anna.example", "not-ascii"),
        ("anna@anna\u202e.example", "domain"),
        ("anna@[192.0.2.7]", "domain"),
        ("a" * 65 + "@anna.example", "too-long"),
        ("anna@" + "a" * 10_000, "string-too-long"),
        ("", "string-too-short"),
        ("\ud800@anna.example", "string-unicode"),
    ],
)
def test_what_is_no_address_of_one_mailbox_is_refused(
    case: Case, box: Handler, address: str, why: str
) -> None:
    before = len(box.taken)
    answer = case.put(address)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["reason"]) == ("#/address", why)
    assert "anna" not in answer.text.replace("anna@anna.example.", "")
    assert case.ask("GET").status_code == 404
    assert len(box.taken) == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/address"),
        ({"address": 3}, "#/address"),
        ({"address": "a@b.example", "language": "de"}, "#/language"),
        ({"address": "a@b.example", "news": ["all"]}, "#/news/0"),
        ({"address": "a@b.example", "more": 1}, "#/more"),
    ],
)
def test_what_is_no_contact_is_refused(case: Case, body: Any, pointer: str) -> None:
    answer = case.ask("PUT", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_every_language_and_every_kind_of_news_can_be_chosen() -> None:
    assert set(get_args(Language)) == set(languages())
    assert get_args(News) == tuple(Wish)


@pytest.mark.parametrize("code", ["", "1" * 40, "٠١٢٣٤٥٦٧", "0123\n4567", "' OR 1=1 --"])
def test_what_is_no_code_is_a_wrong_one(case: Case, address: str, code: str) -> None:
    case.put(address)
    assert reason(case.confirm(code)) == "wrong"


def test_no_case_gets_more_than_five_codes_an_hour(
    service: Service, case: Case, box: Handler, address: str
) -> None:
    sent = [f"{number}.{address}" for number in range(5)]
    assert [case.put(to).status_code for to in sent] == [202] * 5
    refused = [case.put(to) for to in (sent[0], "somebody@bob.example")]
    assert {answer.status_code for answer in refused} == {429}
    assert {answer.headers["retry-after"] for answer in refused} == {"3600"}
    assert len({answer.content for answer in refused}) == 1
    assert refused[0].headers["content-type"] == "application/problem+json"
    # What was sent last still holds, and what is confirmed can be changed.
    assert case.confirm(code_in(box.wait_for(sent[4]))).status_code == 200
    assert case.put(sent[4], language="fr").status_code == 200
    service.now = NOW + timedelta(hours=1)
    assert case.put(sent[0]).status_code == 202


def test_no_mailbox_gets_more_than_ten_codes_an_hour_and_twenty_a_day_whoever_asks(
    service: Service, case: Case, box: Handler, address: str
) -> None:
    local, _, domain = address.partition("@")
    sent: list[str] = []

    def put(count: int) -> None:
        for _ in range(count):
            number = len(sent)
            spelled = f"{local[0].upper()}.{'.'.join(local[1:])}+{number}@{domain}"
            answers.append(cases[number % 7].put(spelled))
            sent.append(spelled)

    cases, answers = [service.case() for _ in range(7)], []  # type: list[Case], list[Response]
    put(12)
    service.now = NOW + timedelta(hours=1)
    put(10)
    service.now = NOW + timedelta(hours=2)
    put(2)
    service.now = NOW + timedelta(days=1)
    put(1)
    case.put(f"new.{address}")
    box.wait_for(f"new.{address}")
    box.wait_for(sent[-1])
    # Nobody is told of it: neither who fills the mailbox, nor who wants to know whether it is used.
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["code"]["attempts"] for answer in answers} == {5}
    assert len({str(sorted(answer.headers)) for answer in answers}) == 1
    got = [number for number, to in enumerate(sent) if box.letters(to)]
    assert got == [*range(10), *range(12, 22), 24]


def test_no_network_asks_for_more_than_ten_codes_an_hour_to_whichever_addresses(
    serve: Callable[..., Any],
) -> None:
    settings = Settings.model_validate({"trusted_proxies": ["127.0.0.0/8"]})
    with serve(keeping(Handler()), settings) as service:
        service.client = TestClient(
            service.client.app, base_url="http://optout.example", client=("127.0.0.1", 50_000)
        )
        cases = [service.case() for _ in range(4)]

        def put(number: int, network: str = "192.0.2.7") -> Response:
            body, headers = {"address": f"any{number}@catch.example"}, bearer(cases[number // 4])
            headers["X-Forwarded-For"] = network
            address = f"/v1/cases/{cases[number // 4].number}/contact"
            return service.client.put(address, json=body, headers=headers)

        assert [put(number).status_code for number in range(10)] == [202] * 10
        refused = put(12)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
        assert refused.json()["detail"] == "too many codes were asked for"
        assert put(13, "198.51.100.3").status_code == 202
        service.now = NOW + timedelta(hours=1)
        assert put(14).status_code == 202


def test_who_guesses_the_secret_uses_up_nobodys_codes(service: Service, case: Case) -> None:
    stranger = Case(service, case.number, "AAAA-AAAA-AAAA-AAAA")
    for _ in range(6):
        assert stranger.put("somebody@carla.example").status_code == 404
    assert case.put("somebody@carla.example").status_code == 202


def test_the_answer_does_not_tell_what_the_mail_server_said(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "GRACE", timedelta(0))
    answers = []
    for make in (keeping(Handler()), keeping(Handler(rcpt="550 no")), Silent, Dropping):
        with serve(make) as service:
            begun = time.monotonic()
            answers.append(service.case().put("bad@anna.example"))
            assert time.monotonic() - begun < 5
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1


def test_no_file_of_the_registry_and_no_line_of_the_log_holds_the_code_or_the_address(
    service: Service, case: Case, box: Handler, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "optout"):
        case.put(address)
        code = code_in(box.wait_for(address))
        folder = service.database.parent
        data = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert case.number.encode() in data, "what was written is there to be read"
        case.confirm(code)
        box.wait_for(address, 2)
    data += b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in (code, address):
        assert secret.encode() not in data
        assert not [one for one in caplog.records if secret in one.getMessage()]


def test_while_the_mail_server_hangs_nothing_is_promised(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "GRACE", timedelta(0))
    with serve(Silent, limits=Limits(waiting=1)) as service:
        case, another = service.case(), service.case()
        assert case.put("anna@anna.example").status_code == 202
        answer = another.put("carla@carla.example")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "too many letters are on their way"
        assert another.ask("GET").status_code == 404


def test_who_asks_for_a_contact_that_is_not_there_has_guessed_nothing(
    serve: Callable[..., Any],
) -> None:
    settings = Settings.model_validate({"quotas": {"secrets": "2/hour"}})
    with serve(keeping(Handler()), settings) as service:
        case = service.case()
        assert {case.ask("GET").status_code for _ in range(4)} == {404}
        item, headers = f"/v1/cases/{case.number}/items/4711", bearer(case)
        assert service.client.delete(item, headers=headers).status_code == 404
        stranger = Case(service, case.number, "AAAA-AAAA-AAAA-AAAA")
        assert [stranger.ask("GET").status_code for _ in range(3)] == [404, 404, 429]


def test_a_contact_that_goes_between_code_and_answer_is_none(
    service: Service, case: Case, box: Handler, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.put(address)
    code = code_in(box.wait_for(address))
    contacts = service.client.app.state.desk.contacts  # type: ignore[attr-defined]

    async def read(number: str, secret: str) -> None:
        await contacts.forget(number, secret)

    monkeypatch.setattr(contacts, "read", read)
    assert case.confirm(code).status_code == 404
