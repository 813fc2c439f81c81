"""From a link to a receipt in two clicks, and all that comes after, in a real browser."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .steps import HANDLE, LINKS, checked, code_for, given, opened, photographs, sent
from .wire import wire_to

if TYPE_CHECKING:
    from .conftest import Service, Visiting, Visitor

MINE = "\n".join([*LINKS, HANDLE])
DONE = {"en": "Done. You have said no.", "fr": "C’est fait. Vous avez dit non."}


def test_three_links_a_handle_and_two_photographs_in_two_clicks(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = visitor.page
    checked(page, MINE, photographs(tmp_path))
    for shown in (*LINKS, HANDLE, "IMG_0042.jpg", "été à la mer.jpg"):
        expect(page.locator("main")).to_contain_text(shown)
    sent(page)
    expect(page.locator("h1")).to_have_text(DONE[visitor.language])
    assert page.locator(".receipt ~ section .items > li, .receipt + section li").count() == 6
    assert visitor.seen.complaints == []


def test_an_address_is_confirmed_by_the_code_that_came_by_mail(
    visitor: Visitor, service: Service
) -> None:
    page = visitor.page
    address = f"anna-{secrets.token_hex(4)}@mail.example"
    checked(page, LINKS[0])
    page.fill("input[name=email]", address)
    sent(page)
    page.fill("input[name=code]", code_for(service.box, address))
    page.click("button[value=confirm]")
    expect(page.locator(".done[role=status]")).to_be_visible()
    expect(page.locator("main")).to_contain_text(address)
    letter = service.box.wait_for(address)
    assert letter["Content-Language"] in {None, visitor.language}
    assert visitor.seen.complaints == []


def test_what_was_registered_is_withdrawn_and_then_erased(visitor: Visitor) -> None:
    page = visitor.page
    checked(page, f"{LINKS[0]}\n{HANDLE}")
    secret = sent(page)
    opened(page)
    page.locator("button[name=withdraw]").first.click()
    page.click("button[name=sure]")
    expect(page.locator(".states .withdrawn")).to_have_count(1)
    page.click("button[name=erase]")
    page.click("button[name=sure]")
    expect(page.locator("main")).not_to_contain_text(secret)
    expect(page.locator("main a.button")).to_be_visible()
    assert visitor.seen.complaints == []


def test_the_link_on_the_receipt_opens_the_case(phone: Visitor) -> None:
    page = phone.page
    checked(page, LINKS[0])
    secret = sent(page)
    page.goto(page.locator(".keys a").get_attribute("href") or "")
    if not phone.scripts:
        page.fill("#secret", secret)
    expect(page.locator("#secret")).to_have_value(secret)
    page.click("main button.main")
    expect(page.locator("main")).to_contain_text(LINKS[0])


def test_a_user_name_is_asked_for_its_platform_on_the_same_page(phone: Visitor) -> None:
    page = phone.page
    checked(page, "@anna")
    page.select_option("select[name=account]", label="Instagram")
    page.click("button[value=check]")
    expect(page.locator("main")).to_contain_text("instagram:anna")
    sent(page)


def test_the_link_to_a_profile_is_an_account_unless_one_page_is_wanted(phone: Visitor) -> None:
    page = phone.page
    checked(page, "https://www.instagram.com/anna/")
    expect(page.locator("input[type=radio][value=account]")).to_be_checked()
    page.check("input[type=radio][value=page]")
    sent(page)
    opened(page)
    told = {"en": "1 link", "fr": "1 lien"}[phone.language]
    expect(page.locator(".states h3").first).to_have_text(re.compile(told))


def traces(path: Path) -> list[bytes]:
    """Pieces of a file by which it would be known on its way."""
    data = path.read_bytes()
    return [data[at : at + 32] for at in range(600, len(data) - 32, 4096)]


def test_with_javascript_no_byte_of_a_picture_leaves_the_device(
    visiting: Visiting, service: Service, tmp_path: Path
) -> None:
    pictures = photographs(tmp_path)
    with wire_to(service.address) as wire:
        visitor = visiting(base=wire.address)
        checked(visitor.page, LINKS[0], pictures)
        expect(visitor.page.locator("main")).to_contain_text("IMG_0042.jpg")
        sent(visitor.page)
        over_the_wire = wire.sent
        visitor.page.context.close()
    assert b"/2024/harbour.jpg" in over_the_wire
    for trace in (each for path in pictures for each in traces(path)):
        assert trace not in over_the_wire
    assert re.findall(rb'filename="[^"]+"', over_the_wire) == []
    assert visitor.seen.complaints == []


def test_without_javascript_the_picture_itself_is_sent(
    visiting: Visiting, service: Service, tmp_path: Path
) -> None:
    pictures = photographs(tmp_path)
    with wire_to(service.address) as wire:
        visitor = visiting(base=wire.address, scripts=False)
        checked(visitor.page, LINKS[0], pictures)
        over_the_wire = wire.sent
        visitor.page.context.close()
    assert all(trace in over_the_wire for trace in traces(pictures[0]))


def test_a_stopwatch_from_the_start_page_to_the_receipt(visiting: Visiting) -> None:
    """Prints how much somebody has to do: nothing of it is a law."""
    page = visiting("en", "phone").page
    begun = time.monotonic()
    given(page, "https://www.instagram.com/anna/")
    buttons = ("button[value=check]", "button[value=send]")
    for button in buttons:
        page.click(button)
    page.wait_for_selector(".receipt")
    took = time.monotonic() - begun
    print(f"\none profile link: one paste, no key, {len(buttons)} clicks, {took:.1f} s of machine")
