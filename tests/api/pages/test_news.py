"""News by e-mail: an address is given if somebody likes, confirmed by a code, and removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.http.world import outside_of
from optout.api.mail import Post, SmtpMailer, read_address
from optout.api.pages.contact_pages import ADDRESS_PROBLEMS, CODE_PROBLEMS
from optout.api.proofs import Outcome
from optout.api.service import Limits
from optout.api.settings import Settings
from optout.registry.errors import UsageError

from tests.api.mail.boxes import Handler, keeping, serving_apart

if TYPE_CHECKING:
    from .conftest import Browser, Page

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NUMBERS = count()
SAID = {
    "en": ("Send", "Confirm the address", "Thank you: your address is confirmed."),
    "fr": ("Envoyer", "Confirmer l’adresse", "Merci : votre adresse est confirmée."),
}


class Posting:
    """A service with a mail server of its own, and a clock that tests set."""

    def __init__(self, database: Path, folder: Path, port: int, box: Handler) -> None:
        self.now = START
        self.box = box
        outside = replace(
            outside_of(Settings(state=folder)),
            clock=lambda: self.now,
            post=Post("optout@optout.example", "https://optout.example", lambda: self.now),
            mailer=SmtpMailer("127.0.0.1", port, security="none"),
        )
        app = build(database, None, None, Limits(publish_seconds=0), None, outside)
        self.client = TestClient(app, base_url="http://optout.example")

    def code(self, address: str, letters: int = 1) -> str:
        letter = self.box.wait_for(address, letters).get_content()
        assert "    https://optout.example/case/code" in letter
        return re.findall(r"^    (\d{8})\r?$", letter, re.MULTILINE)[0]


@pytest.fixture(scope="module")
def post(
    new_registry: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Posting]:
    box = Handler()
    with serving_apart(keeping(box)) as port:
        made = Posting(new_registry(), tmp_path_factory.mktemp("state"), port, box)
        with made.client:
            yield made


@pytest.fixture
def address(post: Posting) -> str:
    post.now = START
    return f"anna{next(NUMBERS)}@anna.example"


@pytest.fixture
def browser(browse: Callable[..., Browser], post: Posting) -> Browser:
    return browse("en", post.client)


def wanted(browser: Browser, address: str, send: str = "Send") -> Page:
    """The receipt of somebody who gave an address."""
    checked = browser.give(f"anna.example/{next(NUMBERS)}")
    return browser.press(checked, send, write={"email": address})


def case_of(browser: Browser, receipt: Page, opens: str = "Open the case") -> Page:
    return browser.press(receipt, opens)


def records(post: Posting) -> int:
    return int(post.client.get("/checkpoint").text.split("\n")[1])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_address_is_confirmed_on_the_receipt(
    browse: Callable[..., Browser], post: Posting, address: str, language: str
) -> None:
    send, confirm, thanks = SAID[language]
    browser = browse(language, post.client)
    receipt = wanted(browser, address, send)
    assert address in receipt.text
    page = browser.press(receipt, confirm, write={"code": post.code(address)})
    assert page.status == 200
    assert thanks in page.text
    # The letters speak the language of the page, too.
    assert post.box.letters(address)[0]["Content-Language"] == language


def test_nobody_has_to_give_an_address(browser: Browser) -> None:
    receipt = wanted(browser, "  ")
    assert receipt.heading == "Done. You have said no."
    assert "e-mail address" not in receipt.root.first("main").text


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("anna", "This is no e-mail address."),
        ("anna@anna.example, b@b.example", "Please give one e-mail address"),
        ("anna@anna,example", "This address is not complete: is there a comma"),
        ("anna,b@anna", "Please give one e-mail address"),
        ("ann\u00e4@anna.example", "whose first part has plain letters"),
        ("a@b", "the part after the @"),
        ("a..b@anna.example", "the part before the @"),
        (f"{'a' * 65}@anna.example", "This is too long"),
        ("a\x07b@anna.example", "There is a sign in this address"),
        ("<script>alert(1)</script>", "Please give one e-mail address"),
    ],
)
def test_what_is_no_address_is_told_before_anything_is_registered(
    browser: Browser, post: Posting, typed: str, told: str
) -> None:
    before = records(post)
    page = wanted(browser, typed)
    assert page.by_id("email-problem").text.startswith(told) or told in page.text
    assert page.by_id("email").attributes["value"] == typed
    assert page.by_id("email").attributes["aria-invalid"] == "true"
    assert page.title.startswith("Please look again")
    assert records(post) == before
    assert not page.root.first("main").every("script")
    receipt = browser.press(page, "Send", write={"email": ""})
    assert receipt.heading == "Done. You have said no."


def test_the_address_goes_along_from_page_to_page(browser: Browser, address: str) -> None:
    page = browser.give("anna.example/a\nco.uk")
    page = browser.press(page, "Check again", write={"email": address, "fix-1": ""})
    assert page.by_id("email").attributes["value"] == address
    page = browser.press(page, "Change something")
    page = browser.press(page, page.root.first("main").first("button"))
    assert page.by_id("email").attributes["value"] == address
    page = browser.press(page, "Français")
    assert page.by_id("email").attributes["value"] == address


def test_a_wrong_code_is_told_beside_the_field(
    browser: Browser, post: Posting, address: str
) -> None:
    receipt = wanted(browser, address)
    code = post.code(address)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    page = browser.press(receipt, "Confirm the address", write={"code": wrong})
    assert page.by_id("code-wrong").text.startswith("This is not the code")
    page = browser.press(page, "Confirm the address", write={"code": f"{code[:4]} {code[4:]}"})
    assert "your address is confirmed" in page.text


def test_a_code_that_is_over_is_replaced_by_a_new_one(
    browser: Browser, post: Posting, address: str
) -> None:
    receipt = wanted(browser, address)
    code = post.code(address)
    post.now += timedelta(minutes=10)
    page = browser.press(receipt, "Confirm the address", write={"code": code})
    assert page.by_id("code-wrong").text.startswith("This code is too old.")
    page = browser.press(page, "Send a new code")
    assert f"A code is on its way to {address}." in page.text
    page = browser.press(page, "Confirm the address", write={"code": post.code(address, 2)})
    assert "your address is confirmed" in page.text


def test_a_code_that_was_tried_too_often_is_told_so(
    browser: Browser, post: Posting, address: str
) -> None:
    page = wanted(browser, address)
    for _ in range(6):
        page = browser.press(page, "Confirm the address", write={"code": "nothing"})
    assert page.by_id("code-wrong").text.startswith("There were too many attempts")


def test_codes_that_were_asked_for_too_often_are_told_so(browser: Browser, address: str) -> None:
    page = wanted(browser, address)
    for _ in range(5):
        page = browser.press(page, "Send a new code")
    assert page.status == 429
    assert "Please try again in 60 minutes." in page.by_id("email-problem").text


def test_an_address_is_given_changed_and_removed_on_the_case(
    browser: Browser, post: Posting, address: str
) -> None:
    receipt = wanted(browser, "")
    case = case_of(browser, receipt)
    page = browser.press(case, "Send me a code", write={"email": address})
    browser.press(page, "Confirm the address", write={"code": post.code(address)})
    case = case_of(browser, receipt)
    assert f"We write to {address}." in case.text
    page = browser.press(case, "Change the address")
    page = browser.press(page, "Send me a code", write={"email": f"other-{address}"})
    assert f"A code is on its way to other-{address}." in page.text
    case = case_of(browser, receipt)
    assert "once you have entered the code" in case.text
    page = browser.press(case, "Remove the address")
    assert "Your address is removed." in page.text
    assert address not in case_of(browser, receipt).text


def test_an_address_that_is_none_is_told_on_the_case(browser: Browser) -> None:
    case = case_of(browser, wanted(browser, ""))
    page = browser.press(case, "Send me a code", write={"email": "a\r\nBcc: b@b.example"})
    assert page.by_id("email-problem").text
    assert page.status == 200


def test_a_code_can_be_entered_by_who_has_only_the_letter_and_the_receipt(
    browser: Browser, post: Posting, address: str
) -> None:
    receipt = wanted(browser, address)
    keys = dict(receipt.fields(receipt.form_of(receipt.button("Open the case"))))
    door = browser.get("/case/code")
    write = {"number": keys["number"], "secret": keys["secret"].lower()}
    page = browser.press(door, "Confirm the address", write={**write, "code": post.code(address)})
    assert "your address is confirmed" in page.text
    shut = browser.press(door, "Confirm the address", write={**write, "secret": "x", "code": "1"})
    assert shut.status == 404
    assert address not in shut.html


def test_a_code_for_a_case_without_an_address_is_told_so(browser: Browser, post: Posting) -> None:
    receipt = wanted(browser, "")
    keys = dict(receipt.fields(receipt.form_of(receipt.button("Open the case"))))
    answer = post.client.post("/case/code", data={**keys, "do": "confirm", "code": "12345678"})
    assert answer.status_code == 200
    assert "There is no address in this case" in answer.text


def test_the_page_of_the_code_can_be_read_in_another_language(
    browser: Browser, post: Posting, address: str
) -> None:
    receipt = wanted(browser, address)
    page = browser.press(receipt, "Confirm the address", write={"code": "1"})
    page = browser.press(page, "Français")
    assert page.heading == "Nouvelles par e-mail"
    assert address in page.text
    # To read it again is no second letter.
    assert len(post.box.letters(address)) == 1


def test_what_is_registered_stays_so_where_no_code_can_be_sent(
    browser: Browser, post: Posting, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> None:
        raise UsageError("no", "")

    monkeypatch.setattr(post.client.app.state.desk.contacts, "put", failing)  # type: ignore[attr-defined]
    receipt = wanted(browser, address)
    assert receipt.heading == "Done. You have said no."
    assert "We could not take your e-mail address down just now." in receipt.text


def test_a_network_that_asked_for_very_many_codes_is_told_on_the_receipt(
    new_registry: Callable[[], Path], browse: Callable[..., Browser], tmp_path: Path
) -> None:
    held = Settings(registry=str(new_registry()), state=tmp_path, quotas={"codes": "1/hour"})
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example") as client:
        browser = browse("en", client)
        receipts = [wanted(browser, f"anna{turn}@anna.example") for turn in range(2)]
    assert "A code is on its way to anna0@anna.example." in receipts[0].text
    assert receipts[1].heading == "Done. You have said no."
    assert "We could not take your e-mail address down just now." in receipts[1].text


def test_there_is_a_sentence_for_everything_that_is_wrong_with_an_address_or_a_code() -> None:
    source = Path(read_address.__code__.co_filename).read_text(encoding="utf-8")
    reasons = set(re.findall(r'"([a-z-]+)"\s*,?\s*\)', source)) - {"utf-8", "ascii"}
    assert reasons == set(ADDRESS_PROBLEMS)
    assert set(CODE_PROBLEMS) == {*Outcome, None} - {Outcome.CONFIRMED, Outcome.USED}


def test_the_same_form_sent_twice_is_one_letter(
    browser: Browser, post: Posting, address: str
) -> None:
    checked = browser.give(f"anna.example/{next(NUMBERS)}")
    browser.press(checked, "Send", write={"email": address})
    code = post.code(address)
    again = browser.press(checked, "Send", write={"email": address})
    assert address in again.text
    confirmed = browser.press(again, "Confirm the address", write={"code": code})
    assert "Thank you: your address is confirmed." in confirmed.text
    # The next letter is not another code.
    assert "/case/code" not in post.box.wait_for(address, 2).get_content()


def test_what_is_no_address_is_told_at_the_head_of_the_page_and_led_to(browser: Browser) -> None:
    page = wanted(browser, "anna@anna,example")
    assert page.title.startswith("Please look again")
    (alert,) = (e for e in page.root.every("p") if e.attributes.get("role") == "alert")
    assert alert.first("a").attributes["href"] == "#email"
    assert "autofocus" in page.by_id("email").attributes


def test_the_receipt_leads_to_another_address(
    browser: Browser, post: Posting, address: str
) -> None:
    page = browser.press(wanted(browser, f"wrong-{address}"), "Change the address")
    page = browser.press(page, "Send me a code", write={"email": address})
    assert f"A code is on its way to {address}." in page.text
