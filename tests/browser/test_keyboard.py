"""From the start page to the receipt without a mouse, always seeing where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .steps import LINKS

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .conftest import Visiting, Visitor

FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: element.id || element.name || element.textContent.trim(),
    value: element.value ?? "",
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
  };
}"""
MOST_STEPS = 60


def tab_to(page: Page, name: str, value: str | None = None) -> int:
    """Press the tabulator until something has the focus: how often."""
    for steps in range(1, MOST_STEPS):
        page.keyboard.press("Tab")
        told = page.evaluate(FOCUSED)
        if told is None:
            continue
        assert told["ring"], f"one does not see that {told['name']} has the focus"
        assert told["seen"], f"{told['name']} has the focus and is not to be seen"
        if told["name"] == name and value in {None, told["value"]}:
            return steps
    raise AssertionError(f"{name} is not reached")


def press(page: Page, name: str, value: str, then: str) -> None:
    tab_to(page, name, value)
    page.keyboard.press("Enter")
    page.wait_for_selector(then)


@pytest.fixture
def at_start(visiting: Visiting, language: str, width: str) -> Visitor:
    visitor = visiting(language, width)
    visitor.page.goto("/")
    return visitor


def test_tabulator_and_enter_lead_from_the_start_to_the_receipt_and_to_the_end(
    at_start: Visitor,
) -> None:
    page = at_start.page
    tab_to(page, "lines")
    page.keyboard.type(LINKS[0])
    press(page, "do", "check", "button[value=send]")
    press(page, "do", "send", ".receipt")
    words = {"en": "Open the case", "fr": "Ouvrir le dossier"}[at_start.language]
    tab_to(page, words)
    page.keyboard.press("Enter")
    page.wait_for_selector("#erase")
    press(page, "erase", "all", "button[name=sure]")
    press(page, "sure", "yes", "main a.button")


def test_a_question_is_answered_with_the_keyboard(at_start: Visitor) -> None:
    page = at_start.page
    tab_to(page, "lines")
    page.keyboard.type("@anna")
    press(page, "do", "check", "select[name=account]")
    tab_to(page, "account-1")
    page.keyboard.type("Insta")
    press(page, "do", "check", "button[value=send]")
    press(page, "do", "send", ".receipt")


def test_the_choice_between_account_and_page_is_made_with_the_keyboard(
    at_start: Visitor,
) -> None:
    page = at_start.page
    tab_to(page, "lines")
    page.keyboard.type("instagram.com/anna")
    press(page, "do", "check", "button[value=send]")
    name = page.locator("input[type=radio]").first.get_attribute("name")
    tab_to(page, name or "", "account")
    page.keyboard.press("ArrowDown")
    assert page.locator("input[type=radio][value=page]").is_checked()
