"""The contact sheet is one file that needs nothing else."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from optout.api.demo.sheet import Line, Sheet, Tile, render
from PIL import Image


def picture(form: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, form)
    return stream.getvalue()


@pytest.fixture
def sheet() -> Sheet:
    return Sheet(
        registered=picture(),
        numbers=[("records in", "4,000"), ("went", "51")],
        radius=30,
        copies=[Tile(picture("WEBP"), "<b>WebP</b> & 'more'", "a.parquet row 1", 6)],
        resembling=[Tile(picture("PNG"), "the look-alike", "a.parquet row 2", 76)],
        distances=[6, 76, 120, 122, 122],
        look_alike=76,
        went=[
            Line("https://x.example/<script>alert(1)</script>", "a.parquet row 3", "site, entry 1")
        ],
        stayed=[Line("https://y.example/", "a.parquet row 4")],
        evidence="clean.optout",
    )


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_picture_is_inside_the_file(sheet: Sheet) -> None:
    sources = [a["src"] for tag, a in Page(render(sheet)).tags if tag == "img"]
    assert [source.partition(";")[0] for source in sources if source] == [
        *("data:image/jpeg", "data:image/webp", "data:image/png")
    ]


def test_nothing_is_fetched_or_run(sheet: Sheet) -> None:
    page = Page(render(sheet))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form"}
    assert not [a for _, a in page.tags if {"href", "srcset", "onload", "style-src"} & a.keys()]
    assert "url(" not in render(sheet)
    policy = next(a for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_what_the_corpus_says_is_shown_and_not_obeyed(sheet: Sheet) -> None:
    words = "".join(Page(render(sheet)).words)
    assert "<script>alert(1)</script>" in words
    assert "<b>WebP</b> & 'more'" in words


def test_every_tag_is_closed(sheet: Sheet) -> None:
    assert Page(render(sheet)).open == []


def test_distances_and_places_are_told(sheet: Sheet) -> None:
    words = " ".join(Page(render(sheet)).words)
    for part in ("distance 6", "distance 76", "the look-alike, 76", "a.parquet row 4", "radius 30"):
        assert part in words


def test_it_reads_in_light_and_in_dark(sheet: Sheet) -> None:
    page = render(sheet)
    assert "color-scheme: light dark" in page
    assert "@media (prefers-color-scheme: dark)" in page


def test_every_pictures_distance_is_in_the_chart(sheet: Sheet) -> None:
    page = render(sheet)
    assert "<title>2 at distance 122</title>" in page
    assert page.count("at distance ") == 4
