"""The script that looks things up: it makes of everything what the registry makes of it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from optout.api.pages import assets
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, Request, Route, expect

from .canonical import VECTORS, questions, reference
from .conftest import Service, Visiting
from .steps import photographs

QUESTIONS = 6000
BATCH = 2000
SEED = 20261128

SOME_POINTS = [*range(0x80, 0x3400), *range(0x3400, 0xD800, 97), *range(0xE000, 0x20000, 7)]
"""Characters: of ideographs and syllables, which all behave alike, some."""

UNDERSTAND = """async (texts) => {
  const { Platforms, Unsure, digitsOf, questionOf } = await import("/static/canonical.js");
  const told = await (await fetch("/static/platforms.json")).json();
  const rules = { platforms: new Platforms(told), mostLine: 4096, mostPassage: 1048576 };
  const understood = async (text) => {
    try {
      const { problem, asked } = questionOf(text, rules);
      if (problem) return { problem };
      const digits = asked.map(async ([kind, form]) => [kind, form, await digitsOf(kind, form)]);
      return { asked: await Promise.all(digits) };
    } catch (fault) {
      return fault instanceof Unsure ? { unsure: fault.message } : { fault: String(fault.stack) };
    }
  };
  return Promise.all(texts.map(understood));
}"""

Understand = Callable[[list[str]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def understand(chromium: Browser) -> Iterator[Understand]:
    """What the script makes of questions, in a page that nothing serves but this."""
    served = assets.load()

    def answer(route: Route) -> None:
        asset = served.get(route.request.url.rpartition("/")[2])
        if asset is None:
            route.fulfill(body="<!doctype html>", content_type="text/html")
        else:
            route.fulfill(body=asset.data, content_type=asset.media_type)

    page = chromium.new_page()
    page.route("**/*", answer)
    page.goto("https://look-up.example/")

    def understand(texts: list[str]) -> list[dict[str, Any]]:
        told = []
        for start in range(0, len(texts), BATCH):
            told += page.evaluate(UNDERSTAND, texts[start : start + BATCH])
        return told

    yield understand
    page.close()


def differences(texts: list[str], told: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """How many were not left to the server, and those of them that the registry reads otherwise."""
    sure = [(text, one) for text, one in zip(texts, told, strict=True) if "unsure" not in one]
    return len(sure), [
        f"{text!a}: {one} is {reference(text)}" for text, one in sure if one != reference(text)
    ]


def test_every_address_of_the_table_is_understood_as_the_registry_does(
    understand: Understand,
) -> None:
    rows = [row["text"] for row in [*VECTORS["url"], *VECTORS["site"]]]
    texts = [text for text in rows if text.isprintable() or text.isascii()]
    sure, different = differences(texts, understand(texts))
    assert not different
    assert sure > len(texts) * 0.6


def test_thousands_of_questions_are_understood_as_the_registry_does(
    understand: Understand,
) -> None:
    texts = list(questions(SEED, QUESTIONS))
    sure, different = differences(texts, understand(texts))
    assert not different, different[:20]
    assert sure > QUESTIONS * 0.7


def with_character(character: str) -> list[str]:
    """A passage, an account and a link with a character in them."""
    return [
        f"a passage that is long enough a{character}z",
        f"youtube:ab{character}c",
        f"a{character}b.example/x",
    ]


def test_every_character_that_is_not_left_to_the_server_folds_as_the_registry_folds_it(
    understand: Understand,
) -> None:
    texts = [text for point in SOME_POINTS for text in with_character(chr(point))]
    sure, different = differences(texts, understand(texts))
    assert not different, different[:20]
    assert sure > 5000


def registered(service: Service, kind: str, *values: str, grade: str = "self") -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "optout.api.cli", "add", kind, *values, "--grade", grade),
            *("--registry", str(service.registry)),
        ],
        check=True,
        capture_output=True,
    )


def ask(page: Page, text: str) -> None:
    page.goto("/look-up")
    page.locator("#asked").fill(text)
    page.get_by_role("button", name="Look it up").click()
    # The first to ask has a snapshot built.
    expect(page.locator("[data-status]")).to_be_empty(timeout=60_000)


def asked_of(requests: list[Request]) -> list[tuple[str, str]]:
    """What a server was asked beside the page and its parts."""
    paths = [(each.method, "/" + each.url.split("/", 3)[3]) for each in requests]
    return [
        (method, path)
        for method, path in paths
        if not path.startswith("/static/") and path != "/look-up"
    ]


def test_what_is_asked_about_does_not_leave_the_browser(
    visiting: Visiting, service: Service
) -> None:
    registered(service, "site", "idaholm.example", grade="domain")
    visitor = visiting("en", "phone")
    ask(visitor.page, "https://shop.idaholm.example/2024/boat.jpg")
    answer = visitor.page.locator("section.answer")
    expect(answer).to_contain_text("Yes, it is registered.")
    expect(answer).to_contain_text("The whole site idaholm.example")
    expect(answer).to_contain_text("has proved that the site is theirs")
    sent = asked_of(visitor.seen.requests)
    assert len(sent) == 5
    assert all(method == "GET" and path[:11] == "/v1/ranges/" for method, path in sent)
    assert all(len(path) == len("/v1/ranges/12345") for _, path in sent)
    assert not visitor.seen.complaints


def test_what_is_not_on_the_list_is_told_and_offered_to_be_refused(visiting: Visiting) -> None:
    page = visiting().page
    ask(page, "https://nobody.example/a")
    expect(page.locator("section.answer")).to_contain_text("No, it is not on the list.")
    expect(page.get_by_role("link", name="Say no too")).to_be_visible()
    expect(page.get_by_role("heading", name="No, it is not on the list.")).to_be_focused()


def test_a_picture_is_looked_for_without_being_sent(
    visiting: Visiting, service: Service, tmp_path: Path
) -> None:
    boat, _ = photographs(tmp_path)
    registered(service, "image", str(boat))
    visitor = visiting()
    visitor.page.goto("/look-up")
    visitor.page.locator("#picture").set_input_files(boat)
    visitor.page.get_by_role("button", name="Look it up").click()
    expect(visitor.page.locator("[data-status]")).to_be_empty(timeout=60_000)
    answer = visitor.page.locator("section.answer")
    expect(answer).to_contain_text("The picture, by its fingerprint IMG_0042.jpg")
    expect(answer).to_contain_text("Here only unchanged copies")
    sent = asked_of(visitor.seen.requests)
    assert sent
    assert all(method == "GET" and path.startswith("/v1/ranges/") for method, path in sent)


def test_who_objects_takes_along_what_was_found(
    visiting: Visiting, service: Service, tmp_path: Path
) -> None:
    # One that no other test registers: of several entries nobody can say which is meant.
    sea = tmp_path / "objected.jpg"
    with Image.open(photographs(tmp_path)[1]) as picture:
        ImageOps.flip(picture).save(sea)
    registered(service, "image", str(sea))
    registered(service, "account", "instagram:objected")
    page = visiting().page
    for name in (sea.name, "instagram:objected"):
        page.goto("/look-up")
        if name == sea.name:
            page.locator("#picture").set_input_files(sea)
        else:
            page.locator("#asked").fill(name)
        page.get_by_role("button", name="Look it up").click()
        page.get_by_role("button", name=f"Object… {name}").click()
        expect(page.locator("#entry")).to_have_value(re.compile("[0-9]+"))
        page.locator("input[value=licensed]").check()
        page.locator("#statement").fill("We have a licence.")
        page.get_by_role("button", name="Send the objection").click()
        expect(page.locator("h1")).to_have_text("We have your objection.")


def test_what_a_browser_may_read_otherwise_is_left_to_the_server_with_leave(
    visiting: Visiting,
) -> None:
    visitor = visiting()
    ask(visitor.page, "a*b.example/a")
    server = visitor.page.get_by_role("button", name="Ask our server")
    expect(server).to_be_focused()
    assert not asked_of(visitor.seen.requests)
    server.click()
    expect(visitor.page.locator("section.answer")).to_contain_text("a*b.example/a")


def test_what_is_not_understood_is_told_beside_the_field(visiting: Visiting) -> None:
    page = visiting().page
    ask(page, "@anna")
    expect(page.locator("#problem")).to_contain_text("on which platform")
    expect(page.locator("#asked")).to_be_focused()


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>.example/a b c d e f g h i", "a\x00"]
)
def test_hostile_values_are_shown_as_text(visiting: Visiting, text: str) -> None:
    visitor = visiting()
    ask(visitor.page, text)
    expect(visitor.page.locator("section.answer, .problem:not([hidden])")).to_be_visible()
    assert visitor.page.locator("main img").count() == 0
    assert not visitor.seen.complaints


def test_the_answer_is_the_one_that_the_server_gives_without_a_script(
    visiting: Visiting, service: Service
) -> None:
    registered(service, "account", "instagram:holm", grade="account")
    told = []
    for scripts in (True, False):
        page = visiting("fr", scripts=scripts).page
        page.goto("/look-up")
        page.locator("#asked").fill("https://instagram.com/Holm/p/1")
        page.get_by_role("button", name="Chercher", exact=True).click()
        expect(page.locator("section.answer")).to_be_visible(timeout=60_000)
        told.append(page.locator("section.answer").inner_text())
    assert told[0] == told[1]
