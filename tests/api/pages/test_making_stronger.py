"""Making items stronger: what to place is shown, looked for, told in words, and ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.pages.grades import GRADES
from optout.api.pages.proof_pages import MISSING
from optout.api.service import Limits
from optout.registry.identifiers import Grade

from tests.api.proofs.servers import answer
from tests.api.proofs.world import World

if TYPE_CHECKING:
    from .conftest import Browser, Page

GIVEN = "anna.example\nhttps://anna.example/harbour.jpg\ngithub:anna\nisbn:9780306406157"
CHECK = "I have done it: check now"


@pytest.fixture(scope="module")
def client(_around: World, new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    limits = Limits(publish_seconds=0)
    app = build(new_registry(), None, None, limits, outside=_around.outside)
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


@pytest.fixture
def receipt(browser: Browser, around: World) -> Page:
    return browser.press(browser.give(GIVEN), "Send")


def opened(browser: Browser, receipt: Page) -> Page:
    return browser.press(receipt, "Open the case")


def begun(browser: Browser, receipt: Page, what: str, method: str) -> Page:
    """The page that shows what to place."""
    page = browser.press(opened(browser, receipt), what)
    return browser.press(page, method)


def by_record(browser: Browser, receipt: Page) -> Page:
    return begun(browser, receipt, "Prove this site… anna.example", "Show me the record")


def placed(around: World, page: Page) -> None:
    """Do what a page of a record says."""
    around.records[page.by_id("place-name").text] = page.by_id("place-value").text


def grades(case: Page) -> list[str]:
    told = [e for e in case.root.every("p") if "grade" in e.attributes.get("class", "").split()]
    return [e.text.partition(".")[0] for e in told]


def test_every_item_says_how_well_it_is_proved(browser: Browser, receipt: Page) -> None:
    case = opened(browser, receipt)
    assert grades(case) == ["You say so yourself"] * 4
    # Where nothing can be proved, nothing is offered.
    links = [e for e in case.root.every("a") if e.attributes["href"].startswith("#prove-")]
    assert len(links) == 3
    for link in links:
        assert case.by_id(link.attributes["href"].removeprefix("#"))
    offered = [b.text for b in case.buttons() if b.text.startswith("Prove")]
    assert offered == ["Prove this site… anna.example", "Prove this account… github:anna"]


def test_a_site_is_proved_by_a_record(browser: Browser, receipt: Page, around: World) -> None:
    page = by_record(browser, receipt)
    assert page.by_id("place-name").text == "_optout-challenge.anna.example"
    assert page.by_id("place-value").text.startswith("token=")
    assert "There is time until 1 April 2026." in page.text
    assert "2 items become stronger by this." in page.text
    page = browser.press(page, CHECK)
    assert page.status == 200
    assert "There is no such record yet." in page.text
    around.records[page.by_id("place-name").text] = "token=something-else"
    assert "but with another value" in browser.press(page, CHECK).text
    placed(around, page)
    page = browser.press(page, CHECK)
    assert "Found. Thank you! 2 items are stronger now." in page.text
    assert "It stands until 2 March 2027" in page.text
    case = opened(browser, receipt)
    assert grades(case) == ["Your site is proved"] * 2 + ["You say so yourself"] * 2
    assert "do not follow it yet" not in case.text


def test_pages_are_proved_by_a_file(browser: Browser, receipt: Page, around: World) -> None:
    page = begun(browser, receipt, "Prove this site… anna.example", "Show me the file")
    address = page.by_id("place-address").text.removeprefix("https://")
    assert address.startswith("anna.example/.well-known/optout-challenge/")
    around.site.pages[address] = answer("no", status=403)
    assert "answered with the number 403" in browser.press(page, CHECK).text
    around.site.pages[address] = answer("something else")
    assert "but with something else in it" in browser.press(page, CHECK).text
    around.site.pages[address] = answer(page.by_id("place-line").text)
    assert "1 item is stronger now." in browser.press(page, CHECK).text
    # What the file does not prove is offered still.
    case = opened(browser, receipt)
    assert "Prove this site… anna.example" in [b.text for b in case.buttons()]


def test_an_account_is_proved_by_a_line_in_its_profile(
    browser: Browser, receipt: Page, around: World
) -> None:
    page = browser.press(opened(browser, receipt), "Prove this account… github:anna")
    assert [e for e in page.root.every("a") if e.attributes["href"] == "https://github.com/anna"]
    assert "We found no such account" in browser.press(page, CHECK).text
    around.profile("I paint.")
    assert "does not show the line yet" in browser.press(page, CHECK).text
    around.profile(f"I paint. {page.by_id('place-line').text}")
    page = browser.press(page, CHECK)
    assert "1 item is stronger now." in page.text
    assert "1 item has it: Your account is proved." in page.text


def test_where_nobody_answers_nothing_is_said_about_the_proof(
    browser: Browser, receipt: Page, around: World
) -> None:
    page = by_record(browser, receipt)
    around.silent = True
    assert "Nobody answered us there just now." in browser.press(page, CHECK).text


def test_what_was_begun_is_found_again_on_the_case(browser: Browser, receipt: Page) -> None:
    value = by_record(browser, receipt).by_id("place-value").text
    case = opened(browser, receipt)
    assert "Not found yet. There is time until 1 April 2026." in case.text
    page = browser.press(case, "Go on… anna.example (1)")
    assert page.by_id("place-value").text == value


def test_what_is_asked_for_twice_is_one_proof(browser: Browser, receipt: Page) -> None:
    choice = browser.press(opened(browser, receipt), "Prove this site… anna.example")
    pages = [browser.press(choice, "Show me the record") for _ in range(2)]
    assert pages[0].by_id("place-value").text == pages[1].by_id("place-value").text


def test_another_way_can_be_chosen(browser: Browser, receipt: Page) -> None:
    page = browser.press(by_record(browser, receipt), "Prove it in another way")
    assert browser.press(page, "Show me the file").by_id("place-address")


def test_a_proof_is_ended_once_its_owner_is_sure(
    browser: Browser, receipt: Page, around: World
) -> None:
    page = by_record(browser, receipt)
    placed(around, page)
    page = browser.press(page, CHECK)
    asked = browser.press(page, "End this proof…")
    assert "2 items fall back to what you say yourself" in asked.text
    assert browser.press(asked, "No, keep it").heading == "anna.example is proved"
    page = browser.press(asked, "Yes, end it")
    assert page.heading == "The proof is ended."
    case = browser.press(page, "Back to the case")
    assert grades(case) == ["You say so yourself"] * 4


def test_a_case_ends_three_proofs_a_day_and_is_told_so(
    browser: Browser, receipt: Page, around: World
) -> None:
    for turn in range(4):
        page = by_record(browser, receipt)
        placed(around, page)
        page = browser.press(browser.press(page, CHECK), "End this proof…")
        page = browser.press(page, "Yes, end it")
        assert (page.status == 429) == (turn == 3)
    assert "A case can end three proofs a day." in page.text


def test_who_looks_too_often_is_told_to_wait(browser: Browser, receipt: Page) -> None:
    page = by_record(browser, receipt)
    for _ in range(11):
        page = browser.press(page, CHECK)
    assert page.status == 429
    assert "Please wait a minute, and try again." in page.text


def test_a_proof_that_was_not_placed_in_time_is_told_to_be_over(
    browser: Browser, receipt: Page, around: World
) -> None:
    page = by_record(browser, receipt)
    around.pass_time(days=31)
    page = browser.press(page, CHECK)
    assert "This proof is over." in page.text
    assert "Prove this site… anna.example" in [
        button.text for button in browser.press(page, "Back to the case").buttons()
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "bob.example"},
        {"subject": "bob.example", "method": "dns"},
        {"subject": "github:anna", "method": "dns"},
        {"subject": "<script>alert(1)</script>", "method": "file"},
        {"subject": "a\r\nb\0\N{RIGHT-TO-LEFT OVERRIDE}", "method": "dns"},
        {"subject": "x" * 100_000, "method": "account"},
        {"subject": "com", "method": "dns"},
        {"proof": "nothing", "do": "check"},
        {"proof": "nothing", "do": "end", "sure": "yes"},
        {"method": "magic"},
        {},
    ],
)
def test_what_cannot_be_proved_is_told_and_changes_nothing(
    browser: Browser, receipt: Page, client: TestClient, fields: dict[str, str]
) -> None:
    keys = dict(receipt.fields(receipt.form_of(receipt.button("Open the case"))))
    before = client.get("/checkpoint").text
    told = client.post("/case/proof", data={**keys, **fields})
    assert told.status_code == 422
    assert "<script>alert" not in told.text
    assert len(told.text) < 10_000
    assert client.get("/checkpoint").text == before


def test_proofs_are_behind_the_door(client: TestClient, receipt: Page, browser: Browser) -> None:
    keys = dict(receipt.fields(receipt.form_of(receipt.button("Open the case"))))
    keys["secret"] = "AAAA-AAAA-AAAA-AAAA"
    told = client.post("/case/proof", data={**keys, "subject": "anna.example"})
    assert told.status_code == 404
    assert "anna.example" not in told.text
    assert browser.get("/case/proof").heading == "Open your case"


def test_every_page_of_a_proof_can_be_read_in_another_language(
    browser: Browser, receipt: Page, around: World
) -> None:
    case = opened(browser, receipt)
    choice = browser.press(browser.press(case, "Prove this site… anna.example"), "Français")
    assert choice.heading == "Prouver anna.example"
    page = browser.press(choice, "Voir l’enregistrement")
    page = browser.press(page, "C’est fait : vérifier maintenant")
    assert "Cet enregistrement n’existe pas encore." in page.text
    placed(around, page)
    page = browser.press(page, "C’est fait : vérifier maintenant")
    assert "2 éléments sont désormais plus solides." in page.text
    page = browser.press(page, "English")
    assert page.heading == "anna.example is proved"
    asked = browser.press(browser.press(page, "End this proof…"), "Français")
    page = browser.press(asked, "Oui, y mettre fin")
    assert browser.press(page, "English").heading.startswith("Case ")


def test_there_are_words_for_every_grade_and_everything_that_is_not_found() -> None:
    from optout.api import proofs

    assert set(GRADES) == {str(grade) for grade in Grade}
    folder = Path(proofs.__file__).parent
    for reason in MISSING:
        assert any(f'"{reason}"' in path.read_text("utf-8") for path in folder.glob("*.py"))
