"""What a bare user name or the link to a profile may mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.api.service import Item, Limits, account_meant, places_of, read_line
from optout.registry.identifiers import Identifier, Kind

LIMITS = Limits()


def meant(text: str) -> str | None:
    item = read_line(text, LIMITS)
    assert isinstance(item, Item)
    account = account_meant(item)
    return account and account.understood


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("https://www.instagram.com/Anna/", "instagram:anna"),
        ("instagram.com/anna?igsh=MzRlODBiNWFlZA==", "instagram:anna"),
        ("https://www.tiktok.com/@anna", "tiktok:anna"),
        ("https://x.com/anna", "x:anna"),
        ("https://www.reddit.com/user/anna/", "reddit:anna"),
        ("https://social.example/@anna", "mastodon:anna@social.example"),
        ("https://www.facebook.com/profile.php?id=100012345", "facebook:100012345"),
    ],
)
def test_the_link_to_a_profile_may_mean_the_account(text: str, account: str) -> None:
    assert meant(text) == account


@pytest.mark.parametrize(
    "text",
    [
        "https://www.instagram.com/p/CxYz12345/",
        "https://github.com/anna/boats",
        "https://x.com/anna/status/1",
        "https://anna.deviantart.com/gallery",
        "https://anna.example/portrait",
    ],
)
def test_any_other_page_means_itself(text: str) -> None:
    assert meant(text) is None


def test_what_is_no_address_means_itself() -> None:
    for text in ("instagram:anna", "anna.example", "isbn:9780306406157"):
        assert meant(text) is None


def test_an_account_that_is_meant_keeps_the_link_that_was_typed() -> None:
    item = read_line("https://www.instagram.com/Anna/", LIMITS)
    assert isinstance(item, Item)
    account = account_meant(item)
    assert account is not None
    assert account.shown == "https://www.instagram.com/Anna/"
    assert account.identifier == Identifier.parse(Kind.ACCOUNT, "instagram:anna")


@pytest.mark.parametrize("name", ["@anna", "anna", " @Anna "])
def test_a_name_may_be_an_account_on_many_platforms_the_usual_first(name: str) -> None:
    places = places_of(name)
    assert places[:2] == [("Instagram", "instagram:anna"), ("X", "x:anna")]
    assert ("Bluesky", "bluesky:anna.bsky.social") in places
    assert "Mastodon" not in dict(places)
    titles = [title.lower() for title, _ in places[8:]]
    assert titles == sorted(titles)


def test_a_platform_that_has_no_such_names_is_not_among_them() -> None:
    assert "pixiv" not in dict(places_of("anna"))
    assert "pixiv" in dict(places_of("1234567"))
    assert places_of("a b") == []


@given(st.text(max_size=40))
def test_every_place_of_a_name_can_be_registered(name: str) -> None:
    for _, account in places_of(name):
        item = read_line(account, LIMITS)
        assert isinstance(item, Item)
        assert item.understood == account
