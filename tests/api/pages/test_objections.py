"""Somebody objects to an entry, its owner answers, and both see what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.pages.object_pages import REASONS, STATES
from optout.api.settings import Settings
from optout.registry import Registry
from optout.registry.cases import MOST_CHARACTERS, NoticeState, Reason
from optout.registry.identifiers import Identifier

from .conftest import Page

if TYPE_CHECKING:
    from .conftest import Browser

HOSTILE = "<b>x</b>\r\n\0\N{RIGHT-TO-LEFT OVERRIDE}\x9b31m"


class Owned:
    """A case with one item, and its owner's browser."""

    def __init__(self, client: TestClient, browser: Browser, given: str) -> None:
        self.browser, self.given = browser, given
        self.registry: Registry = client.app.state.desk._registry  # type: ignore[attr-defined]
        self.receipt = browser.press(browser.give(given), "Send")
        form = self.receipt.form_of(self.receipt.button("Open the case"))
        keys = dict(self.receipt.fields(form))
        self.keys = keys["number"], keys["secret"]
        (item,) = self.registry.cases.read(*self.keys).items
        self.entry = item.index

    def page(self) -> Page:
        return self.browser.press(self.receipt, "Open the case")

    @property
    def status(self) -> str:
        return str(self.registry.cases.read(*self.keys).items[0].status)


@pytest.fixture
def owned(client: TestClient, browse: Callable[..., Browser]) -> Callable[[str], Owned]:
    return lambda path: Owned(client, browse(), f"https://anna.example/{path}")


def objected(browser: Browser, one: Owned, **changes: str) -> Page:
    """The page after an objection was sent."""
    told = {"entry": str(one.entry), "covers": one.given, "statement": "It is ours.", **changes}
    reason = told.pop("reason", "licensed")
    page = browser.get("/object")
    tick = [("reason", reason)] if reason else []
    return browser.press(page, "Send the objection", write=told, tick=tick)


def test_an_objection_is_sent_and_its_state_can_be_seen(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("objected")
    page = objected(browser, one)
    assert page.heading == "We have your objection."
    assert one.status == "disputed"
    keys = dict(page.fields(page.by_id("again")))
    number, secret = keys["notice"], keys["secret"]
    assert secret in page.text
    door = browser.get("/object/state")
    write = {"notice": number.lower(), "secret": secret.replace("-", " ")}
    seen = browser.press(door, "Open", write=write)
    assert seen.heading == f"Objection {number}"
    assert "A person will look at it." in seen.text
    assert "It is ours." in seen.text
    one.registry.notices.reject(number, "they sold prints alone", datetime.now(UTC))
    seen = browser.press(door, "Open", write=write)
    assert "We did not agree with you: the entry stays in force." in seen.text
    assert "The reason that we gave: “they sold prints alone”." in seen.text


def test_the_owner_sees_it_and_answers(browser: Browser, owned: Callable[[str], Owned]) -> None:
    one = owned("answered")
    objected(browser, one, statement="We bought it.")
    case = one.page()
    answer = next(b for b in case.buttons() if b.text.startswith("Answer…"))
    page = one.browser.press(case, answer)
    assert page.heading == "Somebody says that this may be used, under a licence."
    for told in ("We bought it.", one.given, "stays in force", "A person decides by"):
        assert told in page.text
    page = one.browser.press(page, "Send the answer", write={"statement": "They\r\nhave not."})
    assert "A person will read your answer before anything is decided." in page.text
    assert "They have not." in page.text
    case = one.page()
    again = next(b for b in case.buttons() if b.text.startswith("See your answer…"))
    page = one.browser.press(case, again)
    assert page.by_id("statement").text == "They have not."
    page = one.browser.press(page, "Send the answer", write={"statement": "Never."})
    (notice,) = one.registry.notices.of(*one.keys)
    assert notice.counter == "Never."


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (" \r\n ", "Please write a sentence or two first."),
        ("x" * (MOST_CHARACTERS + 1), "This is too long: please say it in at most 4,000"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_told_beside_its_field(
    browser: Browser, owned: Callable[[str], Owned], statement: str, told: str
) -> None:
    one = owned("not-answered")
    objected(browser, one)
    case = one.page()
    page = one.browser.press(case, next(b for b in case.buttons() if b.text.startswith("Answer…")))
    page = one.browser.press(page, "Send the answer", write={"statement": statement})
    assert page.by_id("statement-problem").text.startswith(told)
    assert page.by_id("statement").text == statement.strip()
    french = one.browser.press(page, "Français")
    assert french.by_id("statement").text == statement.strip()


def test_lines_count_as_they_were_typed(browser: Browser, owned: Callable[[str], Owned]) -> None:
    one = owned("lines")
    statement = "\r\n".join("x" * 99 for _ in range(40))
    assert objected(browser, one, statement=statement).heading == "We have your objection."


def test_an_answer_to_what_is_decided_or_somebody_elses_changes_nothing(
    client: TestClient, browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one, other = owned("decided"), owned("other")
    number = dict((page := objected(browser, one)).fields(page.by_id("again")))["notice"]
    for who, heading in ((other, "Somebody objects"), (one, "Somebody says")):
        if who is one:
            one.registry.notices.reject(number, "looked at", datetime.now(UTC))
        sent = {"number": who.keys[0], "secret": who.keys[1], "notice": number, "do": "send"}
        told = client.post("/case/answer", data={**sent, "statement": "mine"})
        assert told.status_code == 200
        assert f"<h1>{heading}" in told.text
    (notice,) = one.registry.notices.of(*one.keys)
    assert notice.counter is None


def test_what_is_missing_is_told_beside_each_field(browser: Browser) -> None:
    page = browser.press(browser.get("/object?entry=4711"), "Send the objection")
    assert page.status == 422
    assert page.by_id("entry").attributes["value"] == "4711"
    for name in ("covers", "reason", "statement"):
        assert page.by_id(f"{name}-problem").text
    assert not [e for e in page.root.every() if e.attributes.get("id") == "entry-problem"]
    page = browser.press(page, "Send the objection", write={"entry": "the first"})
    assert page.by_id("entry-problem").text.startswith("Please give the number")
    assert page.by_id("entry").attributes["value"] == "the first"


def test_what_was_typed_stays_when_the_language_changes(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("typed")
    page = objected(browser, one, statement="", kind="url", reason="court-order")
    page = browser.press(page, "Français")
    assert page.heading == "Contester une entrée"
    assert page.by_id("covers").text == one.given
    assert ("reason", "court-order") in page.fields(page.form_of(page.by_id("covers")))
    assert ("kind", "url") in page.fields(page.form_of(page.by_id("covers")))
    page = browser.press(page, "Envoyer la contestation", write={"statement": "À nous."})
    assert page.heading == "Nous avons reçu votre contestation."
    page = browser.press(page, "English")
    assert page.heading.startswith("Objection ")
    assert len(one.registry.notices.of(*one.keys)) == 1


def test_who_does_not_know_what_an_entry_covers_learns_nothing(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("unknown")
    pages = [
        objected(browser, one, covers="https://bob.example/other"),
        objected(browser, one, entry="999999"),
        objected(browser, one, entry=str((1 << 62) - 1)),
    ]
    told = {page.by_id("form-problem").text for page in pages}
    assert len(told) == 1
    assert told.pop().startswith("We found no entry in force with this number")
    assert one.status == "in-force"


@pytest.mark.parametrize("entry", ["-1", "1e3", "\u0661", "9" * 400, "0x10", HOSTILE])
def test_what_is_no_number_is_told(
    browser: Browser, owned: Callable[[str], Owned], entry: str
) -> None:
    page = objected(browser, owned("number"), entry=entry)
    assert page.status == 422
    assert page.by_id("entry-problem")


def test_who_does_not_know_the_number_leaves_it_empty(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("unnumbered")
    page = objected(browser, one, entry=" ")
    assert page.heading == "We have your objection."
    assert one.status == "disputed"


def test_of_several_entries_that_cover_the_same_one_is_chosen(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one, other = owned("several"), owned("several")
    page = objected(browser, one, entry="")
    told = page.by_id("entry-problem").text
    assert told.endswith(f"one of these numbers: {one.entry}, {other.entry}.")
    assert page.by_id("entry").attributes["value"] == ""
    page = browser.press(page, "Send the objection", write={"entry": str(other.entry)})
    assert page.heading == "We have your objection."
    assert (one.status, other.status) == ("in-force", "disputed")


def test_what_no_entry_covers_is_told_so(browser: Browser, owned: Callable[[str], Owned]) -> None:
    page = objected(browser, owned("covered"), entry="", covers="https://bob.example/uncovered")
    assert page.by_id("entry-problem").text.startswith("We found no entry that covers just this.")


def test_an_exact_file_is_objected_to_by_its_fingerprint(
    client: TestClient, browser: Browser
) -> None:
    for name in ("sha256", "md5"):
        digest = hashlib.new(name, b"a novel").hexdigest()
        item = {"kind": "file", name: digest}
        case = client.post("/v1/cases", json={"items": [item]}).json()
        write = {
            "entry": str(case["items"][0]["index"]),
            "kind": "file",
            "covers": digest.upper(),
            "statement": "Mine.",
        }
        page = browser.press(
            *(browser.get("/object"), "Send the objection"),
            write=write,
            tick=[("reason", "not-theirs")],
        )
        assert page.heading == "We have your objection."


@pytest.mark.parametrize("kind", ["image", "file", "text", "work", "site", "nothing"])
def test_what_is_nothing_of_its_kind_is_told(
    client: TestClient, browser: Browser, kind: str
) -> None:
    sent = {"entry": "1", "kind": kind, "covers": HOSTILE, "reason": "other", "statement": HOSTILE}
    told = client.post("/object", data={**sent, "do": "send"})
    assert told.status_code == 422
    assert 'id="covers-problem"' in told.text
    assert "<b>x</b>" not in told.text


def test_nothing_that_is_said_is_more_than_words(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("hostile")
    page = objected(browser, one, statement=HOSTILE)
    case = one.page()
    answer = next(b for b in case.buttons() if b.text.startswith("Answer…"))
    shown = one.browser.press(case, answer)
    answered = one.browser.press(shown, "Send the answer", write={"statement": HOSTILE})
    for each in (page, shown, answered):
        assert not each.root.first("main").every("b")
        for sign in ("\N{RIGHT-TO-LEFT OVERRIDE}", "\x9b"):
            assert sign not in each.root.first("blockquote").text


def test_a_form_that_is_sent_twice_is_one_objection(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("twice")
    page = browser.get("/object")
    write = {"entry": str(one.entry), "covers": one.given, "statement": "Ours."}
    tick = [("reason", "licensed")]
    sent = [
        browser.press(page, "Send the objection", write=write, tick=tick).text for _ in range(2)
    ]
    assert sent[0] == sent[1]
    assert len(one.registry.notices.of(*one.keys)) == 1


def test_a_form_that_comes_back_with_other_words_can_be_sent_as_another_objection(
    browser: Browser, owned: Callable[[str], Owned]
) -> None:
    one = owned("edited")
    write = {"entry": str(one.entry), "covers": one.given, "statement": "Ours."}
    tick = [("reason", "licensed")]
    page = browser.get("/object")
    browser.press(page, "Send the objection", write=write, tick=tick)
    told = browser.press(
        page, "Send the objection", write=write | {"statement": "Theirs."}, tick=tick
    )
    assert "You have sent this form already" in told.by_id("form-problem").text
    assert len(one.registry.notices.of(*one.keys)) == 1
    browser.press(told, "Send the objection")
    assert len(one.registry.notices.of(*one.keys)) == 2


def test_who_objects_too_often_is_told_so(
    new_registry: Callable[[], Path], browse: Callable[..., Browser]
) -> None:
    held = Settings(registry=str(new_registry()))
    app = build(held.registry, None, None, held.limits, held)
    with TestClient(app, base_url="http://optout.example") as client:
        browser = browse("en", client)
        one = Owned(client, browser, "https://anna.example/often")
        pages = [objected(browser, one, statement=f"Ours, {turn}.") for turn in range(4)]
    assert [page.status for page in pages] == [200] * 3 + [429]
    assert "Your network has sent so many objections" in pages[-1].by_id("form-problem").text
    assert pages[-1].by_id("statement").text == "Ours, 3."


def test_a_wrong_secret_shows_no_objection(browser: Browser, owned: Callable[[str], Owned]) -> None:
    one = owned("secret")
    page = objected(browser, one)
    number = dict(page.fields(page.by_id("again")))["notice"]
    door = browser.get("/object/state")
    write = {"notice": number, "secret": "AAAA-AAAA-AAAA-AAAA"}
    shut = browser.press(door, "Open", write=write)
    assert shut.status == 404
    assert shut.by_id("wrong").text.startswith("There is no such objection with this secret.")
    assert "It is ours." not in shut.text
    assert browser.press(shut, "Français").by_id("notice").attributes["value"] == number


def test_there_are_words_for_every_reason_and_state() -> None:
    assert set(REASONS) == {str(reason) for reason in Reason}
    assert set(STATES) == {str(state) for state in NoticeState}


def test_a_picture_is_objected_to_by_the_shape_that_somebody_has_of_it(
    client: TestClient, browser: Browser, photograph: Callable[..., bytes]
) -> None:
    hashes = Identifier.image(photograph(seed=77)).hashes["phash256"]
    original, square, padded = (hashes[name].hex() for name in ("original", "square", "padded"))
    item = {"kind": "image", "phash256": original, "square": square, "padded": padded}
    case = client.post("/v1/cases", json={"items": [item]}).json()
    entry = str(case["items"][0]["index"])
    for digits in (original, square, padded):
        sent = {"do": "fill", "kind": "image", "covers": digits}
        page = Page(client.post("/object", data=sent).text)
        assert page.by_id("entry").attributes["value"] == entry
        told = browser.press(
            *(page, "Send the objection"),
            write={"statement": "Ours."},
            tick=[("reason", "licensed")],
        )
        assert told.heading == "We have your objection."


def test_a_fingerprint_of_no_picture_on_the_list_names_no_entry(client: TestClient) -> None:
    digits = hashlib.sha256(b"nobody's").hexdigest()
    sent = {"do": "fill", "kind": "image", "covers": digits}
    page = Page(client.post("/object", data=sent).text)
    assert page.by_id("entry").attributes["value"] == ""


@pytest.mark.parametrize("kind", ["image", "file", "url", "nothing", ""])
def test_what_is_carried_over_is_only_words(client: TestClient, kind: str) -> None:
    told = client.post("/object", data={"do": "fill", "kind": kind, "covers": HOSTILE})
    assert told.status_code == 200
    assert "<b>x</b>" not in told.text


def test_the_receipt_of_an_objection_can_be_kept_and_opens_it(
    client: TestClient, browser: Browser, owned: Callable[[str], Owned]
) -> None:
    page = objected(browser, owned("kept"))
    keys = dict(page.fields(page.by_id("again")))
    link = f"http://optout.example/object/state/{keys['notice']}#{keys['secret']}"
    assert page.root.first("dl").first("a").attributes["href"] == link
    door = browser.get(link.partition("#")[0])
    assert door.by_id("notice").attributes["value"] == keys["notice"]
    assert browser.press(page, "See this objection").heading == f"Objection {keys['notice']}"
    saved = client.post("/object/state", data={**keys, "show": "text"})
    assert saved.headers["Content-Disposition"] == (
        f'attachment; filename="optout-{keys["notice"]}.txt"'
    )
    assert link in saved.text
    assert keys["secret"] in saved.text
