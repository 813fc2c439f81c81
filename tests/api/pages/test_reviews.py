"""An item is shown to a person, who decides: what the pages say before, meanwhile and after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.pages.grades import GRADES
from optout.registry import Registry
from optout.registry.cases import MOST_CHARACTERS, due_date
from optout.registry.identifiers import Grade

if TYPE_CHECKING:
    from .conftest import Browser, Element, Page

HOSTILE = "<b>x</b>\r\n\0\N{RIGHT-TO-LEFT OVERRIDE}\x9b31m"
PASSAGE = (
    "The harbour lay still, and nobody had told the gulls about the strike.\n"
    "We waited until the lamps were lit, and then we waited for the boats to come.\n"
    "None of them did, and in the morning the nets were dry."
)
COULD_NOT = "A person looked, and could not tell that it is yours."


class Owner:
    """A case, and the browser of who has its secret."""

    def __init__(self, client: TestClient, browser: Browser, receipt: Page) -> None:
        self.browser, self.receipt = browser, receipt
        self.registry: Registry = client.app.state.desk._registry  # type: ignore[attr-defined]
        form = receipt.form_of(receipt.root.first("main").every("button")[-1])
        keys = dict(receipt.fields(form))
        self.keys = keys["number"], keys["secret"]

    @property
    def entries(self) -> list[int]:
        return [item.index for item in self.registry.cases.read(*self.keys).items]

    def case(self) -> Page:
        return self.browser.press(self.receipt, self.receipt.root.first("main").every("button")[-1])

    def choice(self) -> Page:
        page = self.case()
        forms = [f for f in page.root.every("form") if f.attributes["action"] == "/case/review"]
        return self.browser.press(page, forms[0].first("button"))

    def item(self, place: int = 0) -> Page:
        page = self.choice()
        return self.browser.press(page, by_name(page, "item")[place])

    def asked(self) -> list[tuple[int, str, str]]:
        """What the operator sees of this case."""
        own = self.entries
        return [(e.entry, e.value, e.note) for e in self.registry.sharing.asked() if e.entry in own]

    def grades(self) -> list[Grade]:
        return [item.grade for item in self.registry.cases.read(*self.keys).items]


def by_name(page: Page, name: str) -> list[Element]:
    return [b for b in page.buttons() if b.attributes.get("name") == name and b.text]


@pytest.fixture
def owned(client: TestClient, browser: Browser) -> Callable[..., Owner]:
    def owned(given: str, *pictures: tuple[str, bytes]) -> Owner:
        return Owner(client, browser, browser.press(browser.give(given, *pictures), "Send"))

    return owned


def test_an_item_is_shown_waits_and_is_decided(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/shown\nhttps://anna.example/kept")
    page = one.item()
    assert "Until you press “Show it”, nobody here can read what you registered." in page.text
    assert "They decide within 14 working days." in page.text
    assert one.asked() == []
    page = browser.press(page, "Show it", write={"note": "My name\nis below it."})
    assert page.heading == "A person will look"
    assert "Thank you: it is shown." in page.text
    # The person sees this, and nothing else.
    (shown,) = one.asked()
    assert shown == (one.entries[0], "https://anna.example/shown", "My name\nis below it.")
    today = datetime.now(UTC).date()
    due = due_date(today)
    assert f"by {due.day} {due:%B} {due.year}" in page.text
    assert f"Shown since {today.day} {today:%B} {today.year}." in page.text
    assert "My name is below it." in page.text
    assert "1 item is shown and waits." in one.case().text
    one.registry.sharing.review(shown[0], datetime.now(UTC))
    assert one.grades() == [Grade.REVIEWED, Grade.SELF]
    case = one.case()
    assert f"1 item has it: {GRADES['reviewed']}" in case.text
    marks = [e.text for e in case.root.every("p") if "grade" in e.attributes.get("class", "")]
    assert GRADES["reviewed"] in marks[0]
    page = one.item()
    assert page.heading == "A person has looked"
    assert "Show it" not in [b.text for b in page.buttons()]
    assert one.asked() == []


def test_what_is_shown_can_be_taken_back_until_it_is_decided(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/back")
    shown = browser.press(one.item(), "Show it")
    assert len(one.asked()) == 1
    page = browser.press(shown, "Take it back")
    assert "It is taken back: nobody can see it any more." in page.text
    assert one.asked() == []
    assert "Show it" in [b.text for b in page.buttons()]
    browser.press(page, "Show it")
    one.registry.sharing.review(one.entries[0], datetime.now(UTC))
    # Who has the older page open still takes nothing away from what is decided.
    assert browser.press(shown, "Take it back").heading == "A person has looked"
    assert one.grades() == [Grade.REVIEWED]


def test_who_is_declined_reads_why_and_may_show_it_again(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/declined")
    browser.press(one.item(), "Show it")
    one.registry.sharing.decline(one.entries[0], "The page names\nsomebody else.")
    assert "1 item could not be decided: read why." in one.case().text
    assert COULD_NOT in one.choice().text
    page = one.item()
    assert COULD_NOT in page.text
    assert page.root.first("blockquote").text == "The page names somebody else."
    assert one.grades() == [Grade.SELF]
    assert browser.press(page, "Show it").heading == "A person will look"


def test_of_a_passage_its_owner_gives_the_whole(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned(PASSAGE)
    page = browser.press(one.item(), "Show it")
    assert "Please paste the passage first" in page.text
    page = browser.press(page, "Show it", write={"value": "Another passage, which is another's."})
    assert "This is not what you registered." in page.text
    assert one.asked() == []
    page = browser.press(page, "Show it", write={"value": PASSAGE})
    assert page.heading == "A person will look"
    assert one.asked() == [(one.entries[0], PASSAGE, "")]


def test_of_a_picture_and_a_file_its_owner_says_where_they_are_seen(
    browser: Browser, owned: Callable[..., Owner], photograph: Callable
) -> None:
    one = owned("", ("a.jpg", photograph()))
    things = by_name(one.choice(), "item")
    for place, _ in enumerate(things):
        page = browser.press(one.item(place), "Show it")
        assert page.by_id("value-problem").text.startswith("Please tell first where")
        browser.press(page, "Show it", write={"value": f"https://anna.example/{place}"})
    # A file is two entries, and one thing.
    assert sorted(entry for entry, _, _ in one.asked()) == sorted(one.entries)
    assert {value for _, value, _ in one.asked()} == {
        f"https://anna.example/{place}" for place, _ in enumerate(things)
    }


def test_what_is_too_long_is_told_beside_its_field_and_kept(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/long")
    page = browser.press(one.item(), "Show it", write={"note": "x" * (MOST_CHARACTERS + 1)})
    assert "4,000" in page.by_id("note-problem").text
    assert page.by_id("note").text == "x" * (MOST_CHARACTERS + 1)
    assert one.asked() == []


@pytest.mark.parametrize("item", ["", "999999", "-1", "x+y", HOSTILE])
def test_what_is_no_item_of_the_case_leads_to_the_choice(
    browser: Browser, owned: Callable[..., Owner], item: str
) -> None:
    one = owned("https://anna.example/choice")
    number, secret = one.keys
    data = {"number": number, "secret": secret, "item": item, "do": "show"}
    answer = browser.client.post("/case/review", data=data)
    assert answer.status_code == 200
    assert "Which item?" in answer.text
    assert one.asked() == []


def test_nobody_shows_what_is_somebody_elses(browser: Browser, owned: Callable[..., Owner]) -> None:
    mine, theirs = owned("https://anna.example/mine"), owned("https://anna.example/theirs")
    number, secret = mine.keys
    data = {"number": number, "secret": secret, "item": str(theirs.entries[0]), "do": "show"}
    browser.client.post("/case/review", data=data)
    browser.press(theirs.item(), "Show it")
    browser.client.post("/case/review", data={**data, "do": "take-back"})
    assert len(theirs.asked()) == 1
    wrong = browser.client.post("/case/review", data={**data, "secret": theirs.keys[1]})
    assert wrong.status_code == 404


def test_what_is_withdrawn_is_not_offered(browser: Browser, owned: Callable[..., Owner]) -> None:
    one = owned("https://anna.example/gone")
    page = one.item()
    one.registry.cases.withdraw(*one.keys)
    page = browser.press(page, "Show it")
    assert "None of your items is in force" in page.text
    assert one.asked() == []
    assert "Ask a person to look" not in one.case().text


def test_nothing_that_is_said_is_more_than_words(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/words")
    page = browser.press(one.item(), "Show it", write={"note": HOSTILE})
    assert not page.root.every("b")
    for sign in ("\0", "\N{RIGHT-TO-LEFT OVERRIDE}", "\x9b"):
        assert sign not in page.html
    one.registry.sharing.decline(one.entries[0], HOSTILE)
    page = one.item()
    assert not page.root.every("b")
    assert "<b>x</b>" in page.root.first("blockquote").text


def test_the_way_is_there_in_french(client: TestClient, browse: Callable[..., Browser]) -> None:
    browser = browse("fr")
    receipt = browser.press(browser.give("https://anna.example/vue"), "Envoyer")
    one = Owner(client, browser, receipt)
    page = browser.press(one.item(), "Montrer")
    assert page.heading == "Une personne va regarder"
    assert "Une personne décide au plus tard le" in page.text
    page = browser.press(page, "Le reprendre")
    assert "Vous l’avez repris" in page.text
    assert one.asked() == []


def test_the_page_can_be_read_in_the_other_language_and_does_nothing_twice(
    browser: Browser, owned: Callable[..., Owner]
) -> None:
    one = owned("https://anna.example/langue")
    shown = browser.press(one.item(), "Show it")
    taken = browser.press(shown, "Take it back")
    other = next(b for b in taken.buttons() if b.attributes.get("form") == "again")
    page = browser.press(taken, other)
    assert page.heading == "Demander le regard d’une personne"
    assert one.asked() == []


def test_who_comes_without_a_case_is_asked_for_one(browser: Browser) -> None:
    page = browser.get("/case/review")
    assert page.by_id("number")
    assert page.by_id("secret")
