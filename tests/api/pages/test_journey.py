"""From a link to a receipt and back again, without JavaScript, in two clicks."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pillow_heif
import pytest
from fastapi.testclient import TestClient
from optout.api.service import Limits
from optout.registry import Registry
from optout.registry.errors import RegistryError
from PIL import Image

if TYPE_CHECKING:
    from .conftest import Browser, Page

NUMBER = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}\b")
SECRET = re.compile(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b")
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
EXPECTED = {
    "en": ("Send", "Done. You have said no.", "Open the case", "Withdraw…", "Yes, withdraw"),
    "fr": (
        "Envoyer",
        "C’est fait. Vous avez dit non.",
        "Ouvrir le dossier",
        "Retirer…",
        "Oui, retirer",
    ),
}


def keys(receipt: Page) -> tuple[str, str]:
    secret = SECRET.search(receipt.text)
    assert secret
    number = NUMBER.search(receipt.text.replace(secret.group(), ""))
    assert number
    return number.group(), secret.group()


def registered(browser: Browser, lines: str, *pictures: tuple[str, bytes]) -> Page:
    return browser.press(browser.give(lines, *pictures), "Send")


def opened(browser: Browser, receipt: Page) -> Page:
    return browser.press(receipt, "Open the case")


def records(client: TestClient) -> int:
    return int(client.get("/checkpoint").text.split("\n")[1])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_two_clicks_lead_to_a_receipt_and_two_more_to_a_withdrawal(
    browse: Callable, photograph: Callable, language: str
) -> None:
    send, done, open_case, withdraw, sure = EXPECTED[language]
    browser = browse(language)
    checked = browser.give(
        "https://anna.example/2024/harbour.jpg\nanna.example", ("été.jpg", photograph(3))
    )
    for shown in ("https://anna.example/2024/harbour.jpg", "anna.example", "été.jpg"):
        assert shown in checked.text
    receipt = browser.press(checked, send)
    assert receipt.heading == done
    number, secret = keys(receipt)
    link = f"http://optout.example/case/{number}#{secret}"
    assert link in receipt.text

    case = browser.press(receipt, open_case)
    assert number in case.heading
    buttons = [button for button in case.buttons() if button.text.startswith(withdraw)]
    assert len(buttons) == 3
    asked = browser.press(case, buttons[0])
    assert "https://anna.example/2024/harbour.jpg" in asked.text
    assert "été.jpg" not in asked.text
    case = browser.press(asked, sure)
    assert len([b for b in case.buttons() if b.text.startswith(withdraw)]) == 2
    assert case.root.first("html").attributes["lang"] == language


def test_nothing_is_registered_before_it_is_sent(browser: Browser, client: TestClient) -> None:
    before = records(client)
    checked = browser.give("anna.example/a\nco.uk")
    assert "Nothing has been sent yet." in checked.text
    browser.press(checked, "Check again", write={"fix-1": ""})
    browser.press(checked, "Change something")
    assert records(client) == before


def test_what_is_sent_is_what_was_shown(
    browser: Browser, client: TestClient, photograph: Callable
) -> None:
    before = records(client)
    receipt = registered(
        browser, "anna.example/a\nANNA.example/a\nanna.example", ("a.jpg", photograph())
    )
    assert records(client) == before + 3
    case = opened(browser, receipt)
    shown = [e.text for e in case.root.every("span") if e.attributes.get("class") == "value"]
    assert shown == ["anna.example/a", "anna.example", "a.jpg"]


def test_an_empty_form_says_what_is_missing(browser: Browser) -> None:
    page = browser.give(" \n")
    assert page.by_id("missing").text == "Please paste a link or add a picture first."
    lines = page.by_id("lines")
    assert lines.attributes["aria-invalid"] == "true"
    assert "missing" in lines.attributes["aria-describedby"].split()


def test_a_line_that_is_not_understood_is_mended_where_it_stands(browser: Browser) -> None:
    page = browser.give("anna.example/a\nanna@mail.example\nco.uk")
    assert "Send" not in [button.text for button in page.buttons()]
    for number, (given, told) in enumerate(
        [
            ("anna@mail.example", "This is an e-mail address."),
            ("co.uk", "Many people’s sites share this address"),
        ],
        1,
    ):
        mend = page.by_id(f"fix-{number}")
        assert mend.attributes["value"] == given
        assert mend.attributes["aria-invalid"] == "true"
        assert page.by_id(mend.attributes["aria-describedby"]).text.startswith(told)

    page = browser.press(page, "Check again", write={"fix-1": "anna.example/b", "fix-2": "a b"})
    assert [
        e.attributes["value"] for e in page.root.every("input") if e.attributes.get("name") == "fix"
    ] == ["a b"]
    assert "anna.example/b" in page.text
    page = browser.press(page, "Check again", write={"fix-1": ""})
    receipt = browser.press(page, "Send")
    for shown in ("anna.example/a", "anna.example/b"):
        assert shown in receipt.text


def test_lines_that_are_not_understood_can_be_left_out(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna")
    receipt = browser.press(page, "Leave this line out and send the rest")
    keys(receipt)
    assert "anna.example/a" in receipt.text
    assert "@anna" not in receipt.text


def test_what_was_mended_is_shown_before_it_is_sent(browser: Browser, client: TestClient) -> None:
    page = browser.give("anna.example/a\nco.uk")
    send = page.button("Check again")
    send.attributes["value"] = "send"  # pressed on an older page, or made up
    before = records(client)
    page = browser.press(page, send, write={"fix-1": "anna.example/b"})
    assert "anna.example/b" in page.text
    assert records(client) == before


def test_a_hundred_lines_that_are_not_understood_can_still_be_mended(browser: Browser) -> None:
    page = browser.give("\n".join(f"@anna{number}" for number in range(100)))
    assert page.by_id("fix-20").attributes["value"] == "@anna19"
    assert page.by_id("fix-rest").text.split() == [f"@anna{number}" for number in range(20, 100)]
    page = browser.press(page, "Check again", write={"fix-rest": "anna.example/a\nanna.example/b"})
    assert "2 links" in page.text
    assert "20 lines need your help" in page.text


def test_a_line_that_repeats_another_counts_once(browser: Browser) -> None:
    page = browser.give("anna.example/a\nhttps://anna.example/a")
    assert "One line repeats another and counts once." in page.text
    assert "1 link" in page.text


def test_close_spellings_are_offered_and_registered_when_wanted(
    browser: Browser, client: TestClient
) -> None:
    before = records(client)
    page = browser.give("anna.example/a?b=1")
    assert page.by_id("also-spelt").text == "www.anna.example/a?b=1"
    assert page.by_id("also-query").text == "anna.example/a"
    receipt = browser.press(page, "Send", tick=[("also", "spelt"), ("also", "query")])
    assert "www.anna.example/a?b=1" in receipt.text
    assert records(client) == before + 3


def test_close_spellings_that_were_ticked_stay_ticked(browser: Browser) -> None:
    page = browser.give("anna.example/a\n@anna")
    page = browser.press(page, "Check again", tick=[("also", "spelt")])
    form = page.form_of(page.button("Check again"))
    assert ("also", "spelt") in page.fields(form)
    page = browser.press(page, "Change something")
    page = browser.press(page, "Check")
    assert ("also", "spelt") in page.fields(page.form_of(page.button("Check again")))


def test_a_spelling_that_an_older_page_has_named_is_added_alone(client: TestClient) -> None:
    before = records(client)
    fields = {"lines": "anna.example/older?b=1", "also": "www", "do": "send"}
    assert "www.anna.example/older?b=1" in client.post("/", data=fields).text
    assert records(client) == before + 2


def test_everything_given_can_be_changed(browser: Browser, photograph: Callable) -> None:
    page = browser.give(
        "anna.example/a\nco.uk", ("one.jpg", photograph(1)), ("two.jpg", photograph(2))
    )
    page = browser.press(page, "Change something", write={"fix-1": "co.jp"})
    assert page.by_id("lines").text.split() == ["anna.example/a", "co.jp"]
    boxes = [
        (box.attributes["name"], box.attributes["value"])
        for box in page.root.every("input")
        if box.attributes.get("type") == "checkbox"
    ]
    assert [name for name, _ in boxes] == ["picture", "picture"]
    page = browser.press(
        page,
        "Check",
        write={"lines": "anna.example/c"},
        untick=boxes[:1],
        attach=[("three.jpg", photograph(3))],
    )
    receipt = browser.press(page, "Send")
    for shown in ("anna.example/c", "two.jpg", "three.jpg"):
        assert shown in receipt.text
    for gone in ("anna.example/a", "one.jpg", "co.uk"):
        assert gone not in receipt.text


def test_a_picture_that_is_too_plain_is_offered_as_its_exact_bytes(
    browser: Browser, plain_picture: bytes, client: TestClient
) -> None:
    page = browser.give("anna.example/a", ("logo.png", plain_picture))
    assert "1 exact file" in page.text
    assert "Too plain to be told apart" in page.by_id("offer-1").text
    receipt = browser.press(page, "Send")
    assert "logo.png" in receipt.text

    box = next(
        (e.attributes["name"], e.attributes["value"])
        for e in page.root.every("input")
        if e.attributes.get("aria-describedby") == "offer-1"
    )
    before = records(client)
    receipt = browser.press(page, "Send", untick=[box])
    assert "logo.png" not in receipt.text
    assert records(client) == before + 1


def test_the_exact_bytes_of_a_file_are_one_thing_and_withdrawn_as_one(
    browser: Browser, plain_picture: bytes
) -> None:
    receipt = browser.press(browser.give("", ("logo.png", plain_picture)), "Send")
    assert "1 item, registered on" in receipt.text
    case = browser.press(receipt, "Open the case")
    assert "1 item is in force" in case.text
    asked = browser.press(case, "Withdraw… logo.png")
    assert "Withdraw this item?" in asked.text
    after = browser.press(asked, "Yes, withdraw")
    assert "1 item is withdrawn" in after.text
    assert "0 items are in force" in after.text


def test_a_heic_photograph_is_registered_like_any_other(
    browser: Browser, photograph: Callable
) -> None:
    picture = Image.open(io.BytesIO(photograph(5)))
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture).save(stream, quality=90)
    page = browser.give("", ("IMG_0042.HEIC", stream.getvalue()))
    assert "1 picture" in page.text
    keys(browser.press(page, "Send"))


def test_a_heic_photograph_that_is_broken_is_told_of(browser: Browser) -> None:
    page = browser.give("anna.example/a", ("IMG_0042.HEIC", HEIC))
    assert "IMG_0042.HEIC" in page.text
    assert "We could not open this as a picture" in page.text
    keys(browser.press(page, "Send"))


def test_pictures_alone_that_cannot_be_taken_leave_nothing_to_send(browser: Browser) -> None:
    page = browser.give("", ("a.jpg", b"no picture"))
    assert "We could not open this as a picture." in page.text
    assert [b.text for b in page.root.first("main").every("button")] == ["Change something"]


def test_a_picture_of_an_older_process_is_asked_for_again(
    browser: Browser, photograph: Callable
) -> None:
    page = browser.give("anna.example/a", ("a.jpg", photograph()))
    sealed = next(e for e in page.root.every("input") if e.attributes.get("name") == "picture")
    sealed.attributes["value"] = "bm90aGluZw==.bm90aGluZw=="
    page = browser.press(page, "Send")
    assert "1 picture was lost on the way" in page.text
    # Once told, whoever sends it sends what is shown.
    receipt = browser.press(page, "Send")
    assert "a.jpg" not in receipt.text
    keys(receipt)


def test_more_than_one_case_takes_cannot_be_sent(serving: Callable, browse: Callable) -> None:
    with serving(limits=Limits(items=2)) as client:
        browser = browse(client=client)
        page = browser.give("\n".join(f"anna.example/{number}" for number in range(3)))
        assert "One case takes 2 items" in page.text
        assert "Say no to similar addresses too?" not in page.text
        assert [b.text for b in page.root.first("main").every("button")] == ["Change something"]
        page.button("Change something").attributes["value"] = "send"
        browser.press(page, "Change something")
        assert records(client) == 0


def test_more_lines_than_can_be_looked_through_are_told(
    serving: Callable, browse: Callable
) -> None:
    with serving(limits=Limits(lines=5)) as client:
        page = browse(client=client).give(
            "\n".join(f"anna.example/{number}" for number in range(6))
        )
        assert page.status == 413
        assert "fewer lines" in page.text


# The case


def test_the_link_leads_to_a_door_that_asks_for_the_secret(browser: Browser) -> None:
    number, secret = keys(registered(browser, "anna.example/a"))
    door = browser.get(f"/case/{number}")
    assert door.by_id("number").attributes["value"] == number
    assert door.by_id("secret").attributes.get("value", "") == ""
    assert "The secret is the part of the link behind #." in door.root.first("noscript").text
    assert not browser.get("/case").root.every("noscript")
    case = browser.press(door, "Open", write={"secret": secret.lower().replace("-", " ")})
    assert case.heading == f"Case {number}"
    # Carelessly typed, and shown again as it was made.
    assert secret in browser.press(case, "Show the receipt").text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "There is no such case with this secret."),
        ("fr", "Aucun dossier ne correspond à ce numéro et à ce code secret."),
    ],
)
def test_a_wrong_secret_opens_nothing(browse: Callable, language: str, told: str) -> None:
    browser = browse(language)
    number = keys(registered(browse("en"), "anna.example/a"))[0]
    for asked, secret in ((number, "AAAA-AAAA-AAAA-AAAA"), ("AAAA-AAAA", ""), ("", "x" * 9000)):
        door = browser.get("/case")
        button = door.root.first("main").first("button")
        page = browser.press(door, button, write={"number": asked, "secret": secret})
        assert page.status == 404
        assert page.by_id("wrong").text.startswith(told)
        for name in ("number", "secret"):
            described = page.by_id(name).attributes["aria-describedby"].split()
            assert described[0] == "wrong"
        assert "anna.example" not in page.text


def test_everything_can_be_withdrawn_at_once(browser: Browser) -> None:
    case = opened(browser, registered(browser, "anna.example/a\nanna.example/b"))
    page = browser.press(case, "Withdraw everything…")
    assert page.heading == "Withdraw these 2 items?"
    back = browser.press(page, "No, back to the case")
    assert "2 items are in force." in back.text
    # What is true of both is said once.
    assert back.text.count("In force: filters leave it out.") == 1
    page = browser.press(page, "Yes, withdraw")
    assert page.text.count("Withdrawn: filters let it pass.") == 1
    assert "0 items are in force." in page.text
    assert "Withdraw everything…" not in [button.text for button in page.buttons()]


def test_what_was_quarantined_is_shown_as_taken_out_by_us(
    serving: Callable, browse: Callable[..., Browser], new_registry: Callable
) -> None:
    database = new_registry()
    with serving(database=database) as client:
        browser = browse("en", client)
        receipt = registered(browser, "anna.example/a\nanna.example/b\nanna.example/c")
        with Registry.open(str(database)) as registry:
            registry.quarantine({0: "quarantined: matches 12 of 3,400 background pictures"})
            registry.withdraw([1], "<b>spam</b>")
            registry.withdraw([2])
        page = opened(browser, receipt)
    assert "Taken out by us: filters let it pass. It resembles 12 of 3,400 pictures" in page.text
    assert "The reason that we gave: “<b>spam</b>”." in page.text
    assert page.text.count("Taken out by us: filters let it pass.") == 3
    assert page.text.count("The reason that we gave") == 1
    assert "0 items are in force." in page.text
    assert "Withdrawn" not in page.text


def test_a_withdrawal_of_what_is_withdrawn_shows_the_case(browser: Browser) -> None:
    case = opened(browser, registered(browser, "anna.example/a"))
    withdraw = next(button for button in case.buttons() if button.text.startswith("Withdraw…"))
    asked = browser.press(case, withdraw)
    for _ in range(2):
        page = browser.press(asked, "Yes, withdraw")
        assert page.status == 200
        assert page.text.count("Withdrawn: filters let it pass.") == 1


@pytest.mark.parametrize("wish", ["999999", "x", "-1", "all of it"])
def test_a_withdrawal_of_something_else_changes_nothing(browser: Browser, wish: str) -> None:
    case = opened(browser, registered(browser, "anna.example/a"))
    button = next(button for button in case.buttons() if button.text.startswith("Withdraw…"))
    button.attributes["value"] = wish
    page = browser.press(case, button)
    assert page.text.count("In force: filters leave it out.") == 1


def test_an_erased_case_is_gone_for_good(browser: Browser, client: TestClient) -> None:
    receipt = registered(browser, "anna.example/a\nanna.example/b")
    number, secret = keys(receipt)
    case = opened(browser, receipt)
    asked = browser.press(case, "Erase everything…")
    assert "This cannot be undone." in asked.text
    assert "Copies of the list that others took before cannot be called back." in asked.text
    before = records(client)
    page = browser.press(asked, "Yes, erase for good")
    assert page.heading == "Erased."
    assert number in page.text
    assert secret not in page.html
    assert records(client) == before + 2
    assert browser.press(asked, "Yes, erase for good").status == 404
    assert opened(browser, receipt).status == 404


def test_an_item_that_was_erased_by_itself_has_no_name(
    browser: Browser, client: TestClient
) -> None:
    receipt = registered(browser, "anna.example/a\nanna.example/b")
    number, secret = keys(receipt)
    owner = {"Authorization": f"Bearer {secret}"}
    items = client.get(f"/v1/cases/{number}", headers=owner).json()["items"]
    client.delete(f"/v1/cases/{number}/items/{items[0]['index']}", headers=owner)
    case = opened(browser, receipt)
    assert "Erased: nothing is known of it any more." in case.text
    assert "anna.example/a" not in case.text
    assert "No name is kept" in browser.press(case, "Show the receipt").text


def test_a_site_that_nobody_proved_is_told_as_it_is(browser: Browser) -> None:
    page = browser.give("anna.example")
    assert "many filters ask for proof of who owns a site" in page.text
    case = opened(browser, browser.press(page, "Send"))
    assert "Filters that ask for proof of who owns a site do not follow it yet." in case.text


# Another language in the middle


def test_the_language_can_be_changed_anywhere_and_nothing_is_lost(
    browser: Browser, client: TestClient, photograph: Callable
) -> None:
    page = browser.give("anna.example/a\nco.uk", ("one.jpg", photograph()))
    page = browser.press(page, "Français")
    assert page.root.first("html").attributes["lang"] == "fr"
    assert "1 image" in page.text
    assert page.by_id("fix-1").attributes["value"] == "co.uk"
    before = records(client)
    receipt = browser.press(page, "Écarter cette ligne et envoyer le reste")
    assert receipt.heading == "C’est fait. Vous avez dit non."
    receipt = browser.press(receipt, "English")
    assert receipt.heading == "Your receipt"
    case = browser.press(opened(browser, receipt), "Français")
    assert case.heading.startswith("Dossier ")
    asked = browser.press(browser.press(case, "Tout retirer…"), "English")
    assert asked.heading == "Withdraw these 2 items?"
    asked = browser.press(browser.press(case, "Tout effacer…"), "English")
    assert asked.heading == "Erase everything?"
    assert records(client) == before + 2


def test_what_was_typed_on_the_start_page_is_kept_in_another_language(browser: Browser) -> None:
    page = browser.get("/")
    page = browser.press(page, "Français", write={"lines": "anna.example/a\n@anna"})
    assert page.root.first("html").attributes["lang"] == "fr"
    assert page.by_id("lines").text.split() == ["anna.example/a", "@anna"]
    page = browser.press(page, "English", write={"lines": "anna.example/b"})
    assert page.root.first("html").attributes["lang"] == "en"
    assert page.by_id("lines").text == "anna.example/b"
    assert browser.press(page, "Check").root.first("html").attributes["lang"] == "en"


def test_an_empty_start_page_in_another_language_complains_of_nothing(browser: Browser) -> None:
    page = browser.press(browser.get("/"), "Français")
    assert page.heading == "Dites non à l’entraînement des IA, une fois pour toutes."
    assert not [e for e in page.root.every("p") if e.attributes.get("role") == "alert" and e.text]


def test_a_door_that_stayed_shut_can_be_read_in_another_language(browser: Browser) -> None:
    door = browser.press(browser.get("/case/AAAA-AAAA"), "Open", write={"secret": "x"})
    page = browser.press(door, "Français")
    assert page.heading == "Ouvrez votre dossier"
    assert page.by_id("number").attributes["value"] == "AAAA-AAAA"


# The receipt


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_receipt_can_be_kept_as_a_file(
    browse: Callable, client: TestClient, language: str
) -> None:
    number, secret = keys(registered(browse("en"), "https://anna.example/a?b&c\nanna.example"))
    answer = client.post(
        "/case",
        data={"number": number, "secret": secret, "show": "text", "lang": language},
    )
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert answer.headers["cache-control"] == "no-store"
    name = answer.headers["content-disposition"]
    assert name == f'attachment; filename="optout-{number}.txt"'
    for told in (number, secret, f"http://optout.example/case/{number}#{secret}"):
        assert told in answer.text
    # A text has no signs to be escaped.
    assert "https://anna.example/a?b&c" in answer.text
    assert client.get("/checkpoint").text in answer.text
    assert (f"Secret: {secret}" in answer.text) == (language == "en")


def test_the_receipt_shows_the_same_text(browser: Browser, client: TestClient) -> None:
    receipt = registered(browser, "anna.example/a")
    number, secret = keys(receipt)
    answer = client.post("/case", data={"number": number, "secret": secret, "show": "text"})
    assert receipt.by_id("receipt-text").text == " ".join(answer.text.split())


def test_the_code_on_the_receipt_is_drawn_without_styles(browser: Browser) -> None:
    receipt = registered(browser, "anna.example/a")
    drawing = next(e for e in receipt.root.every("svg") if e.attributes.get("class") == "qr")
    assert "viewbox" in drawing.attributes
    assert "width" not in drawing.attributes
    assert "style" not in receipt.html.replace("stylesheet", "").replace("style.css", "")


# Hostile


HOSTILE = [
    "https://anna.example/<script>alert(1)</script>",
    'https://anna.example/"><img src=x onerror=alert(1)>',
    "<script>alert(1)</script>",
    "'\"--></style></textarea><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "%(count)s %s %",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_typed_is_never_part_of_the_page(browser: Browser, text: str) -> None:
    pages = [browser.give(text)]
    pages.append(browser.press(pages[0], "Change something"))
    if any(button.text == "Send" for button in pages[0].buttons()):
        pages.append(browser.press(pages[0], "Send"))
        pages.append(opened(browser, pages[-1]))
    for page in pages:
        assert page.status == 200
        scripts = [e.attributes["src"] for e in page.root.every("script")]
        assert all(re.fullmatch(r"/static/[a-z-]+\.js\?v=[0-9a-f]{12}", each) for each in scripts)
        assert not page.root.every("img")
        assert "<script>" not in page.html
    assert "49" not in pages[0].text


def test_what_a_picture_is_called_is_never_part_of_the_page(
    browser: Browser, photograph: Callable
) -> None:
    page = browser.give("", ("<b>&amp;.jpg", photograph()), ("<i>.jpg", b"no picture"))
    assert "<b>&amp;.jpg" in page.text
    assert "<i>.jpg" in page.text
    assert not page.root.every("b", "i")


@pytest.mark.parametrize(
    "number", ["%3Cb%3E", "%22%3E%3Cscript%3E", "a%E2%80%AEb", "%00", "x" * 500]
)
def test_what_stands_in_an_address_is_never_part_of_the_page(browser: Browser, number: str) -> None:
    page = browser.get(f"/case/{number}")
    assert page.status == 200
    assert len(page.by_id("number").attributes["value"]) <= 20
    assert len(page.root.every("script")) == 1


def test_a_link_to_another_language_stays_on_this_site(browser: Browser) -> None:
    for path in ("//evil.example/", "/%2F%2Fevil.example", "/case/..%2F..", "/javascript:alert(1)"):
        page = browser.get(path)
        for link in page.root.every("a"):
            assert re.match(r"/(?![/\\])|\?lang=", link.attributes["href"])


def test_a_form_of_another_kind_is_told(client: TestClient) -> None:
    answer = client.post("/", content=b"x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "Please use the form on the start page." in answer.text


def test_an_address_that_takes_no_visit_leads_to_the_start(client: TestClient) -> None:
    assert client.delete("/").status_code == 405
    answer = client.post("/case/AAAA-AAAA", data={})
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_a_receipt_is_given_where_the_log_cannot_be_read_once_more(
    browse: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Registry) -> None:
        raise RegistryError("away", "")

    monkeypatch.setattr(Registry, "checkpoint", failing)
    receipt = registered(browse(), "anna.example")
    assert receipt.status == 200
    assert all(keys(receipt))
    assert "public log" not in receipt.text


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("https://anna.example/a", "1 item is in force."),
        ("anna.example", "1 item is in force. It is a site still to be proved."),
        (
            "anna.example\nbob.example\ncarl.example/a",
            "3 items are in force. 2 of them are sites still to be proved.",
        ),
        (
            "anna.example\ncarl.example/a",
            "2 items are in force. 1 of them is a site still to be proved.",
        ),
    ],
)
def test_sites_that_filters_do_not_follow_yet_are_counted_apart(
    browser: Browser, lines: str, told: str
) -> None:
    case = opened(browser, registered(browser, lines))
    lead = next(e for e in case.root.every("p") if e.attributes.get("class") == "lead")
    assert lead.text.endswith(told)
