"""What somebody does on the pages, step by step: in every language, with and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.whole.conftest import encoded, photograph

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.api.mail.boxes import Handler

LINKS = (
    "https://anna.example/2024/harbour.jpg",
    "https://anna.example/about",
    "https://gallery.example/anna/fjord.png?w=640",
)
HANDLE = "@anna@social.example"
POEM = "An old silent pond.\nA frog jumps into the pond:\nsplash!\n\nSilence again."
SECRET = re.compile(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b")
CODE = re.compile(r"\b\d{8}\b")


def photographs(folder: Path) -> list[Path]:
    """Two photographs, as files."""
    paths = []
    for seed, name in ((11, "IMG_0042.jpg"), (12, "été à la mer.jpg")):
        path = folder / name
        path.write_bytes(encoded(photograph(seed, (640, 480)), quality=88))
        paths.append(path)
    return paths


def given(page: Page, lines: str, pictures: list[Path] | None = None) -> None:
    """Fill in the start page."""
    page.goto("/")
    page.fill("#lines", lines)
    if pictures:
        page.set_input_files("#pictures", [str(path) for path in pictures])


def checked(page: Page, lines: str, pictures: list[Path] | None = None) -> None:
    """Fill in the start page and have it checked."""
    given(page, lines, pictures)
    page.click("button[value=check]")
    page.wait_for_selector("main button[value=change]")


def sent(page: Page) -> str:
    """Send what was checked: the secret on the receipt."""
    page.click("button[value=send]")
    page.wait_for_selector(".receipt")
    found = SECRET.search(page.inner_text(".receipt"))
    assert found
    return found.group()


def opened(page: Page) -> None:
    """From the receipt to the case."""
    page.locator("section.next button").click()
    page.wait_for_selector("#erase")


def code_for(box: Handler, address: str) -> str:
    """The code in the letter that came for somebody."""
    found = CODE.search(box.wait_for(address).get_content())
    assert found
    return found.group()
