"""A case shows what others say of its items: what partners left out, and what is disputed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.pages.things import told_things
from optout.registry import Identifier, Registry
from optout.registry.cases import Case, Reason
from optout.registry.log import SigningKey
from optout.registry.partners import Exclusion, Purpose, Report

if TYPE_CHECKING:
    from .conftest import Browser, Page

NUMBER = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}\b")
SECRET = re.compile(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b")
HOSTILE = "<b>x</b>\r\n\0\N{RIGHT-TO-LEFT OVERRIDE}\x9b31m"
SHOWN = "<b>x</b>\N{REPLACEMENT CHARACTER}"


class Told:
    """A case, and what is said of its one item."""

    def __init__(self, client: TestClient, browser: Browser, address: str) -> None:
        self.registry: Registry = client.app.state.desk._registry  # type: ignore[attr-defined]
        self.browser = browser
        self.address = address
        self.receipt = browser.press(browser.give(address), "Send")
        found = SECRET.search(self.receipt.text)
        assert found
        number = NUMBER.search(self.receipt.text.replace(found.group(), ""))
        assert number
        self.keys = number.group(), found.group()
        self.at = self.case.items[0].index

    @property
    def case(self) -> Case:
        return self.registry.cases.read(*self.keys)

    def reported(self, name: str, corpus: str, rows: int) -> None:
        verifier = str(SigningKey.generate("harbour.example").verifier)
        sender, _ = self.registry.partners.make(name, Purpose.REPORT, verifier=verifier)
        size, root = self.registry.size, self.registry.root().hex()
        told = Report(
            corpus, "2026-11-24", self.registry.origin, size, root, {self.at: rows}, corpus.encode()
        )
        self.registry.reports.keep(sender, told)

    def disputed(self, statement: str) -> str:
        sent = self.registry.notices.send(
            self.at,
            Identifier.url(self.address),
            Reason.LICENSED,
            statement,
            datetime(2026, 3, 2, tzinfo=UTC),
        )
        return sent.number

    def page(self) -> Page:
        return self.browser.press(self.receipt, "Open the case")


@pytest.fixture
def told(client: TestClient, browse: Callable[..., Browser]) -> Callable[[str], Told]:
    return lambda path: Told(client, browse(), f"https://anna.example/{path}")


def test_what_partners_left_out_stands_under_its_item_as_their_claim(
    told: Callable[[str], Told],
) -> None:
    one = told("left-out")
    assert "Left out by" not in one.page().text
    one.reported("Harbour Models", "Harbours 2026", 2340)
    one.reported("Museum", "Boats", 1)
    text = one.page().text
    assert (
        "Left out by: Harbour Models, Harbours 2026, 2,340 records, 24 November 2026 (claimed)"
        in text
    )
    assert "Left out by: Museum, Boats, 1 record, 24 November 2026 (claimed)" in text


def test_a_dispute_stands_under_its_item_until_it_is_decided(told: Callable[[str], Told]) -> None:
    one = told("disputed")
    number = one.disputed("They sold it to us.")
    text = one.page().text
    assert "Somebody says that this may be used, under a licence." in text
    assert f"A person decides by 20 March 2026 (notice {number})." in text
    assert "They sold it to us." in text
    one.registry.notices.reject(number, "looked at", datetime.now(UTC))
    text = one.page().text
    for gone in ("licence", number, "They sold it to us."):
        assert gone not in text


def test_it_is_told_in_french(told: Callable[[str], Told], browse: Callable[..., Browser]) -> None:
    one = told("en-francais")
    one.reported("Port", "Ports", 2)
    number = one.disputed("Il est à nous.")
    french = browse("fr")
    door = french.get(f"/case/{one.keys[0]}")
    button = door.root.first("main").first("button")
    page = french.press(door, button, write={"number": one.keys[0], "secret": one.keys[1]})
    assert "Écarté par : Port, Ports, 2 enregistrements, 24 novembre 2026 (déclaré)" in page.text
    assert f"Une personne décidera d’ici au 20 mars 2026 (contestation {number})." in page.text


def test_nothing_that_others_say_is_more_than_words(told: Callable[[str], Told]) -> None:
    one = told("hostile")
    one.reported("Evil", HOSTILE, 3)
    one.disputed(HOSTILE)
    page = one.page()
    assert not list(page.root.first("main").every("b"))
    assert page.text.count(SHOWN) == 2
    assert "<b>x</b> \N{REPLACEMENT CHARACTER}" in page.text
    for sign in ("\0", "\N{RIGHT-TO-LEFT OVERRIDE}", "\x9b"):
        assert sign not in page.text


def test_both_entries_of_a_file_count_a_row_once(
    client: TestClient, told: Callable[[str], Told]
) -> None:
    registry = told("file").registry
    from optout.registry.cases import CaseItem

    opened = registry.cases.open_case(
        [CaseItem(each, "novel.pdf") for each in Identifier.files(b"a novel")]
    )
    one, two = (entry.index for entry in opened.case.items)
    boats, ports = (Exclusion("Museum", name, "2026-11-24", 7) for name in ("Boats", "Ports"))
    more = Exclusion("Museum", "Boats", "2026-11-24", 9)
    (thing,) = told_things(opened.case.items, {one: [boats], two: [more, ports]}, [])
    assert thing.left_out == (more, ports)
