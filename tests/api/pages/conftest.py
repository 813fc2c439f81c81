"""A browser without JavaScript, cookies or memory, and what it sees of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

Attributes = dict[str, str]

VOID = {"meta", "link", "input", "br", "hr", "img"}


@dataclass
class Element:
    """A tag of a page, with what stands in it."""

    tag: str
    attributes: Attributes
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def every(self, *tags: str) -> list[Element]:
        """All elements below this one, in order; of some tags only."""
        found = []
        for child in self.children:
            if not tags or child.tag in tags:
                found.append(child)
            found += child.every(*tags)
        return found

    def first(self, *tags: str) -> Element:
        return self.every(*tags)[0]


class Page(HTMLParser):
    """An answer that is a page."""

    def __init__(self, html: str, status: int = 200) -> None:
        super().__init__()
        self.status = status
        self.html = html
        self.root = Element("", {}, None)
        self._open = self.root
        self.feed(html)
        self.close()
        assert self._open is self.root, f"<{self._open.tag}> is not closed"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), f"<{tag}> says {names} twice"
        element = Element(tag, {name: value or "" for name, value in attributes}, self._open)
        self._open.children.append(element)
        if tag not in VOID:
            self._open = element

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.tag == tag, f"</{tag}> ends <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        element: Element | None = self._open
        while element is not None:
            element.pieces.append(data)
            element = element.parent

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def heading(self) -> str:
        return self.root.first("h1").text

    @property
    def title(self) -> str:
        return self.root.first("title").text

    def by_id(self, name: str) -> Element:
        return next(e for e in self.root.every() if e.attributes.get("id") == name)

    def form_of(self, control: Element) -> Element:
        if "form" in control.attributes:
            return self.by_id(control.attributes["form"])
        form: Element | None = control
        while form is not None and form.tag != "form":
            form = form.parent
        assert form is not None
        return form

    def buttons(self, *, shown: bool = True) -> list[Element]:
        return [
            button
            for button in self.root.every("button")
            if not (shown and "hidden" in button.attributes)
        ]

    def button(self, text: str) -> Element:
        """The one button that says this."""
        (found,) = (button for button in self.buttons() if button.text == text)
        return found

    def fields(self, form: Element) -> list[tuple[str, str]]:
        """What a form sends as it stands, buttons apart."""
        sent = []
        for control in self.root.every("input", "textarea", "select"):
            given = control.attributes
            if "name" not in given or self.form_of(control) is not form:
                continue
            if given.get("type") == "file":
                continue
            if given.get("type") in {"checkbox", "radio"} and "checked" not in given:
                continue
            if control.tag == "textarea":
                text = "".join(control.pieces)
                sent.append((given["name"], text.removeprefix("\n")))
            elif control.tag == "select":
                options = [option.attributes for option in control.every("option")]
                chosen = [option for option in options if "selected" in option] or options
                sent.append((given["name"], given.get("value", chosen[0]["value"])))
            else:
                sent.append((given["name"], given.get("value", "")))
        return sent


class Browser:
    """Somebody who looks at pages and presses buttons."""

    def __init__(self, client: TestClient, language: str = "en") -> None:
        self.client = client
        self.language = language

    def get(self, path: str) -> Page:
        answer = self.client.get(path, headers={"Accept-Language": self.language})
        return Page(answer.text, answer.status_code)

    def press(
        self,
        page: Page,
        text: str | Element,
        *,
        write: dict[str, str] | None = None,
        tick: Sequence[tuple[str, str]] = (),
        untick: Sequence[tuple[str, str]] = (),
        attach: Sequence[tuple[str, bytes]] = (),
    ) -> Page:
        """Fill in a form and press one of its buttons.

        Args:
            page: where the form stands.
            text: what the button says, or the button.
            write: by a field's id, what is put into it.
            tick: boxes to tick, by name and value.
            untick: boxes to clear.
            attach: pictures, by name.
        """
        button = page.button(text) if isinstance(text, str) else text
        form = page.form_of(button)
        for name, value in (write or {}).items():
            control = page.by_id(name)
            assert page.form_of(control) is form
            control.attributes["value"] = value
            control.pieces = [value]
        fields = page.fields(form)
        for box in untick:
            fields.remove(box)
        kinds = {"checkbox", "radio"}
        boxes = [c.attributes for c in form.every("input") if c.attributes.get("type") in kinds]
        for name, value in tick:
            assert (name, value) in [(box["name"], box["value"]) for box in boxes]
            fields.append((name, value))
        if "name" in button.attributes:
            fields.append((button.attributes["name"], button.attributes["value"]))
        headers = {"Accept-Language": self.language}
        address = button.attributes.get("formaction", form.attributes["action"])
        if form.attributes.get("enctype") == "multipart/form-data":
            # Browsers end lines as the network does.
            parts = [(name, (None, "\r\n".join(value.splitlines()))) for name, value in fields]
            parts += [("pictures", picture) for picture in attach] or [("pictures", ("", b""))]
            answer = self.client.post(address, files=parts, headers=headers)
        else:
            assert not attach
            data: dict[str, list[str]] = {}
            for name, value in fields:
                data.setdefault(name, []).append(value)
            answer = self.client.post(address, data=data, headers=headers)
        return Page(answer.text, answer.status_code)

    def give(
        self, lines: str = "", *pictures: tuple[str, bytes], press: Element | None = None
    ) -> Page:
        """Fill in the start page and have it checked."""
        start = self.get("/")
        button = press or start.root.first("main").first("button")
        return self.press(start, button, write={"lines": lines}, attach=pictures)


@pytest.fixture(scope="module")
def browse(client: TestClient) -> Callable[..., Browser]:
    """Opens a browser: on the file's own service, unless another is given."""
    own = client

    def browse(language: str = "en", client: TestClient | None = None) -> Browser:
        return Browser(client or own, language)

    return browse


@pytest.fixture(scope="module")
def browser(browse: Callable[..., Browser]) -> Browser:
    return browse()
