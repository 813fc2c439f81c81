"""What covers an address, in words: the very things that a corpus is searched for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from optout.registry.identifiers import Kind, key_of, url_forms, url_keys

from .test_address import TEXTS


def test_an_address_is_covered_by_itself_and_by_all_that_lies_above() -> None:
    assert url_forms("https://Shop.Anna.Example:8080/2024/boat.jpg?x#top") == [
        (Kind.URL, "shop.anna.example:8080/2024/boat.jpg?x"),
        (Kind.SITE, "shop.anna.example"),
        (Kind.SITE, "anna.example"),
        (Kind.PREFIX, "shop.anna.example:8080/2024/boat.jpg"),
        (Kind.PREFIX, "shop.anna.example:8080/2024"),
    ]


def test_a_profile_is_covered_by_its_account() -> None:
    assert (Kind.ACCOUNT, "instagram:anna") in (url_forms("instagram.com/Anna/") or [])


def test_what_is_no_address_is_covered_by_nothing() -> None:
    assert url_forms("my pictures") is None


def is_as_keys_say(text: str) -> bool:
    forms, keys = url_forms(text), url_keys(text)
    if forms is None or keys is None:
        return forms is keys
    return tuple(key_of(kind, form) for kind, form in forms) == keys


@settings(deadline=None)
@given(TEXTS)
def test_forms_are_what_keys_are_made_of(text: str) -> None:
    assert is_as_keys_say(text)


@pytest.mark.parametrize("host", ["a." * 200 + "example", "1.2.3.4", "[::1]", "x.github.io"])
@pytest.mark.parametrize("path", ["", "/", "/@anna/1", "/users/anna", "/a/b//c/", "/a" * 20])
def test_forms_are_what_keys_are_made_of_at_the_edges(host: str, path: str) -> None:
    assert is_as_keys_say(f"https://{host}{path}")
