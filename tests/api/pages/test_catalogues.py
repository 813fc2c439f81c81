"""Every sentence that a page can show is translated, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jinja2.ext
import optout.api.pages
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

PAGES = Path(optout.api.pages.__file__).parent
NARROW = "\N{NARROW NO-BREAK SPACE}"

Message = str | tuple[str, ...]


def messages() -> set[Message]:
    """Every message of the templates and of the words."""
    options = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
    found: set[Message] = set()
    for path in (PAGES / "templates").iterdir():
        with path.open("rb") as stream:
            extracted = extract(
                jinja2.ext.babel_extract, stream, keywords=keywords, options=options
            )
            found |= {message for _, message, _, _ in extracted}
    for path in PAGES.glob("*.py"):
        with path.open("rb") as stream:
            found |= {message for _, message, _, _ in extract("python", stream, {"N_": None})}
    return found


def catalogue(code: str) -> Catalog:
    with (PAGES / "catalogues" / f"{code}.po").open("rb") as stream:
        return read_po(stream, locale=code, abort_invalid=True)


CODES = sorted(path.stem for path in (PAGES / "catalogues").glob("*.po"))


def pairs(code: str) -> Iterator[tuple[str, str]]:
    """Each form of each message beside each form of its translation."""
    for message in catalogue(code):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            for place, string in enumerate(strings):
                yield ids[min(place, len(ids) - 1)], string


def test_there_is_french() -> None:
    assert "fr" in CODES


@pytest.mark.parametrize("code", CODES)
def test_every_message_is_translated_and_none_is_stale(code: str) -> None:
    known = {message.id for message in catalogue(code) if message.id}
    wanted = messages()
    assert len(wanted) > 100
    assert wanted - known == set(), "not translated"
    assert known - wanted == set(), "stale"


@pytest.mark.parametrize("code", CODES)
def test_no_translation_is_empty_or_only_a_guess(code: str) -> None:
    told = catalogue(code)
    assert [message.id for message in told if message.fuzzy and message.id] == []
    assert [message for message, string in pairs(code) if not string.strip()] == []
    for message in told:
        if isinstance(message.id, tuple):
            assert len(message.string) == told.num_plurals, message.id


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_places_of_its_message(code: str) -> None:
    for message, string in pairs(code):
        places = [re.findall(r"%\(\w+\)s|%%", text) for text in (message, string)]
        assert sorted(places[0]) == sorted(places[1]), message
        assert string.replace("%%", "").count("%") == len(re.findall(r"%\(", string))


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_holds_signs_that_mean_something_to_a_page(code: str) -> None:
    # Templates take sentences as they are, in attributes too.
    for message, string in pairs(code):
        assert not set('"<>&') & set(message + string), message


@pytest.mark.parametrize("code", CODES)
def test_sentences_end_and_begin_alike(code: str) -> None:
    for message, string in pairs(code):
        ends = [text.rstrip()[-1] in ".?!…:" for text in (message, string)]
        assert ends[0] == ends[1], (message, string)
        assert string == string.strip()


def test_french_signs_keep_their_distance() -> None:
    for _, string in pairs("fr"):
        text = re.sub(r"https?://|\b(?:instagram|isbn|doi):(?=[\w…])", "", string)
        for place, sign in enumerate(text):
            if sign in "?!;:»":
                assert text[place - 1] == NARROW, string
            if sign == "«":
                assert text[place + 1] == NARROW, string
        assert "'" not in string, string
        assert "..." not in string, string


def test_french_says_vous() -> None:
    for _, string in pairs("fr"):
        assert not re.search(r"\b(tu|toi|ton|ta|tes|t’)\b", string, re.IGNORECASE), string


def test_english_signs_are_those_of_print() -> None:
    for message in messages():
        for text in (message,) if isinstance(message, str) else message:
            assert not set("'\"") & set(text), text
            assert "..." not in text, text
