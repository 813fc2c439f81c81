"""What people paste, and what it is taken for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.errors import BodyTooLarge
from optout.api.service import (
    VARIANTS,
    Item,
    Limits,
    Refusal,
    read_line,
    read_lines,
    read_value,
    variants,
)
from optout.registry.identifiers import Identifier, Kind

LIMITS = Limits()

SITES = {
    "anna.example": "anna.example",
    "ANNA.example": "anna.example",
    "https://anna.example": "anna.example",
    "https://anna.example/": "anna.example",
    "http:anna.example": "anna.example",
    "http:/anna.example": "anna.example",
    "anna.example.": "anna.example",
    "anna.example:8080": "anna.example",
    "www.anna.example": "www.anna.example",
    "müller.example": "xn--mller-kva.example",
    "anna。example": "anna.example",
    "192.0.2.7": "192.0.2.7",
    "https://[2001:db8::1]/": "[2001:db8::1]",
}
ADDRESSES = {
    "anna.example/a": "anna.example/a",
    "//anna.example/a": "anna.example/a",
    "HTTPS://ANNA.example:443/A": "anna.example/A",
    "https:\\\\anna.example\\a": "anna.example/a",
    "anna.example?page=1": "anna.example/?page=1",
    "anna.example/two words": "anna.example/two%20words",
    "https://me:word@anna.example/a#top": "anna.example/a",
    "192.0.2.7/a": "192.0.2.7/a",
}
REFUSED = {
    "@anna": "handle",
    "instagram:a b": "not-an-account",
    "instagram.com": "platform",
    "https://github.com/": "platform",
    "isbn:9780306406158": "not-a-work",
    "anna.example/*": "not-a-prefix",
    "anna@mail.example": "email",
    "mailto:anna@mail.example": "email",
    "ftp://anna.example/a": "scheme",
    "javascript:alert(1)": "scheme",
    "data:image/png;base64,AAAA": "scheme",
    "C:\\Users\\anna\\a.jpg": "local-file",
    "\\\\server\\share\\a.jpg": "local-file",
    "/home/anna/a.jpg": "local-file",
    "~/a.jpg": "local-file",
    "file:///home/anna/a.jpg": "local-file",
    "harbour.jpg": "file-name",
    "IMG_0042.HEIC": "file-name",
    "my picture": "words",
    "my-harbour/all": "words",
    "anna": "handle",
    "All": "handle",
    "https://": "words",
    "co.uk": "public-suffix",
    "https://github.io/": "public-suffix",
    "*.anna.example": "not-a-site",
    "anna..example": "not-a-site",
    "anna.example:99999/a": "not-a-url",
    "anna.example/" + "a" * 4096: "too-long",
}
NAMED = {
    "@anna@social.example": (Kind.ACCOUNT, "mastodon:anna@social.example"),
    "instagram:Anna": (Kind.ACCOUNT, "instagram:anna"),
    "twitter:anna": (Kind.ACCOUNT, "x:anna"),
    "anna on Instagram": (Kind.ACCOUNT, "instagram:anna"),
    "mastodon:@anna@social.example": (Kind.ACCOUNT, "mastodon:anna@social.example"),
    "isbn:0-306-40615-2": (Kind.WORK, "isbn:9780306406157"),
    "ISBN 978-0-306-40615-7": (Kind.WORK, "isbn:9780306406157"),
    "doi:10.1000/ABC": (Kind.WORK, "doi:10.1000/abc"),
    "10.1000/abc": (Kind.WORK, "doi:10.1000/abc"),
    "https://anna.example/gallery/*": (Kind.PREFIX, "anna.example/gallery"),
}
PASTED = {
    "- anna.example/a": "anna.example/a",
    "• anna.example/a": "anna.example/a",
    "12. anna.example/a": "anna.example/a",
    "> anna.example/a": "anna.example/a",
    "<https://anna.example/a>": "https://anna.example/a",
    "“anna.example/a”,": "anna.example/a",
    "« anna.example/a »": "anna.example/a",
    '"(anna.example/a)";': "anna.example/a",
    "\ufeffanna.example/a\u200b": "anna.example/a",
    "anna.example/a , ;": "anna.example/a",
    "> > • 1) anna.example/a.": "anna.example/a",
    "https://www.behance.net/tomhale.": "https://www.behance.net/tomhale",
    "https://anna.example/a_(harbour).": "https://anna.example/a_(harbour)",
    "https://anna.example/a?b=c?": "https://anna.example/a?b=c?",
    "https://anna.example/a?": "https://anna.example/a",
    "https://anna.example/a?b=(c))": "https://anna.example/a?b=(c)",
    "(www.anna.example/a)": "www.anna.example/a",
    "1.https://anna.example/a": "https://anna.example/a",
    "»https://anna.example/a«": "https://anna.example/a",
    "„https://anna.example/a“": "https://anna.example/a",
    "https://anna.example/gallery/ *, ": "https://anna.example/gallery/ *",
}
MAIL = """Hi Tom, here are the links you asked for:

1. https://500px.com/photo/1/harbour
2) https://500px.com/photo/2/harbour,
• https://500px.com/photo/3/harbour;
> https://500px.com/photo/4/harbour.
>> (https://500px.com/photo/5/harbour)
– Harbour: https://500px.com/photo/6/harbour
(1) «https://500px.com/photo/7/harbour»
[1] “https://500px.com/photo/8/harbour”!
a) <https://500px.com/photo/9/harbour>
* [Boats](https://500px.com/photo/10/harbour)
See also www.behance.net/tomhale, e.g. the “boats”.

Cheers,
Tom
--
Tom Hale
tom@hale.example
On Mon, 3 Nov 2026 at 10:42, Anna Smith <anna@smith.example>
wrote:
> Please send me all links.
"""
LINK = "https://anna.example/a?b=c"
BEFORE = ["1. ", "23) ", "(1) ", "[1] ", "a) ", "• ", "•", "> ", ">> ", "> > ", "– ", "— ", "- "]
BEFORE += ["* ", "« ", "“", "”", '"', "'", "<", "(", "[", "„", "\t", "1.", "\u200b", "✓ "]
BEHIND = [",", ";", ".", "!", "…", "...", ":", " »", "”", '"', "'", ">", ")", "]", " ,", ")."]
NASTY = {
    "spaces": " " * 1_000_000,
    "commas": ", ;" * 300_000,
    "brackets": "(" * 500_000 + ")" * 500_000,
    "quotes": '"' * 1_000_000,
    "zero width": "\u200b" * 300_000,
    "one long word": "a" * 1_000_000,
    "dots": "." * 1_000_000,
    "at signs": "@" * 1_000_000,
    "many spaces within": f"a{' ' * 1_000_000}b",
    "schemes": "https://" * 120_000,
    "marks of quotation": "> " * 500_000,
    "marks of quotation in rows": ("> " * 500 + "\n") * 900,
    "bullets": "• " * 250_000,
    "bullets without spaces": "•" * 300_000,
    "numbers": "1. " * 300_000,
    "numbers in brackets": "(1) [1] a) " * 80_000,
    "ends of sentences": f"https://anna.example/{').' * 400_000}",
    "quotes behind a link": f"https://anna.example/{'”' * 300_000}",
    "quotes before a link": f"{'“' * 300_000}https://anna.example/",
    "labels": f"{'a:' * 400_000}https://anna.example/",
    "spaces behind a folder": f"https://anna.example/{' ' * 900_000}*x",
    "commas behind a link": f"https://anna.example/{',;' * 400_000}",
    "marks and numbers before a link": f"{'(1.' * 300_000}https://anna.example/",
    "lists beside a link": f"{'a) « ' * 150_000}https://anna.example/",
}


@pytest.mark.parametrize(("text", "understood"), SITES.items())
def test_a_bare_host_is_a_whole_site(text: str, understood: str) -> None:
    item = read_line(text, LIMITS)
    assert isinstance(item, Item)
    assert (item.kind, item.understood) == (Kind.SITE, understood)
    assert item.identifier == Identifier.site(understood)


@pytest.mark.parametrize(("text", "understood"), ADDRESSES.items())
def test_anything_with_a_path_is_one_address(text: str, understood: str) -> None:
    item = read_line(text, LIMITS)
    assert isinstance(item, Item)
    assert (item.kind, item.understood) == (Kind.URL, understood)
    assert item.identifier == Identifier.url(understood)


@pytest.mark.parametrize(("text", "told"), NAMED.items())
def test_accounts_works_and_parts_of_sites_are_known_by_their_looks(
    text: str, told: tuple[Kind, str]
) -> None:
    item = read_line(text, LIMITS)
    assert isinstance(item, Item)
    assert (item.kind, item.understood) == told
    assert item.identifier == Identifier.parse(*told)


def test_a_handle_without_a_platform_is_answered_by_the_question() -> None:
    refusal = read_line("@anna", LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "handle"
    assert "instagram:anna" in refusal.advice


def test_of_a_passage_only_the_beginning_is_shown() -> None:
    passage = "The harbour lay still, and nobody had told the gulls about the strike. " * 4
    item = read_value(Kind.TEXT, passage, LIMITS)
    assert isinstance(item, Item)
    assert item.identifier == Identifier.text(passage)
    assert len(item.shown) <= 60
    refusal = read_value(Kind.TEXT, "too short", LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not-a-text"


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_what_is_no_address_is_told_as_what_it_is(text: str, reason: str) -> None:
    refusal = read_line(text, LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert refusal.detail
    assert not refusal.offer


@pytest.mark.parametrize(("text", "value"), PASTED.items())
def test_what_surrounds_an_address_in_letters_and_lists_is_taken_off(text: str, value: str) -> None:
    assert [line.text for line in read_lines(text, LIMITS)] == [value]


def test_every_line_is_one_thing_and_empty_ones_are_none() -> None:
    lines = read_lines("anna.example\r\n\n  \nanna.example/a\u2028@anna", LIMITS)
    assert [(line.number, line.text) for line in lines] == [
        (1, "anna.example"),
        (4, "anna.example/a"),
        (5, "@anna"),
    ]


def test_several_addresses_may_share_a_line() -> None:
    text = "https://a.example/1, https://b.example/2;http://c.example/3 HTTPS://d.example/4"
    lines = read_lines(text, LIMITS)
    assert [line.text for line in lines] == [
        "https://a.example/1",
        "https://b.example/2",
        "http://c.example/3",
        "HTTPS://d.example/4",
    ]
    assert {line.number for line in lines} == {1}


def told(text: str) -> list[str]:
    """What each line was taken for: its kind, why it was refused, or that it was set aside."""
    return ["aside" if line.is_aside else told_of(line.result) for line in read_lines(text, LIMITS)]


def told_of(result: Item | Refusal) -> str:
    return str(result.kind.value) if isinstance(result, Item) else result.reason


def test_a_mail_is_read_for_its_links_and_nothing_else_in_it_is_registered() -> None:
    lines = read_lines(MAIL, LIMITS)
    assert [line.text for line in lines if isinstance(line.result, Item)] == [
        *(f"https://500px.com/photo/{number}/harbour" for number in range(1, 11)),
        "www.behance.net/tomhale",
    ]
    assert all(line.is_aside for line in lines if isinstance(line.result, Refusal))
    assert {"Harbour:", "Boats", "Cheers", "Tom", "tom@hale.example"} <= {
        line.text for line in lines if line.is_aside
    }


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Harbour: https://anna.example/a", ["aside", "url"]),
        ("Harbour:https://anna.example/a", ["aside", "url"]),
        ("https://anna.example/a the harbour", ["url", "aside"]),
        ("harbour on Flickr: https://anna.example/a", ["aside", "url"]),
        ("anna https://anna.example/a", ["aside", "url"]),
        ("e.g. https://anna.example/a", ["aside", "url"]),
        ("anna.example, https://anna.example/a", ["aside", "url"]),
        ("3.5/5 https://anna.example/a", ["url"]),
        ("anna.example/b, https://anna.example/a", ["url", "url"]),
        ("https://anna.example/a, anna.example/b", ["url", "url"]),
        (
            '<a href="https://anna.example/a">https://anna.example/a</a>',
            ["aside", "url", "url", "aside"],
        ),
        ("instagram:anna https://anna.example/a", ["account", "url"]),
        ("@anna@social.example https://anna.example/a", ["account", "url"]),
        ("instagram:https://www.instagram.com/anna", ["account"]),
        ("doi:https://doi.org/10.1000/abc", ["aside", "url"]),
    ],
)
def test_the_words_in_a_row_that_holds_a_link_are_set_aside(text: str, kinds: list[str]) -> None:
    assert told(text) == kinds


@pytest.mark.parametrize("row", ["anna", "Tom Hale", "Cheers,", "3.11.2026", "tom@hale.example"])
def test_rows_of_words_are_set_aside_among_three_links_and_asked_about_among_two(row: str) -> None:
    two = f"{row}\nhttps://anna.example/a\nanna.example/b\n"
    assert told(two)[0] in {"handle", "words", "email"}
    assert told(f"{two}www.anna.example/c")[0] == "aside"


@pytest.mark.parametrize("row", ["@anna", "harbour.jpg", "ftp://anna.example/a", "instagram.com"])
def test_what_is_meant_as_a_thing_is_asked_about_among_links_too(row: str) -> None:
    assert told(f"a.example/1\na.example/2\na.example/3\n{row}")[-1] == told(row)[0] != "aside"


def test_a_text_among_links_stays_a_text_unless_it_announces_them() -> None:
    links = "\nhttps://a.example/1\nhttps://a.example/2\nhttps://a.example/3"
    passage = "The harbour lay still, and nobody had told the gulls about the strike."
    assert told(passage + links) == ["text", "url", "url", "url"]
    assert told(f"{passage[:-1]}:{links}") == ["aside", "url", "url", "url"]
    assert told(f"> {passage}{links}") == ["aside", "url", "url", "url"]


@pytest.mark.parametrize("text", ["1.", "12)", "(1)", "[1]", "-", "--", "*", "> >", "=====", "…"])
def test_markers_alone_are_nothing(text: str) -> None:
    assert read_lines(text, LIMITS) == []


@pytest.mark.parametrize("text", ["1.5", "12.30", "3.11.2026", "1.5.", "2026.11", "e.g.", "P.S."])
def test_numbers_and_shortened_words_are_no_sites_but_the_address_of_a_machine_may_be(
    text: str,
) -> None:
    assert told(text) == ["words"]
    assert told("1.1.1.1") == ["site"]


@given(
    st.lists(st.sampled_from(BEFORE), max_size=3),
    st.sampled_from([LINK, "www.anna.example/a", "http://anna.example/a_(b)"]),
    st.lists(st.sampled_from(BEHIND), max_size=3),
)
def test_whatever_stands_around_a_link_it_reads_as_the_link_alone(
    before: list[str], link: str, behind: list[str]
) -> None:
    (line,) = read_lines("".join([*before, link, *behind]), LIMITS)
    assert line.result == read_line(line.text, LIMITS)
    assert isinstance(line.result, Item)
    alone = read_line(link, LIMITS)
    assert isinstance(alone, Item)
    assert line.result.identifier == alone.identifier


@given(
    st.lists(
        st.sampled_from([*BEFORE, *BEHIND, LINK, "Tom", "anna.example", "\n"]).map("{} ".format)
    )
)
def test_no_mixture_of_links_and_marks_makes_a_site_that_nobody_typed(pieces: list[str]) -> None:
    for line in read_lines("".join(pieces), LIMITS):
        if isinstance(line.result, Item) and line.result.kind is Kind.SITE:
            assert "anna.example" in line.text


def test_an_address_inside_an_address_stays_there() -> None:
    text = "https://archive.example/web/2020/https://anna.example/a?b=http://c.example"
    assert [line.text for line in read_lines(text, LIMITS)] == [text]


def test_a_line_that_says_what_an_earlier_one_says_knows_it() -> None:
    lines = read_lines("x\nanna.example/a\nhttps://ANNA.example:443/a\nanna.example/A", LIMITS)
    assert [line.same_as for line in lines] == [None, None, 2, None]


def test_a_name_and_password_in_an_address_are_not_kept() -> None:
    for text in (
        "https://me:word@anna.example/a",
        "http:/me:word@anna.example/a",
        "ht\ttps://me:word@anna.example/a",
        "//me:word@anna.example/a",
    ):
        item = read_value(Kind.URL, text, LIMITS)
        assert isinstance(item, Item), text
        assert "word" not in item.shown
        assert "word" not in item.understood


def test_what_is_shown_cannot_turn_around_what_stands_beside_it() -> None:
    item = read_line("anna.example/a\u202egpj.exe", LIMITS)
    assert isinstance(item, Item)
    assert item.shown == "anna.example/a\N{REPLACEMENT CHARACTER}gpj.exe"


def test_a_named_kind_is_not_guessed() -> None:
    assert isinstance(read_value(Kind.URL, "anna.example", LIMITS), Item)
    refusal = read_value(Kind.SITE, "anna.example/a", LIMITS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "not-a-site"


def test_more_lines_than_anybody_can_look_through_are_refused() -> None:
    limits = Limits(lines=3)
    assert len(read_lines("a.example/1\n\n@b\nc.example/3\n", limits)) == 3
    with pytest.raises(BodyTooLarge, match="more than 3 lines"):
        read_lines("a.example/1\na.example/2\na.example/3\na.example/4", limits)


def test_more_text_than_a_request_may_bring_is_refused_however_many_fields_brought_it() -> None:
    limits = Limits(words=100)
    assert len(read_lines("é" * 50, limits)) == 1
    with pytest.raises(BodyTooLarge, match="more than 100 bytes"):
        read_lines("\n".join(["é" * 25] * 2), limits)


def test_signs_that_stand_for_whole_sentences_count_as_those() -> None:
    limits = Limits(passage=1000)
    assert isinstance(read_value(Kind.TEXT, "\ufdfa" * 55, limits), Item)
    refusal = read_value(Kind.TEXT, "\ufdfa" * 56, limits)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "too-long"


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_reading_takes_time_in_proportion_to_the_length(text: str) -> None:
    start = time.perf_counter()
    read_lines(text, LIMITS)
    # Linear is a fraction of a second; with the square of the length it would be minutes.
    assert time.perf_counter() - start < 60


@given(st.text(max_size=300))
def test_no_text_is_a_mishap(text: str) -> None:
    for line in read_lines(text, LIMITS):
        assert line.text.strip()
        if isinstance(line.result, Item):
            assert line.result.kind not in {Kind.FILE, Kind.IMAGE}
            # What was understood is what will be looked for.
            again = read_value(line.result.kind, line.result.understood, LIMITS)
            assert isinstance(again, Item)
            assert again.identifier == line.result.identifier


LABELS = st.text("abcxyz019-.ä。", max_size=12)


@given(st.sampled_from(["", "http://", "https:", "//", "ftp://"]), LABELS, st.text(max_size=20))
def test_no_address_is_a_mishap(scheme: str, host: str, tail: str) -> None:
    assert isinstance(read_line(f"{scheme}{host}{tail}", LIMITS), Item | Refusal)


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("www", "anna.example/a", "www.anna.example/a"),
        ("www", "www.anna.example/a?b", "anna.example/a?b"),
        ("www", "www.anna.example", "anna.example"),
        ("www", "anna.example", None),
        ("www", "blog.pictures.anna.example/a", None),
        ("slash", "anna.example/a", "anna.example/a/"),
        ("slash", "anna.example/a/", "anna.example/a"),
        ("slash", "anna.example/a.jpg", None),
        ("slash", "anna.example/a?b", None),
        ("query", "anna.example/a?b=c", "anna.example/a"),
        ("query", "anna.example/a", None),
        ("account", "instagram.com/Anna/", "instagram:anna"),
        ("account", "anna.example/a", None),
        ("work", "https://doi.org/10.1000/ABC", "doi:10.1000/abc"),
        ("work", "anna.example/a", None),
        ("prefix", "anna.example/gallery/", "anna.example/gallery"),
        ("prefix", "instagram.com/anna", "instagram.com/anna"),
        ("prefix", "anna.example/a.jpg", None),
        ("prefix", "anna.example/a?b", None),
        ("escape", "anna.example/a(1).jpg", "anna.example/a%281%29.jpg"),
        ("size", "anna.example/a-1024x768.jpg", "anna.example/a.jpg"),
        ("size", "anna.example/a_150x150.jpg?v=1", "anna.example/a.jpg?v=1"),
        ("size", "anna.example/1024x768.html", None),
    ],
)
def test_close_spellings_are_offered(name: str, text: str, other: str | None) -> None:
    item = read_line(text, LIMITS)
    assert isinstance(item, Item)
    assert [found.understood for found in variants([item], name, LIMITS)] == (
        [other] if other else []
    )


def test_a_spelling_that_is_there_already_is_not_offered() -> None:
    items = [read_line(text, LIMITS) for text in ("anna.example/a", "www.anna.example/a")]
    assert variants([item for item in items if isinstance(item, Item)], "www", LIMITS) == []


@given(st.lists(st.text("ab/.?-x19:w", max_size=20), max_size=4))
def test_every_spelling_that_is_offered_can_be_registered(paths: list[str]) -> None:
    items = [read_line(f"www.anna.example/{path}", LIMITS) for path in paths]
    known = [item for item in items if isinstance(item, Item)]
    for name in VARIANTS:
        for item in variants(known, name, LIMITS):
            assert item.identifier not in {other.identifier for other in known}
