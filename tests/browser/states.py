"""A walk through every page in every state, for whoever looks at all of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from .steps import HANDLE, LINKS, POEM, checked, code_for, opened, sent

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.api.mail.boxes import Handler

UNCLEAR = f"@anna\nco.uk\nmy picture\nhttps://www.instagram.com/anna/\nisbn:9780306406157\n{POEM}"
KEPT = "https://anna.example/2024/lighthouse.jpg"
"""Stays registered, for who looks it up."""

PLACES = {
    "look-up": "/look-up",
    "registry": "/registry",
    "engineers": "/engineers",
    "auditors": "/auditors",
    "door": "/case",
    "code-door": "/case/code",
    "object": "/object",
    "object-state": "/object/state",
    "failure": "/nothing",
}
"""Pages that stand by themselves, and where."""


def walk(page: Page, box: Handler, pictures: list[Path]) -> Iterator[str]:
    """Lead a browser from page to page.

    Args:
        page: the browser's.
        box: what the service's mail server was given.
        pictures: two photographs.

    Yields:
        what the page shows now; nothing may be changed before the next is asked for.
    """
    page.goto("/")
    yield "start"
    page.click("button[value=check]")
    page.wait_for_selector("#missing")
    yield "nothing"
    yield from _form(page, pictures)
    yield from _case(page, box)
    checked(page, KEPT)
    sent(page)
    for name, path in PLACES.items():
        page.goto(path)
        yield name
    page.goto("/look-up")
    page.locator("main textarea").first.fill(KEPT)
    page.locator("main button.main").first.click()
    page.wait_for_load_state("networkidle")
    yield "look-up-answer"
    page.goto("/object")
    page.click("button[value=send]")
    page.wait_for_selector("[role=alert]")
    yield "object-wrong"
    page.goto("/case")
    page.fill("#number", "AAAA-AAAA")
    page.fill("#secret", "AAAA-AAAA-AAAA-AAAA")
    page.click("main button.main")
    page.wait_for_selector("#wrong")
    yield "shut"


def _form(page: Page, pictures: list[Path]) -> Iterator[str]:
    checked(page, UNCLEAR)
    yield "questions"
    page.click("main button[value=change]")
    page.wait_for_selector("#lines")
    yield "change"
    checked(page, "\n".join([*LINKS, HANDLE, "anna.example", "anna.example/gallery/*"]), pictures)
    yield "check"


def _case(page: Page, box: Handler) -> Iterator[str]:
    address = f"anna-{secrets.token_hex(4)}@mail.example"
    page.fill("input[name=email]", address)
    secret = sent(page)
    yield "receipt"
    page.fill("input[name=code]", code_for(box, address))
    page.click("button[value=confirm]")
    page.wait_for_selector(".done")
    yield "code"
    _back(page)
    yield "case"
    _dispute(page, secret)
    _again(page)
    yield "disputed"
    page.locator("button[name=notice]").first.click()
    page.wait_for_selector("#statement")
    yield "answer"
    page.fill("#statement", "I took it myself, from my own window.")
    page.click("button[value=send]")
    page.wait_for_selector(".done")
    yield "answered"
    _back(page)
    page.locator("button[name=subject]").first.click()
    page.wait_for_selector("button[name=method]")
    yield "prove"
    page.locator("button[name=method]").first.click()
    page.wait_for_selector(".steps")
    yield "proof"
    page.click("button[value=check]")
    page.wait_for_selector("[role=alert]")
    yield "proof-not-found"
    _back(page)
    page.click("form[action='/case/review'] button")
    page.wait_for_selector("button[name=item]")
    yield "reviews"
    page.locator("button[name=item]").first.click()
    page.wait_for_selector("button[value=show]")
    yield "review"
    page.click("button[value=show]")
    page.wait_for_selector("button[value=take-back]")
    yield "reviewing"
    _back(page)
    page.locator("button[name=withdraw]").first.click()
    page.wait_for_selector("button[name=sure]")
    yield "withdraw"
    page.click("button[name=sure]")
    page.wait_for_selector(".done")
    yield "withdrawn"
    page.click("button[name=erase]")
    page.wait_for_selector("button[name=sure]")
    yield "erase"
    page.click("button[name=sure]")
    page.wait_for_selector("main a.button")
    yield "erased"


def _back(page: Page) -> None:
    page.locator("main form[action='/case'] button").last.click()
    page.wait_for_selector("#erase")


def _again(page: Page) -> None:
    """Open the case anew, which shows what has happened since."""
    page.click("button[value=receipt]")
    page.wait_for_selector("section.next")
    opened(page)


def _dispute(page: Page, secret: str) -> None:
    """Somebody else objects to the first thing of the case."""
    number = page.locator("input[name=number]").first.input_value()
    base = page.url.partition("/case")[0]
    head = {"Authorization": f"Bearer {secret}"}
    with httpx2.Client(base_url=base) as client:
        items = client.get(f"/v1/cases/{number}", headers=head).json()["items"]
        item = next(each for each in items if each["value"] == LINKS[0])
        notice = {
            "entry": item["index"],
            "item": {"kind": "url", "value": LINKS[0]},
            "reason": "licensed",
            "statement": "We have bought it.",
        }
        answer = client.post("/v1/notices", json=notice)
        assert answer.status_code == 201, answer.text
