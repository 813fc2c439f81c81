"""Whoever loads the receipt anew sends the form once more, and sees the same receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from .test_journey import keys, opened, records

if TYPE_CHECKING:
    from .conftest import Browser


def test_the_same_form_sent_twice_is_one_case_and_one_receipt(
    browser: Browser, client: TestClient, photograph: Callable
) -> None:
    page = browser.give("anna.example/twice.jpg\nanna.example", ("a.jpg", photograph(11)))
    first = browser.press(page, "Send")
    before = records(client)
    again = browser.press(page, "Send")
    assert records(client) == before
    assert again.heading == first.heading == "Done. You have said no."
    assert keys(again) == keys(first)
    assert "3 items, registered on" in again.text


def test_loaded_anew_the_receipt_says_what_has_become_of_the_items(browser: Browser) -> None:
    page = browser.give("anna.example/twice-withdrawn.jpg")
    case = opened(browser, browser.press(page, "Send"))
    (button,) = (each for each in case.buttons() if each.text.startswith("Withdraw…"))
    sure = browser.press(case, button)
    browser.press(sure, "Yes, withdraw")
    assert "Withdrawn: filters let it pass." in browser.press(page, "Send").text


def test_who_goes_back_and_changes_something_gets_another_case(browser: Browser) -> None:
    page = browser.give("https://anna.example/back/a.jpg")
    first = browser.press(page, "Send")
    box = next(each for each in page.root.every("input") if each.attributes["name"] == "also")
    ticked = [("also", box.attributes["value"])]
    second = browser.press(page, "Send", tick=ticked)
    assert second.heading == "Done. You have said no."
    assert keys(second) != keys(first)
    assert keys(browser.press(page, "Send", tick=ticked)) == keys(second)
    assert keys(browser.press(page, "Send")) == keys(first)


def test_two_people_who_say_the_same_have_two_cases(browser: Browser) -> None:
    first, second = (browser.press(browser.give("anna.example/both.jpg"), "Send") for _ in range(2))
    assert keys(first)[0] != keys(second)[0]


@pytest.mark.parametrize("once", ["", "short", "é" * 30, "x" * 201, "\0" * 30])
def test_what_anybody_could_have_chosen_opens_nobody_elses_receipt(
    browser: Browser, once: str
) -> None:
    seen = set()
    for _ in range(2):
        page = browser.give("anna.example/chosen.jpg")
        field = next(
            each for each in page.root.every("input") if each.attributes.get("name") == "once"
        )
        field.attributes["value"] = once
        seen.add(keys(browser.press(page, "Send"))[0])
    assert len(seen) == 2
