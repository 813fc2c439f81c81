"""Whoever said no can tell others, and tells nothing of the case with it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from optout.api.pages.languages import load
from optout.api.pages.sharing import HEIGHT, LINES, WIDTH
from PIL import Image

if TYPE_CHECKING:
    from .conftest import Browser, Page

LANGUAGES = load()


def told(page: Page) -> list[str]:
    """All that is passed on: what stands in the section, and in what its parts hold."""
    section = page.by_id("share").parent
    assert section is not None
    values = [value for each in section.every() for value in each.attributes.values()]
    return [section.text, *values]


@pytest.mark.parametrize(
    ("language", "send", "opens"),
    [("en", "Send", "Open the case"), ("fr", "Envoyer", "Ouvrir le dossier")],
)
def test_nothing_of_the_case_is_in_what_is_passed_on(
    browse: Callable[..., Browser], language: str, send: str, opens: str
) -> None:
    browser = browse(language)
    receipt = browser.press(browser.give("anna.example/secret-garden"), send)
    case = browser.press(receipt, opens)
    keys = dict(receipt.fields(receipt.form_of(receipt.button(opens))))
    parts = re.split("-", f"{keys['number']}-{keys['secret']}")
    for page in (receipt, case):
        text = "\n".join(told(page))
        assert page.by_id("share-link").text == "http://optout.example/"
        assert not [part for part in parts if part in text]
        assert "secret-garden" not in text
        # Neither is there a place where such a thing could stand.
        assert "#" not in text
        assert "/case" not in text
        links = [e.attributes["href"] for e in page.root.every("a")]
        (mail,) = [link for link in links if link.startswith("mailto:")]
        said = parse_qs(urlsplit(mail).query)
        assert set(said) == {"subject", "body"}
        assert said["body"][0].endswith("http://optout.example/")
        assert f"/share.png?lang={language}" in links


def test_a_page_of_another_case_passes_on_the_same(browser: Browser) -> None:
    one, other = (
        told(browser.press(browser.give(f"anna.example/{path}"), "Send")) for path in "ab"
    )
    assert one == other


@pytest.mark.parametrize("code", LANGUAGES)
def test_there_is_a_picture_to_post_in_every_language(client: TestClient, code: str) -> None:
    answer = client.get(f"/share.png?lang={code}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert answer.headers["content-language"] == code
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    assert picture.size == (WIDTH, HEIGHT)
    assert len(answer.content) < 60_000
    # Painted anew by docs/share.py whenever its words change.
    lines = [LANGUAGES[code].text(line) for line in LINES]
    assert picture.info["Description"] == " ".join(lines)


@pytest.mark.parametrize("code", LANGUAGES)
def test_there_is_a_drawing_too(client: TestClient, code: str) -> None:
    answer = client.get(f"/share.svg?lang={code}")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ET.fromstring(answer.content)
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [*(LANGUAGES[code].text(line) for line in LINES), "optout"]


@pytest.mark.parametrize("query", ["", "?lang=xx", "?lang=..%2Ffr", "?lang=%00"])
def test_an_unknown_language_has_a_picture_as_well(client: TestClient, query: str) -> None:
    english = client.get("/share.png?lang=en").content
    assert client.get(f"/share.png{query}").content == english
    assert client.get("/share.png", headers={"Accept-Language": "fr"}).content != english
