"""Who withdraws an address is offered to withdraw its other spellings with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from optout.api.pages.other_spellings import spellings_of
from optout.api.pages.things import Thing, things_of
from optout.api.service import Limits
from optout.registry.cases import CaseEntry
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Status

from .test_journey import opened, registered

if TYPE_CHECKING:
    from .conftest import Browser, Element, Page

LINKS = "https://anna.example/a", "https://www.anna.example/a", "https://anna.example/a/"


def things(*shown: str, kind: Kind = Kind.URL) -> list[Thing]:
    usage = ("train-ai",)
    return things_of(
        [
            CaseEntry(index, kind, text, Status.IN_FORCE, Grade.SELF, usage, "2026-03-02")
            for index, text in enumerate(shown)
        ]
    )


def found(chosen: int, *shown: str, kind: Kind = Kind.URL) -> list[str]:
    given = things(*shown, kind=kind)
    return [thing.shown for thing in spellings_of([given[chosen]], given, Limits())]


@pytest.mark.parametrize("chosen", range(3))
def test_all_spellings_of_an_address_are_found_from_each_of_them(chosen: int) -> None:
    others = [text for text in LINKS if text != LINKS[chosen]]
    assert found(chosen, *LINKS, "anna.example/b") == others


def test_an_address_without_its_question_leads_to_the_one_with_it_and_back() -> None:
    given = "anna.example/a?b=1", "anna.example/a", "www.anna.example/a?b=1"
    for chosen in range(3):
        assert len(found(chosen, *given)) == 2


def test_pages_that_differ_behind_the_question_mark_are_not_spellings_of_one_another() -> None:
    given = "anna.example/a?p=1", "anna.example/a?p=2", "anna.example/a"
    assert found(0, *given) == ["anna.example/a"]
    assert found(2, *given) == []
    assert found(1, *given[:2]) == []


def test_sites_and_parts_of_sites_have_spellings_too() -> None:
    assert found(0, "anna.example", "www.anna.example", kind=Kind.SITE) == ["www.anna.example"]
    below = "anna.example/a/*", "www.anna.example/a/*", "anna.example/b/*"
    assert found(1, *below, kind=Kind.PREFIX) == ["anna.example/a/*"]


@pytest.mark.parametrize("shown", ["", "\0", "x" * 10_000, "co.uk", "<script>"])
def test_what_cannot_be_read_any_more_has_no_spellings(shown: str) -> None:
    assert found(0, shown, "anna.example/a") == []


def box(page: Page) -> Element:
    return next(e for e in page.root.every("input") if e.attributes.get("name") == "spelt")


def asked(browser: Browser, lines: str) -> Page:
    case = opened(browser, registered(browser, lines))
    first = next(each for each in case.buttons() if each.text.startswith("Withdraw…"))
    return browser.press(case, first)


def test_other_spellings_are_withdrawn_too(browser: Browser) -> None:
    page = asked(browser, "\n".join(LINKS))
    assert page.heading == "Withdraw this item?"
    assert "Withdraw its 2 other spellings too" in page.text
    assert page.by_id("others").text == f"{LINKS[1]} {LINKS[2]}"
    after = browser.press(page, "Yes, withdraw")
    assert "3 items are withdrawn." in after.text
    assert "0 items are in force." in after.text


def test_other_spellings_stay_in_force_for_who_says_so(browser: Browser) -> None:
    page = asked(browser, "\n".join(LINKS))
    sent = box(page).attributes
    after = browser.press(page, "Yes, withdraw", untick=[("spelt", sent["value"])])
    assert "2 items are in force." in after.text


def test_where_there_is_no_other_spelling_none_is_offered(browser: Browser) -> None:
    assert "other spelling" not in asked(browser, "anna.example/a\nanna.example/b").text


@pytest.mark.parametrize("listed", ["", "999999 -1 x", "\0", "1+1", "9" * 5000])
def test_only_what_the_case_holds_is_withdrawn(browser: Browser, listed: str) -> None:
    page = asked(browser, "anna.example/a\nwww.anna.example/a")
    box(page).attributes["value"] = listed
    assert "1 item is in force." in browser.press(page, "Yes, withdraw").text
