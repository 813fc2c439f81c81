"""What a page weighs with everything that it names, at the most items that a case may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.http.app import build
from optout.api.service import Limits
from optout.registry import Registry
from optout.registry.log import SigningKey
from optout.registry.partners import Purpose, Report

if TYPE_CHECKING:
    from .conftest import Browser, Page

MOST_BYTES = 100_000
ITEMS = Limits().items
PASSAGE = (
    "The harbour of evening number {} lay still, and nobody had told the gulls about the strike.\n"
    "We waited until the lamps were lit, and then we waited for the boats to come.\n"
    "None of them did, and in the morning the nets were dry."
)
SENT = {"en": ("Send", "Open the case"), "fr": ("Envoyer", "Ouvrir le dossier")}


@pytest.fixture(scope="module")
def client(new_registry: Callable[[], Path]) -> Iterator[TestClient]:
    app = build(new_registry(), None, None, Limits(publish_seconds=0))
    with TestClient(app, base_url="http://optout.example") as client:
        yield client


def mixed() -> str:
    """As many things as a case may have, of every kind that is written in a line or a few."""
    lines = [
        line
        for number in range(ITEMS)
        for line in (
            f"https://anna-{number}.example/work/2024/harbour-in-the-evening-{number:04}.jpg",
            f"studio-of-anna-{number}.example",
            f"anna.example/gallery/{number}/*",
            f"deviantart:anna{number}",
            f"doi:10.1234/harbour.{number}",
        )
    ]
    passages = [PASSAGE.format(number) for number in range(4)]
    return "\n\n".join(["\n".join(lines[: ITEMS - len(passages)]), *passages])


def weight(page: Page, client: TestClient) -> int:
    """Bytes of a page with its style and its scripts, and those that these import."""
    wanted = {
        element.attributes.get("src") or element.attributes["href"]
        for element in page.root.every("script", "link")
        if element.attributes.get("rel") != "icon"
    }
    seen: dict[str, int] = {}
    while wanted:
        address = wanted.pop()
        answer = client.get(address)
        assert answer.status_code == 200, address
        seen[address] = len(answer.content)
        if ".js" in address:
            imported = re.findall(r'from "\./([a-z0-9-]+\.js)"', answer.text)
            wanted |= {f"/static/{name}" for name in imported} - seen.keys()
    return len(page.html.encode()) + sum(seen.values())


def left_out(registry: Registry, page: Page) -> None:
    """A partner claims to have left out every item of the case that a page shows."""
    keys = dict(page.fields(page.root.first("main").first("form")))
    items = registry.cases.read(keys["number"], keys["secret"]).items
    verifier = str(SigningKey.generate("harbour.example").verifier)
    name = f"Harbour Models {keys['number']}"
    sender, _ = registry.partners.make(name, Purpose.REPORT, verifier=verifier)
    size, root = registry.size, registry.root().hex()
    rows = {item.index: 12 for item in items}
    corpus = f"Harbours and boats {keys['number']}"
    told = Report(corpus, "2026-11-24", registry.origin, size, root, rows, corpus.encode())
    registry.reports.keep(sender, told)


@pytest.fixture(scope="module", params=SENT)
def largest(request: pytest.FixtureRequest, browse: Callable[..., Browser]) -> dict[str, Page]:
    """The pages of the largest case, by name."""
    browser = browse(request.param)
    send, open_case = SENT[request.param]
    pages = {"check": browser.give(mixed())}
    pages["receipt"] = browser.press(pages["check"], send)
    pages["case"] = browser.press(pages["receipt"], open_case)
    registry = browser.client.app.state.desk._registry  # type: ignore[attr-defined]
    left_out(registry, pages["case"])
    pages["reported"] = browser.press(pages["receipt"], open_case)
    assert "Harbours and boats" in pages["reported"].text
    withdraw = [b for b in pages["case"].buttons() if b.attributes.get("value") == "all"]
    pages["withdraw"] = browser.press(pages["case"], withdraw[0])
    forms = pages["case"].root.every("form")
    looking = next(form for form in forms if form.attributes["action"] == "/case/review")
    pages["reviews"] = browser.press(pages["case"], looking.first("button"))
    return pages


def test_the_largest_case_weighs_less_than_a_hundred_thousand_bytes(
    client: TestClient, largest: dict[str, Page]
) -> None:
    for page in largest.values():
        assert page.status == 200
        assert page.html.count("harbour-in-the-evening") >= ITEMS // 5 - 1
    weights = {name: weight(page, client) for name, page in largest.items()}
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ >= MOST_BYTES} == {}
