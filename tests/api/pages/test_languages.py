"""Which language a visitor gets, and how it counts and tells the day."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from optout.api.pages.languages import load, preferred

LANGUAGES = load()
ENGLISH, FRENCH = LANGUAGES["en"], LANGUAGES["fr"]
NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("FR-fr,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB,fr;q=0.9", "en"),
        ("en;q=0.5, fr;q=0.6", "fr"),
        ("de, fr;q=0.2", "fr"),
        ("de", "en"),
        ("*", "en"),
        ("de, *;q=0.5", "en"),
        ("fr;q=0", "en"),
        ("fr;q=0, *", "en"),
        ("fr;q=x, en", "en"),
        ("fr;q=nan", "en"),
        (";;;,,,", "en"),
        ("fra", "en"),
    ],
)
def test_a_browser_says_what_its_owner_reads(header: str, code: str) -> None:
    assert preferred(header, LANGUAGES) == code


@given(st.text(max_size=80))
def test_no_header_is_a_mishap(header: str) -> None:
    assert preferred(header, LANGUAGES) in LANGUAGES


@pytest.mark.parametrize(
    ("path", "header", "code"),
    [
        ("/", "fr", "fr"),
        ("/", "en", "en"),
        ("/?lang=fr", "en", "fr"),
        ("/?lang=en", "fr", "en"),
        ("/?lang=xx", "fr", "fr"),
        ("/?lang=<b>", "fr", "fr"),
        ("/case?lang=fr", "en", "fr"),
        ("/nothing?lang=fr", "en", "fr"),
    ],
)
def test_who_chooses_a_language_gets_it(
    client: TestClient, path: str, header: str, code: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": header})
    assert answer.headers["content-language"] == code
    assert "Accept-Language" in answer.headers["vary"]
    assert f'<html lang="{code}">' in answer.text


def test_a_language_is_called_what_its_speakers_call_it() -> None:
    assert (ENGLISH.name, FRENCH.name) == ("English", "Français")


def test_days_are_written_out() -> None:
    assert ENGLISH.date("2026-11-24") == "24 November 2026"
    assert FRENCH.date("2026-11-24") == "24 novembre 2026"
    assert ENGLISH.date("2026-08-01") == "1 August 2026"
    assert FRENCH.date("2026-08-01") == "1er août 2026"


def test_numbers_have_the_signs_of_the_language() -> None:
    assert ENGLISH.number(1234567) == "1,234,567"
    assert FRENCH.number(1234567) == f"1{NARROW}234{NARROW}567"


def test_a_language_counts_in_its_own_way() -> None:
    def told(number: int) -> list[str]:
        messages = ("%(count)s link", "%(count)s links")
        return [language.counted(*messages, number) for language in (ENGLISH, FRENCH)]

    assert told(0) == ["%(count)s links", "%(count)s lien"]
    assert told(1) == ["%(count)s link", "%(count)s lien"]
    assert told(2) == ["%(count)s links", "%(count)s liens"]
    assert told(1_000_000) == ["%(count)s links", "%(count)s liens"]


def test_what_is_not_translated_stays_as_it_is() -> None:
    assert FRENCH.text("no such sentence") == "no such sentence"
    assert FRENCH.counted("one thing", "many things", 1) == "one thing"
