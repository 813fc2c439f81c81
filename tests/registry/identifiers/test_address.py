"""Addresses: the table of canonical forms, which faster forms are held against, and its laws."""

from __future__ import annotations

import itertools
import time
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    CANONICALISER_VERSION,
    Identifier,
    Kind,
    canonical,
    url_keys,
)

PATIENT = settings(deadline=None)
"""The machine may be busy, and the first to ask loads the public suffix list."""

PIECES = (
    *("%", "2", "e", "E", "3", "4", "7", "f", "d", "0x", "a", "A", "-", "_", "~", "0", "1"),
    *(".", "..", "/", "//", "\\", "?", "#", ":", "@", "[", "]", ":80", ":443", ":8080", "&", "="),
    *("%2e", "%2E", "%41", "%25", "%2f", "%3A", "%c3%b6", "%7E", "%%32", " ", "\t", "\n", "\r"),
    *("é", "ß", "İ", "ﬁ", "℀", "۱", "１", "。", "．", "中", "😀", "\u0301", "\u00ad", "\u200d"),
    *("www.", ".example", "xn--", "xn--mller-kva", "'", '"', "<", "|", "^", "`", "{", "\0", "\x7f"),
)
"""What breaks parsers when it is put together at random."""

SOUP = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
HOSTS = st.one_of(
    st.sampled_from(
        ["anna.example", "A.Müller.Example.", "x.co.uk", "127.1", "[2001:DB8::1]", "localhost"]
    ),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
)
BODIES = st.builds("{}{}{}".format, HOSTS, st.sampled_from(["", "/", ":80", ":443", ":1/"]), SOUP)
"""What may stand behind `http://`."""

TEXTS = st.one_of(SOUP, BODIES, st.text(st.characters(exclude_categories=())))
"""Anything that a corpus may hold, half surrogate pairs too."""

CONTROLS = "".join(map(chr, range(0x21)))
"""What is taken off both ends of a value."""

HOST_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
UNRESERVED = HOST_LETTERS + HOST_LETTERS.upper() + "-_~"
CLEAN_HOSTS = st.lists(st.text(HOST_LETTERS, min_size=1, max_size=8), min_size=1, max_size=4).map(
    lambda labels: ".".join([*labels, "example"])
)
CLEAN_PATHS = st.lists(st.text(UNRESERVED, max_size=8), max_size=4).map(
    lambda segments: "/" + "/".join(segments)
)


def form(text: str) -> str | None:
    """What a text is understood as by whoever registers it; None where it is refused."""
    try:
        Identifier.url(text)
        return canonical(Kind.URL, text)
    except IdentifierError:
        return None


def test_the_table_is_of_this_version(vectors) -> None:
    assert vectors["canonicaliser"] == CANONICALISER_VERSION


def test_an_address_has_the_form_that_the_table_says(url_vector) -> None:
    assert form(url_vector["text"]) == url_vector["canonical"]


def test_a_corpus_is_read_as_registrations_are(url_vector) -> None:
    keys = url_keys(url_vector["text"])
    if url_vector["canonical"] is None:
        assert keys is None
    else:
        assert keys is not None
        registered = Identifier.url(url_vector["text"])
        assert (keys[0].digest, keys[0].probe) == (registered.digest, registered.probe)
        assert keys == url_keys(f"//{url_vector['canonical']}")


@PATIENT
@given(BODIES)
@example("anna.example/%%32e")
@example("anna.example/%2%65%%32%65")
@example("anna.example/.%2e/%252e/")
@example("0x7f.1../")
@example("localhost/x")
@example("anna.example:443")
def test_a_canonical_form_is_its_own(body: str) -> None:
    understood = form(f"http://{body}")
    assume(understood is not None)
    assert canonical(Kind.URL, understood) == understood
    for start in ("//", "http://", "https://"):
        assert form(start + understood) == understood


@PATIENT
@given(BODIES)
def test_http_is_https(body: str) -> None:
    assert form(f"http://{body}") == form(f"https://{body}") == form(f"HTTPS://{body}")


@PATIENT
@given(BODIES)
def test_two_slashes_are_read_as_http(body: str) -> None:
    assert form(f"//{body}") == form(f"http://{body}")


@PATIENT
@given(CLEAN_HOSTS, CLEAN_PATHS)
def test_a_bare_host_is_read_as_http(host: str, path: str) -> None:
    assert form(f"{host}{path}") == form(f"http://{host}{path}")
    assert form(f"{host}:8080{path}") == form(f"http://{host}:8080{path}")


@PATIENT
@given(BODIES)
@example("3.14/a")
@example("/anna.example/")
def test_what_is_read_without_a_scheme_is_what_it_is_with_one(body: str) -> None:
    assert form(body) in (None, form(f"http://{body.lstrip(CONTROLS)}"))


@PATIENT
@given(CLEAN_HOSTS, CLEAN_PATHS)
def test_a_clean_address_loses_its_scheme_and_nothing_else(host: str, path: str) -> None:
    assert form(f"https://{host}{path}") == f"{host}{path}"


@PATIENT
@given(BODIES, SOUP)
def test_a_fragment_says_nothing(body: str, fragment: str) -> None:
    assume("#" not in body and body.rstrip(CONTROLS) == body)
    assert form(f"http://{body}#{fragment}") == form(f"http://{body}")


@PATIENT
@given(CLEAN_HOSTS, CLEAN_PATHS, st.text(UNRESERVED + ":", max_size=8))
def test_a_user_name_says_nothing(host: str, path: str, user: str) -> None:
    assert form(f"https://{user}@{host}{path}") == form(f"https://{host}{path}")


@PATIENT
@given(CLEAN_HOSTS, CLEAN_PATHS, st.data())
def test_case_dots_and_usual_ports_of_a_host_say_nothing(host: str, path: str, data) -> None:
    wild = "".join(data.draw(st.sampled_from([c, c.upper(), f"%{ord(c):02x}"])) for c in host)
    dots = data.draw(st.sampled_from(["", ".", ".."]))
    port = data.draw(st.sampled_from(["", ":", ":80", ":443", ":0080"]))
    assert form(f"http://{wild}{dots}{port}{path}") == form(f"http://{host}{path}")


@PATIENT
@given(CLEAN_HOSTS, CLEAN_PATHS, st.data())
def test_unreserved_characters_are_the_same_escaped(host: str, path: str, data) -> None:
    written = "".join(
        data.draw(st.sampled_from([c, f"%{ord(c):02x}", f"%{ord(c):02X}"])) if c != "/" else c
        for c in path
    )
    assert form(f"https://{host}{written}") == form(f"https://{host}{path}")


@PATIENT
@given(CLEAN_HOSTS, st.text(min_size=1, max_size=8))
def test_characters_outside_ascii_are_the_same_escaped_in_either_case(host: str, name: str) -> None:
    escaped = "".join(f"%{byte:02x}" for byte in name.encode())
    assume(name.strip(".") == name)
    assert form(f"https://{host}/{escaped}x") == form(f"https://{host}/{escaped.upper()}x")
    if name.isalnum():
        assert form(f"https://{host}/{escaped}x") == form(f"https://{host}/{name}x")


@PATIENT
@given(BODIES)
def test_a_canonical_form_is_plain_ascii_without_what_was_dropped(body: str) -> None:
    understood = form(f"http://{body}")
    assume(understood is not None)
    host, slash, target = understood.partition("/")
    assert slash
    assert understood.isascii()
    assert all(0x20 < ord(character) < 0x7F for character in understood)
    assert not set("@?#%\\") & set(host)
    assert host == host.lower()
    assert not host.endswith((".", ":", ":80", ":443"))
    assert "#" not in target
    path = target.partition("?")[0]
    assert not {".", ".."} & set(path.split("/"))


@PATIENT
@given(CLEAN_HOSTS, st.text(UNRESERVED + "[]|", max_size=8), st.text(UNRESERVED + "[]|{}^`\\"))
def test_characters_that_no_address_may_hold_are_the_same_escaped(
    host: str, name: str, query: str
) -> None:
    raw = form(f"https://{host}/{name}?{query}")
    assert raw == form(f"https://{host}/{quote(name)}?{quote(query)}")
    assert raw is not None
    assert not set("[]|{}^`\\") & set(raw)


DIFFERENT = (
    "https://anna.example/2024/harbour.jpg",
    "https://www.anna.example/2024/harbour.jpg",
    "https://anna.example/2024/Harbour.jpg",
    "https://anna.example/2024/harbour.jpg/",
    "https://anna.example/2024//harbour.jpg",
    "https://anna.example/2024/harbour.jpg?x=1",
    "https://anna.example/2024/harbour.jpg?x=2",
    "https://anna.example/2024/harbour.jpg?X=1",
    "https://anna.example/2024/harbour%2Ejpg%3Fx=1",
    "https://anna.example/2024%2Fharbour.jpg",
    "https://anna.example:8080/2024/harbour.jpg",
    "https://anna.example/harbour.jpg",
    "https://anna.example/2024/harbour.jpeg",
    "https://anna.example/2024/harbour+.jpg",
    "https://anna.example/2024/harbour%2B.jpg",
    "https://anna.example/2024/harbour%20.jpg",
    "https://anna.example.org/2024/harbour.jpg",
    "https://ann.example/2024/harbour.jpg",
    "https://example/2024/harbour.jpg",
)


def test_addresses_of_different_things_stay_different() -> None:
    for one, other in itertools.combinations(DIFFERENT, 2):
        assert form(one) != form(other), (one, other)


@PATIENT
@given(TEXTS)
def test_no_text_brings_the_reader_down(text: str) -> None:
    keys = url_keys(text)
    if keys is not None:
        assert keys[0].digest == Identifier.url(text).digest
        return
    with pytest.raises(IdentifierError) as refusal:
        Identifier.url(text)
    assert refusal.value.message
    assert refusal.value.advice
    assert len(str(refusal.value).encode()) < 1500


MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "unit",
    [*"a.1/\\:@?#%[ \t\n\0\x01é中", *("%61", "%c3", "%%6", "a.", "a/../", "1.", "\ud800", "u:p@")],
    ids=ascii,
)
@pytest.mark.parametrize("start", ["", "http://", "http://anna.example/", "//"])
def test_a_megabyte_is_read_quickly(start: str, unit: str) -> None:
    text = start + unit * (MEGABYTE // len(unit))
    begun = time.monotonic()
    form(text)
    url_keys(text)
    assert time.monotonic() - begun < 60  # what is quadratic takes hours


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the address is empty"),
        (" \n", "the address is empty"),
        ("ftp://anna.example/a", "'ftp://anna.example/a' is not an http or https address"),
        ("mailto:me@anna.example", "'mailto:me@anna.example' is not an http or https address"),
        ("my pictures", "'my pictures' is not a web address"),
        ("http://anna example/", "'http://anna example/' is not a web address"),
        ("\ud800\u202e", r"'\ud800\u202e' is not a web address"),
    ],
)
def test_a_refusal_names_the_value_and_says_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(IdentifierError) as refusal:
        Identifier.url(text)
    assert refusal.value.message == told
    assert refusal.value.advice == "An address looks like https://anna.example/picture.jpg."


def test_a_refusal_cuts_what_is_long() -> None:
    with pytest.raises(IdentifierError) as refusal:
        Identifier.url("word " * 1000)
    assert len(refusal.value.message) < 150
    assert "…" in refusal.value.message
