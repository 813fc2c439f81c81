"""A case says which collections have left something of it out, and which have not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.registry import Registry
from optout.registry.log import SigningKey
from optout.registry.partners import Purpose, Report
from optout.registry.store import ReportRow

if TYPE_CHECKING:
    from .conftest import Browser, Page


class Reporting:
    """A case of two items, and partners that tell of it."""

    def __init__(self, client: TestClient, browser: Browser, path: str) -> None:
        self.browser = browser
        self.registry: Registry = client.app.state.desk._registry  # type: ignore[attr-defined]
        lines = f"anna.example/{path}/1\nanna.example/{path}/2"
        self.receipt = browser.press(browser.give(lines), "Send")
        form = self.receipt.form_of(self.receipt.button("Open the case"))
        keys = dict(self.receipt.fields(form))
        case = self.registry.cases.read(keys["number"], keys["secret"])
        self.entries = [item.index for item in case.items]

    def report(
        self,
        name: str,
        corpus: str,
        *entries: int,
        date: str = "2026-11-24",
        at: tuple[int, bytes] | None = None,
    ) -> None:
        verifier = str(SigningKey.generate("harbour.example").verifier)
        sender, _ = self.registry.partners.make(name, Purpose.REPORT, verifier=verifier)
        size, root = at or (self.registry.size, self.registry.root())
        rows = dict.fromkeys(entries, 3)
        told = f"{name} {corpus} {date} {entries}".encode()
        self.registry.reports.keep(
            sender, Report(corpus, date, self.registry.origin, size, root.hex(), rows, told)
        )

    def page(self) -> Page:
        return self.browser.press(self.receipt, "Open the case")


@pytest.fixture
def reporting(
    serving: Callable, browse: Callable[..., Browser], request: pytest.FixtureRequest
) -> Callable[[], Reporting]:
    """Makes a case in a registry of its own, so that nobody else's reports are about it."""

    def reporting() -> Reporting:
        opened = serving()
        client = opened.__enter__()
        request.addfinalizer(lambda: opened.__exit__(None, None, None))
        return Reporting(client, browse("en", client), "a")

    return reporting


def test_where_nobody_has_reported_the_page_says_so(reporting: Callable[[], Reporting]) -> None:
    assert "Nobody has told us about any collection yet." in reporting().page().text


def test_who_left_something_out_and_who_did_not_are_told_apart(
    reporting: Callable[[], Reporting],
) -> None:
    one = reporting()
    before = one.registry.size, one.registry.root()
    stranger = one.browser.press(one.browser.give("bob.example/b"), "Send")
    assert stranger.status == 200
    one.report("Museum", "Boats", one.entries[0])
    one.report("Harbour Models", "Harbours", *one.entries)
    one.report("Quiet", "Gulls", before[0])
    text = one.page().text
    first = "Harbour Models left out 2 of your 2 items from Harbours (24 November 2026)."
    second = "Museum left out 1 of your 2 items from Boats (24 November 2026)."
    third = "Quiet found nothing of yours to leave out in Gulls (24 November 2026)."
    assert text.index(first) < text.index(second) < text.index(third)


def test_a_collection_from_before_is_told_as_such(
    serving: Callable, browse: Callable[..., Browser]
) -> None:
    with serving() as client:
        browser = browse("en", client)
        browser.press(browser.give("bob.example/first"), "Send")
        registry = client.app.state.desk._registry
        early = registry.size, registry.root()
        one = Reporting(client, browser, "later")
        one.report("Early", "Sails", 0, at=early)
        assert "Early prepared Sails before you registered (24 November 2026)." in one.page().text


def test_a_newer_report_takes_the_place_of_an_older_one(
    reporting: Callable[[], Reporting],
) -> None:
    one = reporting()
    one.report("Museum", "Boats", *one.entries)
    one.report("Museum", "Boats", one.entries[0], date="2026-11-25")
    text = one.page().text
    assert "Museum left out 1 of your 2 items from Boats (25 November 2026)." in text
    assert "24 November 2026" not in text


def test_very_many_collections_are_not_all_shown(reporting: Callable[[], Reporting]) -> None:
    one = reporting()
    for number in range(22):
        one.report(f"P{number}", "Boats", one.entries[0])
    page = one.page()
    assert page.text.count("left out 1 of your 2 items") == 20
    assert "2 more collections are not shown." in page.text


def test_the_newest_of_each_corpus_can_be_asked_for(reporting: Callable[[], Reporting]) -> None:
    one = reporting()
    one.report("Museum", "Boats", one.entries[0])
    one.report("Museum", "Boats", one.entries[1], date="2026-11-25")
    one.report("Museum", "Sails", one.entries[1])
    found = one.registry.reports.newest(10)
    assert all(isinstance(each, ReportRow) and each.is_newest for each in found)
    assert [(each.corpus, each.date) for each in found] == [
        ("Boats", "2026-11-25"),
        ("Sails", "2026-11-24"),
    ]
    assert len(one.registry.reports.newest(1)) == 1
