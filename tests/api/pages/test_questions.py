"""What is asked where a line leaves something open, without JavaScript, on the page that checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Browser, Element, Page

PROFILE = "https://www.instagram.com/anna/"
POEM = "An old silent pond.\nA frog jumps into the pond:\nsplash!\n\nSilence again."


def chosen(page: Page, label: str, place: int = 1) -> None:
    """Choose an answer to a question."""
    select = page.by_id(f"account-{place}")
    (option,) = (option for option in select.every("option") if option.text == label)
    select.attributes["value"] = option.attributes["value"]


def understood(page: Page, kind: str) -> str:
    """What stands on the card of a kind."""
    card = next(
        section
        for section in page.root.every("section")
        if section.attributes.get("aria-labelledby") == f"kind-{kind}"
    )
    return card.text


def radios(page: Page) -> list[Element]:
    return [e for e in page.root.every("input") if e.attributes.get("type") == "radio"]


@pytest.mark.parametrize("name", ["@anna", "anna"])
def test_a_user_name_is_asked_for_its_platform_and_answered_on_the_same_page(
    browser: Browser, name: str
) -> None:
    page = browser.give(name)
    assert f"On which platform is {name}?" in page.text
    assert "Send" not in [button.text for button in page.buttons()]
    chosen(page, "Instagram")
    page = browser.press(page, "Check again")
    assert "This Instagram account: its profile, and what is listed under its name." in page.text
    receipt = browser.press(page, "Send")
    assert "instagram:anna" in receipt.text


def test_a_user_name_can_be_answered_with_the_link_to_the_profile(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna\n@bob")
    chosen(page, "X", 2)
    page = browser.press(page, "Check again", write={"link-1": "https://social.example/@anna"})
    told = understood(page, "account")
    assert "https://social.example/@anna" in told
    assert "x:bob" in told
    assert "On which platform" not in page.text


def test_a_user_name_can_be_left_out(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna")
    chosen(page, "None: leave it out")
    page = browser.press(page, "Check again")
    assert "@anna" not in page.text
    browser.press(page, "Send")


def test_a_question_that_nobody_answered_is_asked_again(browser: Browser) -> None:
    page = browser.press(browser.give("anna.example/a\n@anna"), "Check again")
    assert "On which platform is @anna?" in page.text


def test_a_question_that_nobody_answered_says_what_is_missing(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna\n@bob")
    assert "Choose a platform" not in page.text
    chosen(page, "X", 2)
    page = browser.press(page, "Check again")
    assert page.title.startswith("Please look again")
    told = page.by_id("unanswered-1")
    assert told.text == "Choose a platform, or “None”."
    assert told.attributes["role"] == "alert"
    assert page.by_id("account-1").attributes["aria-describedby"] == "unanswered-1"
    receipt = browser.press(page, "Leave this line out and send the rest")
    assert "x:bob" in receipt.text


@pytest.mark.parametrize(
    ("lines", "heading"),
    [
        ("@anna", "One more question"),
        ("@anna\n@bob", "2 more questions"),
        ("@anna\nco.uk", "This needs another look"),
        ("@anna\nanna.example/a", "Is this right?"),
    ],
)
def test_who_is_only_asked_something_has_made_no_mistake(
    browser: Browser, lines: str, heading: str
) -> None:
    page = browser.give(lines)
    assert page.heading == heading
    if heading.endswith(("question", "questions")):
        assert page.title.startswith(heading)
        assert "We understood nothing" not in page.text


def test_answers_are_shown_before_they_are_sent(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna")
    chosen(page, "GitHub")
    button = page.button("Check again")
    button.attributes["value"] = "send"  # pressed on an older page, or made up
    page = browser.press(page, button)
    assert page.heading == "Is this right?"
    assert "github:anna" in page.text


def test_only_a_few_names_are_asked_for_at_once(browser: Browser) -> None:
    page = browser.give("\n".join(f"@anna{number}" for number in range(30)))
    assert len(page.root.every("select")) == 10
    assert page.by_id("fix-11").attributes["value"] == "@anna10"


def test_the_link_to_a_profile_is_taken_as_the_account_and_two_clicks_send_it(
    browser: Browser,
) -> None:
    page = browser.give(PROFILE)
    told = understood(page, "account")
    assert PROFILE in told
    assert "This Instagram account: its profile, and what is listed under its name." in told
    first, second = radios(page)
    assert (first.attributes["value"], "checked" in first.attributes) == ("account", True)
    assert (second.attributes["value"], "checked" in second.attributes) == ("page", False)
    case = browser.press(browser.press(page, "Send"), "Open the case")
    assert "1 account" in case.text


def test_the_link_to_a_profile_may_mean_this_one_page(browser: Browser) -> None:
    page = browser.give(PROFILE)
    first, second = radios(page)
    del first.attributes["checked"]
    second.attributes["checked"] = ""
    page = browser.press(page, "Change something")
    page = browser.press(page, "Check")
    assert "1 link" in page.text
    assert "1 account" not in page.text
    assert [("checked" in each.attributes) for each in radios(page)] == [False, True]
    receipt = browser.press(page, "Send")
    case = browser.press(receipt, "Open the case")
    assert "1 link" in case.text


def test_the_same_account_by_link_and_by_name_is_one_thing(browser: Browser) -> None:
    page = browser.give(f"{PROFILE}\ninstagram:anna\ninstagram.com/anna?igsh=x")
    assert "1 account" in page.text
    assert len(radios(page)) == 2
    assert "1 item, registered on" in browser.press(page, "Send").text


def test_a_text_of_several_rows_is_one_thing_and_two_clicks_send_it(browser: Browser) -> None:
    page = browser.give(f"anna.example/a\n{POEM}")
    told = understood(page, "text")
    assert "1 passage of text" in told
    assert re.search(r"A text of \d\d characters\.", told)
    assert "It is not read as a letter to us." in told
    receipt = browser.press(page, "Send")
    assert "2 items, registered on" in receipt.text


def test_two_texts_stay_two_from_page_to_page(browser: Browser) -> None:
    page = browser.give(f"{POEM}\nanna.example/a\n{POEM.replace('frog', 'toad')}\n@anna")
    assert "2 passages of text" in page.text
    page = browser.press(page, "Change something")
    page = browser.press(page, "Check")
    chosen(page, "X")
    page = browser.press(page, "Check again")
    assert "2 passages of text" in page.text
    assert "4 items, registered on" in browser.press(page, "Send").text


LINKS = "1. https://a.example/1/b\nHarbour: https://a.example/2/b\n> (https://a.example/3/b)."


def test_words_among_links_are_told_once_and_two_clicks_send_the_links(browser: Browser) -> None:
    page = browser.give(f"Hi Tom, here are the links that you asked for:\n\n{LINKS}\n\nCheers\nTom")
    aside = "Hi Tom, here are the links that you asked for: · Harbour: · Cheers · Tom"
    assert f"We left these words out: {aside}" in page.text
    assert "3 links" in page.text
    assert not page.root.every("select")
    assert "whole site" not in page.text
    assert "3 items, registered on" in browser.press(page, "Send").text


def test_words_among_links_are_told_in_the_other_language_too(browser: Browser) -> None:
    page = browser.press(browser.give(f"{LINKS}\nTom"), "Français")
    assert "Nous avons laissé de côté ces mots : Harbour: · Tom" in page.text
    assert "3 liens" in page.text


def test_words_that_were_told_are_gone_where_something_is_changed(browser: Browser) -> None:
    page = browser.press(browser.give(f"{LINKS}\nTom"), "Change something")
    assert page.root.first("textarea").text.split() == [
        f"https://a.example/{number}/b" for number in (1, 2, 3)
    ]


def test_of_many_words_among_links_a_few_are_shown_and_each_is_cut(browser: Browser) -> None:
    words = [f"<b>boats {number}</b> {'x' * 90}" for number in range(7)]
    page = browser.give("\n\n\n".join([LINKS.replace("Harbour:", ""), *words]))
    (told,) = (e.text for e in page.root.every("p") if "left these words out" in e.text)
    assert told.count("<b>boats") == 5
    assert told.endswith("and 2 more")
    assert len(told) < 400
    assert not page.root.first("main").every("b")


HOSTILE = "<b>\N{RIGHT-TO-LEFT OVERRIDE}x</b>"


def test_nothing_that_answers_a_question_is_more_than_words(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna")
    page = browser.press(page, "Check again", write={"link-1": HOSTILE})
    assert not page.root.first("main").every("b")
    form = page.root.first("main").first("form")
    fields = {
        "handle": ["@anna", "\0", HOSTILE],
        "account": ["-", HOSTILE, "x:anna\r\ny:anna"],
        "link": [HOSTILE * 500],
        "means-x": ["page"],
        f"means-{HOSTILE}": ["page", "\0"],
        "lines": ["anna.example/b"],
    }
    answer = browser.client.post(form.attributes["action"], data=fields)
    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert "means-x" not in answer.text


def test_answers_of_another_number_than_questions_are_read_as_far_as_they_go(
    browser: Browser,
) -> None:
    fields = {"do": "check", "handle": ["@anna", "@bob"], "account": ["x:anna"], "lang": "en"}
    answer = browser.client.post("/", data=fields)
    assert "On which platform is @bob?" in answer.text
    assert "x:anna" in answer.text
