"""Pictures stay on the device: what the form does with them, and what leaves it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.pictures import heic, scene, stored

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Visiting, Visitor

STAYS = re.compile("stay on your device")
JPEG_START = b"\xff\xd8\xff"


def payload(seed: int, name: str = "", size: tuple[int, int] = (320, 240)) -> FilePayload:
    data = stored(scene(seed, size), "JPEG", quality=85)
    return {"name": name or f"IMG_{seed}.jpg", "mimeType": "image/jpeg", "buffer": data}


@pytest.fixture
def visitor(visiting: Visiting) -> Visitor:
    found = visiting("en", "phone")
    found.page.goto("/")
    expect(found.page.locator("[data-where]")).to_have_text(STAYS)
    return found


def bodies(visitor: Visitor) -> list[bytes]:
    """Everything that the browser has sent."""
    return [request.post_data_buffer or b"" for request in visitor.seen.requests]


def hashed(page: Page) -> int:
    return page.locator("input[name=hashed]").count()


def test_pictures_are_registered_and_none_of_them_is_sent(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files([payload(seed) for seed in range(12)])
    expect(page.locator("[data-progress]")).to_have_text("Pictures that are ready: 12 of 12")
    assert hashed(page) == 12
    page.locator("button[value=check]").click()
    expect(page.locator("#kind-image")).to_contain_text("12 pictures")
    page.locator("button[value=send]").click()
    expect(page.locator("h1")).to_contain_text("You have said no")
    sent = bodies(visitor)
    assert any(b'name="hashed"' in body for body in sent)
    for body in sent:
        assert JPEG_START not in body
        assert b'name="pictures"' not in body
    assert visitor.seen.complaints == []


def test_whoever_sends_at_once_waits_for_the_last_picture(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files([payload(1, size=(1600, 1200)), payload(2)])
    page.locator("button[value=check]").click()
    expect(page.locator("#kind-image")).to_contain_text("2 pictures")
    assert not any(JPEG_START in body for body in bodies(visitor))


def test_a_picture_can_be_removed_by_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files([payload(1, "one.jpg"), payload(2, "two.jpg")])
    expect(page.locator("[data-progress]")).to_have_text("Pictures that are ready: 2 of 2")
    page.get_by_role("button", name="Remove one.jpg").press("Enter")
    expect(page.get_by_role("button", name="Remove two.jpg")).to_be_focused()
    assert hashed(page) == 1
    page.keyboard.press("Enter")
    expect(page.locator("#pictures")).to_be_focused()
    assert hashed(page) == 0


def test_a_picture_that_the_browser_cannot_open_is_offered_as_its_file(visitor: Visitor) -> None:
    page = visitor.page
    data = heic(scene(3, (200, 150)))
    page.locator("#pictures").set_input_files(
        {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": data}
    )
    expect(page.locator("[data-picked]")).to_contain_text("this very file instead")
    page.locator("button[value=check]").click()
    expect(page.locator("#kind-file")).to_be_visible()
    expect(page.locator("#offer-1")).to_contain_text("Your browser could not open this picture")


def test_what_is_not_ready_is_counted_as_what_it_is(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files(
        [
            payload(1),
            {"name": "a.HEIC", "mimeType": "image/heic", "buffer": heic(scene(3, (200, 150)))},
            {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"},
        ]
    )
    expect(page.locator("[data-progress]")).to_have_text(
        "Pictures that are ready: 1 of 3. As an exact file only: 1. Not taken: 1"
    )


def test_whoever_gave_only_what_is_refused_is_told_which_file_that_is(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files(
        {"name": "<b>.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    page.locator("button[value=check]").click()
    told = page.locator("[data-nothing-problem]")
    expect(told).to_contain_text("we could not take this: <b>.txt.")
    expect(told).to_be_focused()
    page.locator("#lines").fill("anna.example")
    page.locator("button[value=check]").click()
    expect(page.locator("#kind-site")).to_be_visible()


def test_what_is_no_picture_is_told_of_and_not_sent(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#pictures").set_input_files(
        [
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<script>alert(1)</script>"},
            {"name": "<b>.txt", "mimeType": "text/plain", "buffer": b"words"},
        ]
    )
    expect(page.locator(".picked .problem")).to_have_count(2)
    assert hashed(page) == 0
    assert page.locator(".picked b").count() == 0


def test_pasted_words_are_pasted_and_pasted_pictures_are_added(visitor: Visitor) -> None:
    page = visitor.page
    paste = """([words, data]) => {
      const given = new DataTransfer();
      if (words) given.setData("text/plain", words);
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      given.items.add(new File([bytes], "image.jpg", { type: "image/jpeg" }));
      const event = new ClipboardEvent("paste",
        { clipboardData: given, bubbles: true, cancelable: true });
      document.querySelector("#lines").dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    data = base64.b64encode(payload(4)["buffer"]).decode()
    assert page.evaluate(paste, ["anna.example", data]) is False
    assert page.locator(".picked li").count() == 0
    assert page.evaluate(paste, ["", data]) is True
    expect(page.locator("input[name=hashed]")).to_have_count(1)


@pytest.mark.parametrize("missing", ["Worker", "OffscreenCanvas"])
def test_a_browser_that_cannot_hash_sends_the_pictures_and_says_so(
    visiting: Visiting, missing: str
) -> None:
    page = visiting("en", "phone").page
    page.add_init_script(f"delete globalThis.{missing};")
    page.goto("/")
    expect(page.locator("[data-where]")).to_contain_text("your pictures are sent to us")
    page.locator("#pictures").set_input_files([payload(5), payload(6)])
    page.locator("button[value=check]").click()
    expect(page.locator("#kind-image")).to_contain_text("2 pictures")


def test_a_canvas_that_lies_is_not_trusted(visiting: Visiting) -> None:
    page = visiting("en", "phone").page
    page.route(
        "**/pictures-decoding.js*",
        lambda route: route.fulfill(
            response=(told := route.fetch()),
            body=told.text().replace(
                "getImageData(0, 0, TEST_SIDE", "getImageData(1, 0, TEST_SIDE"
            ),
        ),
    )
    page.goto("/")
    expect(page.locator("[data-where]")).to_contain_text("your pictures are sent to us")
