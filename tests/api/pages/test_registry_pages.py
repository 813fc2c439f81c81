"""What the registry holds, as anybody may see it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from optout.api.pages import registry_words
from optout.api.pages.charts import HEIGHT, WIDTH, chart_of, table_of
from optout.api.pages.registry_pages import witnesses_of
from optout.api.service import Day
from optout.registry.identifiers import Grade, Kind

if TYPE_CHECKING:
    from .conftest import Browser, Page

DAYS = [Day("2026-01-01", 3), Day("2026-02-01", 17), Day("2026-03-01", 12)]
UNTIL = datetime.date(2026, 3, 31)


def rows(page: Page, place: int) -> list[list[str]]:
    table = page.root.every("table")[place]
    return [[cell.text for cell in row.every("th", "td")] for row in table.every("tr")]


@pytest.fixture(scope="module")
def filled(browser: Browser) -> None:
    browser.press(browser.give("anna.example/1\nanna.example/2\ninstagram:anna"), "Send")


@pytest.mark.usefixtures("filled")
def test_what_is_held_is_told_by_kind_and_grade(browser: Browser) -> None:
    page = browser.get("/registry")
    assert rows(page, 0) == [
        ["Kind", "in all", "said", "account proved", "site proved", "reviewed"],
        ["Links", "2", "2", "0", "0", "0"],
        ["Accounts", "1", "1", "0", "0", "0"],
    ]
    assert "3 entries are in force" in page.text


@pytest.mark.usefixtures("filled")
def test_growth_is_drawn_and_told_in_a_table(browser: Browser) -> None:
    page = browser.get("/registry")
    drawing = next(e for e in page.root.every("svg") if e.attributes.get("class") == "chart")
    assert drawing.first("title").text
    assert drawing.first("desc").text
    assert rows(page, 1)[-1][1] == "3"


@pytest.mark.usefixtures("filled")
def test_the_state_of_the_log_is_the_one_that_is_served(
    browser: Browser, client: TestClient
) -> None:
    page = browser.get("/registry")
    assert client.get("/snapshot/snapshot.json").json()["root"] in page.text
    assert client.get("/key").text.strip() in page.text
    assert "None yet: nobody else has signed" in page.text


def test_a_registry_that_holds_nothing_has_a_page_too(serving: Callable, browse: Callable) -> None:
    with serving() as client:
        page = browse(client=client).get("/registry")
    assert page.status == 200
    assert "0 entries are in force" in page.text
    assert not page.root.every("table")


def test_looking_reads_no_log(client: TestClient, browser: Browser, monkeypatch) -> None:
    browser.get("/registry")

    def reading(*_: object, **__: object) -> None:
        raise AssertionError("the log was read")

    monkeypatch.setattr("optout.api.service.building.fold_by_day", reading)
    monkeypatch.setattr("optout.registry.Registry.leaves", reading)
    published = client.app.state.desk.published  # type: ignore[attr-defined]
    monkeypatch.setattr(published._publisher, "served", published._publisher.newest)
    assert browser.get("/registry").status == 200


def test_whoever_signed_beside_the_log_is_a_witness() -> None:
    note = "log\n1\nroot\n\n— log AAAA\n— witness.example/1 BBBB\n— w2 CCCC\n"
    assert witnesses_of(note, "log") == ["witness.example/1", "w2"]


def test_a_chart_ends_where_it_is_drawn_to_and_stays_inside() -> None:
    chart = chart_of(DAYS, UNTIL)
    assert chart is not None
    points = [tuple(map(float, point.split(","))) for point in chart.line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert chart.top == 20
    assert points[0][1] == chart.base_at


@pytest.mark.parametrize("count", [0, 1, 10**9])
def test_one_day_is_a_chart_too(count: int) -> None:
    chart = chart_of([Day("2026-01-01", count)], datetime.date(2026, 1, 1))
    assert chart is not None
    assert chart.top >= max(count, 1)
    assert not re.search("nan|inf", chart.line)


def test_no_days_are_no_chart() -> None:
    assert chart_of([], UNTIL) is None


def test_many_days_are_told_by_month() -> None:
    first = datetime.date(2026, 1, 1)
    days = [Day(f"{first + datetime.timedelta(number)}", number) for number in range(90)]
    assert [day.date for day in table_of(days)] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert table_of(days[:24]) == days[:24]


def test_every_kind_and_grade_has_a_name() -> None:
    assert set(registry_words.KINDS) == {str(kind) for kind in Kind}
    assert set(registry_words.GRADES) == {str(grade) for grade in Grade}
