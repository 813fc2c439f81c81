"""What every page owes to those who use it without a mouse, without sight, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import optout.api.pages
import pytest
from optout.registry.cases import MOST_CHARACTERS

from .conftest import Page

if TYPE_CHECKING:
    from .conftest import Browser, Element

STATIC = Path(optout.api.pages.__file__).parent / "static"
LABELLED = ("input", "textarea", "select")


def every_page(browser: Browser, photograph: Callable, plain_picture: bytes) -> dict[str, Page]:
    """Each page, in each state that shows something else."""
    pages = {"start": browser.get("/"), "nothing": browser.give("")}
    start = pages["start"]
    check = start.root.first("main").first("button")
    pages["check"] = browser.press(
        start,
        check,
        write={
            "lines": "anna.example/ä?b\nanna.example\n@anna\nanna.example/ä?b\ninstagram.com/anna"
        },
        attach=[
            ("a.jpg", photograph()),
            ("logo.png", plain_picture),
            ("b.jpg", b"no picture"),
        ],
    )
    buttons = {b.attributes.get("value"): b for b in pages["check"].buttons()}
    pages["change"] = browser.press(pages["check"], buttons["change"])
    pages["receipt"] = browser.press(pages["check"], buttons["rest"])
    door = re.search(r"/case/([A-Z2-7-]{9})", pages["receipt"].html)
    assert door
    pages["door"] = browser.get(door.group())
    pages["shut"] = browser.press(pages["door"], pages["door"].root.first("main").first("button"))
    pages["case"] = browser.press(
        pages["receipt"], pages["receipt"].root.first("main").every("button")[-1]
    )
    wishes = {b.attributes.get("name"): b for b in pages["case"].buttons()}
    pages["withdraw"] = browser.press(pages["case"], wishes["withdraw"])
    pages["erase"] = browser.press(pages["case"], wishes["erase"])
    yes = next(b for b in pages["withdraw"].buttons() if b.attributes.get("name") == "sure")
    pages["withdrawn"] = browser.press(pages["withdraw"], yes)
    yes = next(b for b in pages["erase"].buttons() if b.attributes.get("name") == "sure")
    pages["erased"] = browser.press(pages["erase"], yes)
    pages["failure"] = browser.get("/nothing")
    return pages | afterwards(browser) | for_all(browser)


def afterwards(browser: Browser) -> dict[str, Page]:
    """The pages of what comes later: news, proofs, objections and answers."""
    checked = browser.give("anna.example/afterwards")
    send = {b.attributes.get("value"): b for b in checked.buttons()}
    pages = {"unread": browser.press(checked, send["send"], write={"email": "anna"})}
    send = {b.attributes.get("value"): b for b in pages["unread"].buttons()}
    pages["asked"] = browser.press(pages["unread"], send["send"], write={"email": "a@b.example"})
    wishes = {b.attributes.get("value"): b for b in pages["asked"].buttons()}
    pages["wrong-code"] = browser.press(pages["asked"], wishes["confirm"], write={"code": "1"})
    wishes = {b.attributes.get("value"): b for b in pages["wrong-code"].buttons()}
    pages["code"] = browser.press(pages["wrong-code"], wishes["again"])
    pages["code-door"] = browser.get("/case/code")
    case = browser.press(pages["asked"], pages["asked"].root.first("main").every("button")[-1])
    number = case.root.first("h1").text.split()[-1]
    secret = dict(case.fields(case.root.first("main").first("form")))["secret"]
    owner = {"Authorization": f"Bearer {secret}"}
    entry = browser.client.get(f"/v1/cases/{number}", headers=owner).json()["items"][0]["index"]
    looking = next(f for f in case.root.every("form") if f.attributes["action"] == "/case/review")
    pages["reviews"] = browser.press(case, looking.first("button"))
    choose = next(b for b in pages["reviews"].buttons() if b.attributes.get("name") == "item")
    pages["review"] = browser.press(pages["reviews"], choose)
    send = {b.attributes.get("value"): b for b in pages["review"].buttons()}
    pages["too-long"] = browser.press(
        *(pages["review"], send["show"]), write={"note": "x" * (MOST_CHARACTERS + 1)}
    )
    send = {b.attributes.get("value"): b for b in pages["too-long"].buttons()}
    pages["waiting"] = browser.press(pages["too-long"], send["show"], write={"note": "see below"})
    prove = next(b for b in case.buttons() if b.attributes.get("name") == "subject")
    pages["prove"] = browser.press(case, prove)
    record = pages["prove"].root.first("main").first("button")
    pages["proof"] = browser.press(pages["prove"], record)
    wishes = {b.attributes.get("value"): b for b in pages["proof"].buttons()}
    pages["end"] = browser.press(pages["proof"], wishes["end"])
    pages["object"] = browser.get("/object")
    send = {b.attributes.get("value"): b for b in pages["object"].buttons()}
    pages["lacking"] = browser.press(pages["object"], send["send"])
    send = {b.attributes.get("value"): b for b in pages["lacking"].buttons()}
    pages["objected"] = browser.press(
        *(pages["lacking"], send["send"]),
        write={"entry": str(entry), "covers": "anna.example/afterwards", "statement": "?"},
        tick=[("reason", "other")],
    )
    pages["objection-door"] = browser.get("/object/state")
    opened = browser.client.post("/case", data=dict(case.fields(case.root.first("form"))))
    pages["disputed"] = Page(opened.text, opened.status_code)
    answer = next(b for b in pages["disputed"].buttons() if b.attributes.get("name") == "notice")
    pages["answer"] = browser.press(pages["disputed"], answer)
    sure = next(b for b in pages["end"].buttons() if b.attributes.get("name") == "sure")
    pages["proof-ended"] = browser.press(pages["end"], sure)
    return pages


def for_all(browser: Browser) -> dict[str, Page]:
    """The pages that look into the registry."""
    pages = {name: browser.get(f"/{name}") for name in ("look-up", "engineers", "auditors")}
    ask = pages["look-up"].root.first("main").first("button")

    def asked(text: str) -> Page:
        return browser.press(pages["look-up"], ask, write={"asked": text})

    pages |= {"missing": asked(""), "yes": asked("anna.example/afterwards"), "no": asked("b.org")}
    pages["registry"] = browser.get("/registry")
    return pages


NAMES = [
    *("start", "nothing", "check", "change", "receipt", "door", "shut", "case"),
    *("withdraw", "withdrawn", "erase", "erased", "failure"),
    *("unread", "asked", "wrong-code", "code", "code-door", "prove", "proof", "end"),
    *("reviews", "review", "too-long", "waiting"),
    *("object", "lacking", "objected", "objection-door", "disputed", "answer", "proof-ended"),
    *("look-up", "missing", "yes", "no", "registry", "engineers", "auditors"),
]


@pytest.fixture(scope="module")
def seen(browse: Callable, photograph: Callable, plain_picture: bytes) -> dict[str, dict]:
    return {code: every_page(browse(code), photograph, plain_picture) for code in ("en", "fr")}


@pytest.fixture(params=[f"{name}-{code}" for code in ("en", "fr") for name in NAMES])
def page(request: pytest.FixtureRequest, seen: dict[str, dict]) -> Page:
    name, _, code = request.param.rpartition("-")
    assert seen[code].keys() == set(NAMES)
    return seen[code][name]


def test_a_page_says_what_it_is(page: Page) -> None:
    assert len(page.root.every("h1")) == 1
    assert page.heading
    assert page.title.endswith(" · optout")
    assert len(page.root.every("main")) == 1
    assert page.html.startswith("<!doctype html>")


def test_headings_leave_out_no_step(page: Page) -> None:
    levels = [int(heading.tag[1]) for heading in page.root.every("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_names_within_a_page_are_its_own(page: Page) -> None:
    names = [e.attributes["id"] for e in page.root.every() if "id" in e.attributes]
    assert sorted(set(names)) == sorted(names)


def test_what_is_referred_to_is_there_and_says_something(page: Page) -> None:
    for element in page.root.every():
        for attribute in ("aria-describedby", "aria-labelledby", "for", "form"):
            for name in element.attributes.get(attribute, "").split():
                assert page.by_id(name)
                if attribute.startswith("aria"):
                    assert page.by_id(name).text


def test_every_field_has_a_label(page: Page) -> None:
    labels = {label.attributes.get("for") for label in page.root.every("label")}
    for control in page.root.every(*LABELLED):
        if control.attributes.get("type") == "hidden":
            continue
        assert control.attributes.get("id") in labels or within(control, "label"), control


def within(element: Element, tag: str) -> bool:
    above = element.parent
    while above is not None and above.tag != tag:
        above = above.parent
    return above is not None and bool(above.text)


def test_boxes_that_belong_together_have_a_name_together(page: Page) -> None:
    for control in page.root.every("input"):
        if control.attributes.get("type") == "checkbox":
            group = control.parent
            while group is not None and group.tag not in {"fieldset", "section"}:
                group = group.parent
            assert group is not None
            assert group.tag == "section" or group.children[0].tag == "legend"


def test_every_button_and_link_says_what_it_does(page: Page) -> None:
    for element in page.root.every("button", "a", "summary"):
        assert element.text
    words = [b.text for b in page.root.first("main").every("button")]
    assert sorted(set(words)) == sorted(words)


def test_a_mistake_is_told_beside_its_field(page: Page) -> None:
    for control in page.root.every(*LABELLED):
        if (
            control.attributes.get("aria-invalid") == "true"
            and control.attributes["id"] != "fix-rest"
        ):
            described = control.attributes["aria-describedby"].split()
            assert page.by_id(described[0]).attributes["class"] == "problem"


def test_pictures_are_named_or_hidden_from_those_who_do_not_see_them(page: Page) -> None:
    for drawing in page.root.every("svg"):
        above = drawing.parent
        assert above is not None
        named = above.attributes.get("role") == "img" and above.attributes.get("aria-label")
        assert named or drawing.attributes.get("aria-hidden") == "true"
    assert not page.root.every("img")


def test_a_page_needs_nothing_that_its_policy_forbids(page: Page) -> None:
    for element in page.root.every():
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/")
            assert not element.text
        assert element.tag != "style"
        assert not element.attributes.get("href", "").startswith(("javascript:", "//"))


def test_what_only_works_with_a_script_is_hidden_without_one(page: Page) -> None:
    for button in page.root.every("button"):
        if button.attributes.get("type") == "button":
            assert "hidden" in button.attributes


def test_every_form_sends_the_language_it_was_read_in(page: Page) -> None:
    code = page.root.first("html").attributes["lang"]
    for form in page.root.every("form"):
        if form.attributes.get("id") != "again":
            by_address = form.attributes["action"].endswith(f"?lang={code}")
            assert by_address or ("lang", code) in page.fields(form)
        assert form.attributes["method"] == "post"


def test_no_page_speaks_two_languages(page: Page, seen: dict[str, dict]) -> None:
    code = page.root.first("html").attributes["lang"]
    text = re.sub(r"English|Français", "", page.text)
    if code == "fr":
        assert not re.search(r"\b(the|your|this|with|and)\b", text), text
    else:
        assert not re.search(r"\b(le|votre|vous|avec|et)\b", text), text


def test_links_lead_somewhere(page: Page, browser: Browser) -> None:
    for link in page.root.every("a"):
        address = link.attributes["href"]
        if address.startswith("/"):
            assert browser.client.get(address).status_code == 200, address
    for asset in page.root.every("script", "link"):
        address = asset.attributes.get("src") or asset.attributes["href"]
        if not address.startswith("data:"):
            answer = browser.client.get(address)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]


def test_titles_tell_pages_apart(seen: dict[str, dict]) -> None:
    for pages in seen.values():
        # These show what another page shows, for another case or at another time.
        same = {"change", "unread", "asked", "disputed"}
        titles = [pages[name].title for name in NAMES if name not in same]
        assert sorted(set(titles)) == sorted(titles)


def scripts(seen: dict[str, dict]) -> str:
    """All scripts that the pages load, and those that these import."""
    wanted = {
        element.attributes["src"].partition("?")[0].rpartition("/")[2]
        for page in seen["en"].values()
        for element in page.root.every("script")
    }
    loaded: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        loaded[name] = (STATIC / name).read_text(encoding="utf-8")
        wanted |= set(re.findall(r'from "\./([a-z-]+\.js)"', loaded[name])) - loaded.keys()
    return "\n".join(loaded[name] for name in sorted(loaded))


def test_the_script_reads_what_the_pages_say(seen: dict[str, dict]) -> None:
    script = scripts(seen)
    asked = set(re.findall(r"\[data-([a-z-]+)\]", script))
    for name in re.findall(r"(?:dataset|words)\.([a-zA-Z]+)", script):
        asked.add(re.sub(r"([A-Z])", lambda letter: f"-{letter.group().lower()}", name))
    own = {"sent", "words"}  # the script's own notes
    offered = {
        name.removeprefix("data-")
        for page in seen["en"].values()
        for element in page.root.every()
        for name in element.attributes
        if name.startswith("data-")
    }
    assert asked - own <= offered, "the script asks for what no page says"
    assert offered - asked == set(), "a page says what the script does not ask for"


def test_the_stylesheet_names_what_the_pages_have(seen: dict[str, dict]) -> None:
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    selectors = re.sub(r"\{[^{}]*\}", "{}", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    named = set(re.findall(r"\.([a-z][a-z-]*)", selectors))
    used = {
        name
        for page in seen["en"].values()
        for element in page.root.every()
        for name in element.attributes.get("class", "").split()
    }
    script = scripts(seen)
    used |= set(re.findall(r'className = "([a-z-]+)"', script)) | {"over"}
    assert named - used == {"erased"}, "styles for nothing"


def test_ink_and_paper_are_far_enough_apart() -> None:
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in themes(style)
    )
    assert len(light) == len(dark) > 10
    for theme in (light, dark):
        for ground in ("paper", "card"):
            for ink in ("ink", "soft", "accent", "accent-deep", "grave"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
            # What shows where a field ends (WCAG 2.2, 1.4.11).
            assert contrast(theme["edge"], theme[ground]) >= 3, ground
        assert contrast(theme["on-accent"], theme["accent"]) >= 4.5
        assert contrast(theme["on-accent"], theme["accent-deep"]) >= 4.5
        assert contrast(theme["ink"], theme["wash"]) >= 4.5
        assert contrast(theme["grave"], theme["grave-wash"]) >= 4.5


def themes(style: str) -> tuple[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)[:2]
    return light, dark


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = []
        for at in (1, 3, 5):
            value = int(colour[at : at + 2], 16) / 255
            parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
