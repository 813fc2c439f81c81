"""What somebody sees first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Visiting


def test_the_first_screen_of_a_phone_has_the_box_and_the_button(
    visiting: Visiting, language: str, scripts: bool
) -> None:
    page = visiting(language, "phone", scripts=scripts).page
    page.goto("/")
    for place in (page.locator("#lines"), page.locator("button[value=check]")):
        box = place.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 844
