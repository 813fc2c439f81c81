"""Looking a thing up without JavaScript: the server answers, and says beforehand that it sees."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.pages import look_up_words
from optout.api.pages.languages import load
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Status

if TYPE_CHECKING:
    from .conftest import Browser, Page

HOSTILE = [
    "<b>x</b>",
    '"><script>alert(1)</script>',
    "anna.example\r\nSet-Cookie: a=b",
    "a\0b.example/x",
    "\N{RIGHT-TO-LEFT OVERRIDE}gpj.example/x",
    "https://anna.example/<img src=x onerror=1>",
    "{{ 7 * 7 }}.example",
    "'; drop table entries; --",
    "x" * 100_000,
    "%" * 3000 + ".example",
]


@pytest.fixture(scope="module")
def registered(browser: Browser, photograph: Callable) -> None:
    checked = browser.give(
        "anna.example\nanna.example/boat.jpg\nbea.example/gallery/*\ninstagram:anna\n"
        "isbn:9780306406157",
        ("boat.jpg", photograph()),
    )
    browser.press(checked, "Send")


def look_up(browser: Browser, text: str = "", picture: tuple[str, bytes] | None = None) -> Page:
    page = browser.get("/look-up")
    button = page.root.first("main").first("button")
    attached = [picture] if picture else []
    return browser.press(page, button, write={"asked": text}, attach=attached)


def answer(page: Page) -> str:
    (section,) = (e for e in page.root.every("section") if e.parent and e.parent.tag == "main")
    return section.text


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://anna.example/boat.jpg", "The link itself anna.example/boat.jpg"),
        ("https://shop.anna.example/1", "The whole site anna.example"),
        ("bea.example/gallery/2/a.jpg", "This part of the site bea.example/gallery"),
        ("https://instagram.com/anna/p/1", "The account instagram:anna"),
        ("ISBN 0-306-40615-2", "The book or article isbn:9780306406157"),
    ],
)
def test_what_is_registered_is_told_with_what_covers_it(
    browser: Browser, text: str, told: str
) -> None:
    page = look_up(browser, text)
    assert "Yes, it is registered." in answer(page)
    assert told in answer(page)
    assert "nothing was proved" in answer(page)
    assert page.title.startswith("Registered")
    assert 'href="/object?lang=en"' in page.html


@pytest.mark.usefixtures("registered")
def test_a_site_without_proof_is_told_as_filters_see_it(browser: Browser) -> None:
    assert look_up_words.UNPROVEN_SITE in answer(look_up(browser, "anna.example"))


@pytest.mark.usefixtures("registered")
def test_what_is_not_registered_can_be_said_no_to(browser: Browser) -> None:
    page = look_up(browser, "https://nobody.example/a")
    assert "No, it is not on the list." in answer(page)
    assert "The whole site nobody.example" in answer(page)
    assert "Say no too" in answer(page)


@pytest.mark.usefixtures("registered")
def test_an_answer_says_of_when_it_is(browser: Browser) -> None:
    assert " UTC. What was registered since then" in answer(look_up(browser, "anna.example"))


@pytest.mark.usefixtures("registered")
def test_a_picture_is_found_by_its_fingerprint(browser: Browser, photograph: Callable) -> None:
    page = look_up(browser, picture=("copy.jpg", photograph()))
    assert "The picture, by its fingerprint copy.jpg" in answer(page)
    assert "Here only unchanged copies" in answer(page)


@pytest.mark.usefixtures("registered")
def test_another_picture_is_not_found(browser: Browser, photograph: Callable) -> None:
    page = look_up(browser, picture=("other.jpg", photograph(seed=2)))
    assert "No, it is not on the list." in answer(page)


def test_a_file_that_is_no_picture_is_looked_for_as_a_file(browser: Browser) -> None:
    page = look_up(browser, picture=("a.jpg", b"no picture"))
    assert "The exact file a.jpg" in answer(page)


def test_who_asks_nothing_is_asked_for_something(browser: Browser) -> None:
    page = look_up(browser)
    assert page.status == 200
    assert page.by_id("problem").text == look_up_words.SCRIPT["empty"]
    assert page.by_id("asked").attributes["aria-invalid"] == "true"


@pytest.mark.parametrize(
    ("text", "told"),
    [("@anna", "on which platform"), ("words", "does not look like a link"), ("isbn:1", "number")],
)
def test_what_was_not_understood_is_told_and_kept(browser: Browser, text: str, told: str) -> None:
    page = look_up(browser, text)
    assert told in page.by_id("problem").text
    assert page.by_id("asked").text == text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_values_are_shown_as_text_or_not_at_all(browser: Browser, text: str) -> None:
    page = look_up(browser, text)
    assert page.status == 200
    assert len(page.root.every("script")) == 2
    assert not page.root.every("img")
    assert "49.example" not in page.html
    shown = "".join(
        e.text for e in page.root.every("p") if "asked" in e.attributes.get("class", "")
    )
    assert not set("\0\r\N{RIGHT-TO-LEFT OVERRIDE}") & set(shown)


def test_a_visitor_is_told_beforehand_that_the_server_sees_what_is_asked(browser: Browser) -> None:
    page = browser.get("/look-up")
    note = next(e for e in page.root.every("p") if "data-note" in e.attributes)
    assert note.text == "Our server then sees what you ask about. It keeps none of it."
    assert "hidden" not in note.attributes
    script = next(e for e in page.root.every("p") if "data-note-script" in e.attributes)
    assert "hidden" in script.attributes


def test_an_answer_is_kept_by_nobody_on_the_way(client: TestClient) -> None:
    told = client.post("/look-up", data={"asked": "anna.example"})
    assert told.headers["cache-control"] == "no-store"


def test_an_answer_can_be_read_in_the_other_language(browser: Browser) -> None:
    page = look_up(browser, "anna.example")
    other = browser.press(page, "Français")
    assert other.heading == "Est-ce inscrit ?"
    assert other.by_id("asked").text == "anna.example"


def test_there_is_a_sentence_for_every_kind_grade_and_state() -> None:
    assert set(look_up_words.NAMES) == {str(kind) for kind in Kind}
    assert set(look_up_words.GRADES) == {str(grade) for grade in Grade}
    assert set(look_up_words.STATES) == {str(status) for status in Status}


@pytest.mark.parametrize("code", load())
def test_the_script_has_words_for_all_that_it_may_say(browse: Callable, code: str) -> None:
    page = browse(code).get("/look-up")
    form = page.root.first("main").first("form")
    assert html.unescape(form.attributes["data-said"]).startswith("{")
    assert look_up_words.said(load()[code])["yes"]


def objecting(browser: Browser, page: Page, name: str) -> Page:
    """The form for an objection to something that was found."""
    button = next(b for b in page.buttons() if b.text == f"Object… {name}")
    return browser.press(page, button)


def objected(browser: Browser, page: Page) -> Page:
    tick = [("reason", "licensed")]
    return browser.press(page, "Send the objection", write={"statement": "Ours."}, tick=tick)


@pytest.mark.parametrize(
    ("text", "name", "kind", "covers"),
    [
        ("https://anna.example/boat.jpg?a", "anna.example", "site", "anna.example"),
        ("anna.example/boat.jpg", "anna.example/boat.jpg", "url", "anna.example/boat.jpg"),
        ("bea.example/gallery/2", "bea.example/gallery", "prefix", "bea.example/gallery"),
        ("https://instagram.com/anna/p/1", "instagram:anna", "account", "instagram:anna"),
        ("ISBN 0-306-40615-2", "isbn:9780306406157", "work", "isbn:9780306406157"),
    ],
)
@pytest.mark.usefixtures("registered")
def test_who_objects_need_not_name_once_more_what_was_found(
    browser: Browser, text: str, name: str, kind: str, covers: str
) -> None:
    page = objecting(browser, look_up(browser, text), name)
    fields = dict(page.fields(page.form_of(page.button("Send the objection"))))
    assert (fields["kind"], fields["covers"].strip()) == (kind, covers)
    assert fields["entry"].isdigit()
    assert objected(browser, page).heading == "We have your objection."


@pytest.mark.usefixtures("registered")
def test_who_has_a_licence_for_a_picture_can_object(browser: Browser, photograph: Callable) -> None:
    found = look_up(browser, picture=("copy.jpg", photograph()))
    page = objecting(browser, found, "copy.jpg")
    assert "Picture, fingerprint " in page.text
    fields = dict(page.fields(page.form_of(page.button("Send the objection"))))
    assert fields["entry"].isdigit()
    assert fields["kind"] == "image"
    french = browser.press(page, "Français")
    assert "Image, empreinte " in french.text
    told = browser.press(
        *(french, "Envoyer la contestation"),
        write={"statement": "À nous."},
        tick=[("reason", "licensed")],
    )
    assert told.heading == "Nous avons reçu votre contestation."


def test_who_has_a_licence_for_an_exact_file_can_object(
    browser: Browser, plain_picture: bytes
) -> None:
    browser.press(browser.give("", ("logo.png", plain_picture)), "Send")
    found = look_up(browser, picture=("same.png", plain_picture))
    page = objecting(browser, found, "same.png")
    assert "Exact file, fingerprint " in page.text
    assert objected(browser, page).heading == "We have your objection."


def test_the_page_leads_to_objections(browser: Browser) -> None:
    page = browser.get("/look-up")
    assert "Is something on the list that is yours to license?" in page.text
    assert 'href="/object?lang=en"' in page.html
