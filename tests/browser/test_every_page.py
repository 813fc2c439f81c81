"""What holds for every page in every state: for who sees little, and who pays by the byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from .conftest import WIDTHS, visit
from .states import walk
from .steps import photographs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .conftest import Service

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
MOST_BYTES = 100 * 1024

REFUSED = {"failure", "shut", "object-wrong"}
"""Pages that say by their status, too, that something was wrong: consoles note that."""

INLINE = "document.querySelectorAll('script:not([src]), style, [style]').length"

WIDER = """() => {
  const root = document.documentElement;
  const wide = root.clientWidth;
  const scrolls = (element) => {
    for (let each = element; each; each = each.parentElement)
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX)) return true;
    return false;
  };
  const out = [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > wide + 1 || box.left < -1) && !scrolls(element);
  });
  const cut = [...document.querySelectorAll("main *")].filter((element) =>
    ["hidden", "clip"].includes(getComputedStyle(element).overflowX) &&
    !element.matches(".sr, textarea, input, select, pre, canvas, .frame, svg") &&
    element.scrollWidth > element.clientWidth + 1);
  return [root.scrollWidth > wide, ...[...out, ...cut].slice(0, 5).map((e) => e.outerHTML)];
}"""


@dataclass
class Found:
    """What was found on all pages, by the name of the state.

    Attributes:
        names: of the states.
        broken: what axe finds, as light and as dark pages.
        wide: what is cut off, or scrolls sideways, at twice the size.
        bytes: of each page.
        complaints: what consoles said.
        inline: scripts and styles that stand in the page itself.
        hosts: that were asked.
    """

    names: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    wide: dict[str, list[Any]] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)
    complaints: list[tuple[str, str]] = field(default_factory=list)
    inline: dict[str, int] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(
    scope="module",
    params=[(language, width) for language in ("en", "fr") for width in WIDTHS],
    ids="-".join,
)
def found(
    request: pytest.FixtureRequest,
    chromium: Browser,
    service: Service,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Found]:
    """What somebody finds who walks through all pages once, with JavaScript."""
    visitor = visit(chromium, service.address, *request.param)
    page, seen, found, axe = visitor.page, visitor.seen, Found(), Axe()
    for name in walk(page, service.box, photographs(tmp_path_factory.mktemp("pictures"))):
        told = [] if name in REFUSED else seen.complaints
        found.complaints += [(name, each) for each in told]
        found.names.append(name)
        found.bytes[name] = size_of(page)
        found.inline[name] = page.evaluate(INLINE)
        found.broken += [f"{name}: {each}" for each in broken(axe, page, TAGS)]
        page.emulate_media(color_scheme="dark")
        found.broken += [f"{name}, dark: {each}" for each in broken(axe, page, ("wcag2aa",))]
        page.emulate_media(color_scheme="light")
        wide, high = WIDTHS[request.param[1]]
        page.set_viewport_size({"width": wide // 2, "height": high // 2})
        found.wide[name] = page.evaluate(WIDER)
        page.set_viewport_size({"width": wide, "height": high})
        seen.complaints.clear()
    found.hosts = seen.hosts()
    yield found
    page.context.close()


def broken(axe: Axe, page: Page, tags: tuple[str, ...]) -> list[str]:
    """What axe finds on a page."""
    options = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}
    violations = axe.run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes']][:3]}"
        for each in violations
    ]


def size_of(page: Page) -> int:
    """Bytes of a page with its style and all of its scripts, pictures left out."""
    html = len(page.content().encode())
    named = "script[src], link[rel=stylesheet], link[rel=modulepreload]"
    parts = page.evaluate(
        "(named) => [...document.querySelectorAll(named)].map((each) => each.src || each.href)",
        named,
    )
    loaded = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    scripts = {each for each in [*parts, *loaded] if urlsplit(each).path.endswith((".js", ".css"))}
    return html + sum(len(page.request.get(each).body()) for each in scripts)


def test_axe_finds_nothing_by_day_or_by_night(found: Found) -> None:
    assert len(set(found.names)) == len(found.names) >= 30
    assert found.broken == []


def test_axe_finds_what_is_broken(chromium: Browser, service: Service) -> None:
    page = visit(chromium, service.address).page
    page.goto("/")
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert [each.partition(":")[0] for each in broken(Axe(), page, TAGS)] == ["html-has-lang"]
    page.context.close()


def test_at_twice_the_size_nothing_is_cut_off_or_scrolls_sideways(found: Found) -> None:
    assert {name: told for name, told in found.wide.items() if told != [False]} == {}


def test_every_page_is_small(found: Found) -> None:
    print(f"\nbytes by page: {found.bytes}")
    assert {name: size for name, size in found.bytes.items() if size >= MOST_BYTES} == {}


def test_no_page_asks_anybody_else(found: Found, service: Service) -> None:
    assert found.hosts == {urlsplit(service.address).netloc}


def test_no_console_complains(found: Found) -> None:
    assert found.complaints == []


def test_no_script_or_style_stands_in_a_page_itself(found: Found) -> None:
    assert {name for name, count in found.inline.items() if count} == set()
