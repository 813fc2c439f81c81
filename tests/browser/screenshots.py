"""A picture of every page in every state, for docs/pages.md: see `make screenshots`."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tests.api.mail.boxes import Handler, keeping, serving_apart

from .conftest import CHROMIUM, LANGUAGES, WIDTHS, served
from .states import walk
from .steps import photographs

DOCS = Path(__file__).resolve().parents[2] / "docs"
WIDE = {"phone": 300, "desktop": 560}
"""Pixels of a picture's width, by that of the page."""

STATES: Mapping[str, str] = {
    "start": "The start page",
    "nothing": "Nothing was given",
    "questions": "What is unclear is asked",
    "change": "Changing something",
    "check": "What was understood",
    "receipt": "The receipt, with a code on its way",
    "code": "The address is confirmed",
    "case": "The case",
    "disputed": "Somebody objects",
    "answer": "Answering an objection",
    "answered": "The answer is taken",
    "prove": "Ways to prove a site",
    "proof": "What to place",
    "proof-not-found": "It is not there yet",
    "reviews": "What can be shown to a person",
    "review": "Showing an item to a person",
    "reviewing": "A person is to look at it",
    "withdraw": "Withdraw?",
    "withdrawn": "Withdrawn",
    "erase": "Erase everything?",
    "erased": "Erased",
    "door": "Opening a case",
    "shut": "A wrong secret",
    "code-door": "Entering a code later",
    "object": "Objecting to an entry",
    "object-wrong": "An objection that says too little",
    "object-state": "What became of an objection",
    "look-up": "Looking something up",
    "look-up-answer": "What the list says of it",
    "registry": "The registry in figures",
    "engineers": "For engineers",
    "auditors": "For auditors",
    "failure": "There is nothing here",
}
"""In the order of the table, and how each is called there."""

HEAD = """# The pages

Every page of the service in every state, as a phone (390 pixels wide) and a desktop (1280) show it,
in English and French. `make screenshots` takes them anew; [the tests of the
browser](../tests/browser) hold all of them to WCAG 2.2 AA, to less than 100 KB with style and
scripts, and to working without JavaScript.

| | phone | | desktop | |
|---|---|---|---|---|
"""


def take(browser: Browser, address: str, box: Handler, folder: Path, scratch: Path) -> None:
    """Take all pictures into a folder, which is emptied first."""
    for old in folder.glob("*.webp"):
        old.unlink()
    for language, tag in LANGUAGES.items():
        for width, (wide, high) in WIDTHS.items():
            context = browser.new_context(
                base_url=address,
                locale=tag,
                viewport={"width": wide, "height": high},
                is_mobile=width == "phone",
                has_touch=width == "phone",
                reduced_motion="reduce",
            )
            context.set_default_timeout(90_000)
            page = context.new_page()
            for name in walk(page, box, photographs(scratch)):
                page.evaluate("document.activeElement?.blur()")
                shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
                size = (WIDE[width], round(shot.height * WIDE[width] / shot.width))
                path = folder / f"{name}-{language}-{width}.webp"
                shot.resize(size, Image.Resampling.LANCZOS).save(path, quality=45, method=6)
            context.close()


def table() -> str:
    """The page that shows them."""
    rows = []
    for name, words in STATES.items():
        shown = [
            f"![{words}, {width}, {language}](pages/{name}-{language}-{width}.webp)"
            for width in WIDTHS
            for language in LANGUAGES
        ]
        rows.append(f"| {words} | {' | '.join(shown)} |\n")
    return HEAD + "".join(rows)


def main() -> None:
    """Take them, and write the page."""
    folder = DOCS / "pages"
    folder.mkdir(exist_ok=True)
    box = Handler()
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving_apart(keeping(box)) as port,
        served(Path(scratch), port) as (address, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        take(browser, address, box, folder, Path(scratch))
        browser.close()
    (DOCS / "pages.md").write_text(table(), encoding="utf-8")
    paths = list(folder.glob("*.webp"))
    print(f"{len(paths)} pictures, {sum(path.stat().st_size for path in paths) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
