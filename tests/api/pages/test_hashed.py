"""Pictures that the browser hashed: from the hidden field to the receipt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.registry.images import decode, phash, variants

from .conftest import Page

if TYPE_CHECKING:
    from .conftest import Browser


def field(data: bytes, name: str, *, opened: bool = True) -> str:
    """What a browser with JavaScript sends in place of a picture."""
    told = {
        "name": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "md5": hashlib.md5(data).hexdigest(),
    }
    if not opened:
        return json.dumps(told)
    shapes = variants(decode(data, grey=True))
    long = {shape: phash(grey, 16).hex() for shape, grey in shapes.items()}
    short = {shape: phash(grey, 8).hex() for shape, grey in shapes.items()}
    return json.dumps(told | {"phash256": long, "phash64": short})


def checked(client: TestClient, *fields: str, do: str = "check") -> Page:
    parts = [("hashed", (None, each)) for each in fields]
    answer = client.post("/", files=[("do", (None, do)), ("lang", (None, "en")), *parts])
    return Page(answer.text, answer.status_code)


def test_hashed_pictures_are_registered_in_the_same_clicks(
    client: TestClient, browser: Browser, photograph: Callable
) -> None:
    page = checked(client, *(field(photograph(seed), f"{seed}.jpg") for seed in range(1, 4)))
    assert "3 pictures" in page.text
    receipt = browser.press(page, "Send")
    assert "3 items, registered on" in receipt.text
    assert "2.jpg" in receipt.text


def test_nothing_is_registered_before_it_was_shown(
    client: TestClient, photograph: Callable
) -> None:
    page = checked(client, field(photograph(), "a.jpg"), do="send")
    assert page.heading == "Is this right?"


def test_a_picture_that_no_browser_could_open_is_offered_as_its_exact_bytes(
    client: TestClient, browser: Browser
) -> None:
    page = checked(client, field(b"HEIC", "IMG_1.HEIC", opened=False))
    assert "Your browser could not open this picture" in page.by_id("offer-1").text
    assert "1 item, registered on" in browser.press(page, "Send").text


def test_a_plain_picture_is_offered_as_its_exact_bytes(
    client: TestClient, plain_picture: bytes
) -> None:
    page = checked(client, field(plain_picture, "logo.png"))
    assert "Too plain" in page.by_id("offer-1").text


def test_the_same_picture_sent_and_hashed_counts_once(
    client: TestClient, photograph: Callable
) -> None:
    data = photograph()
    answer = client.post(
        "/",
        files=[
            *(("do", (None, "check")), ("lang", (None, "en"))),
            *(("hashed", (None, field(data, "a.jpg"))), ("pictures", ("b.jpg", data))),
        ],
    )
    assert "1 picture" in Page(answer.text).text


@pytest.mark.parametrize(
    "told", ["", "{", "\0", "[[[[", '{"name": "<script>alert(1)</script>"}', "x" * 100_000]
)
def test_what_no_browser_of_ours_sends_is_refused_gently(client: TestClient, told: str) -> None:
    page = checked(client, told)
    assert page.status == 200
    assert "<script>alert" not in page.html
    assert "One picture could not be taken" in page.text
    assert "got lost on the way" in page.text


def test_the_form_names_what_its_script_needs(browser: Browser) -> None:
    form = browser.get("/").root.first("main").first("form").attributes
    assert form["data-worker"].startswith("/static/pictures-worker.js?v=")
    assert int(form["data-most-pixels"]) == 128_000_000
    assert int(form["data-most-hashed"]) == 200


def test_the_page_says_where_pictures_are_hashed(browser: Browser) -> None:
    told = browser.get("/").by_id("pictures-where").text
    assert "Without JavaScript" in told
    assert "thrown away at once" in told


def test_that_only_the_exact_file_is_looked_for_is_still_told_when_the_page_comes_back(
    client: TestClient, browser: Browser, photograph: Callable
) -> None:
    told = "Only this exact file is looked for."
    page = checked(client, field(photograph(), "IMG_1.HEIC", opened=False))
    assert "we cannot tell copies of it that were changed" in page.text
    page = browser.press(page, "Change something")
    assert told in page.text
    page = browser.press(page, page.root.first("main").first("button"))
    assert told in page.text


def test_that_pictures_are_sent_without_a_script_is_shown_to_nobody_else(browser: Browser) -> None:
    (told,) = browser.get("/").root.every("noscript")
    assert told.text.startswith("Without JavaScript, up to")
