"""What the page that checks says of each thing."""

from __future__ import annotations

import pytest
from optout.api.pages import recognised_words as words
from optout.api.pages.languages import load
from optout.api.service import Item, Limits, read_line, read_value
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import PLATFORMS, SCHEMES, Kind, canonical

LANGUAGES = load()
ENGLISH = LANGUAGES["en"]
PASSAGE = "The harbour lay still, and nobody had told the gulls. " * 30
ACCOUNTS = [
    f"{name}:{form.mark}{form.example}"
    for name, platform in PLATFORMS.items()
    for form in platform.forms
]


def item(text: str, kind: Kind | None = None) -> Item:
    read = read_line(text, Limits()) if kind is None else read_value(kind, text, Limits())
    assert isinstance(read, Item)
    return read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deviantart:anna", "Everything on this DeviantArt account, also future posts."),
        (
            "instagram:anna",
            "This Instagram account: its profile, and what is listed under its name.",
        ),
        ("@anna@social.example", "Everything on this Mastodon account, also future posts."),
        ("anna.example", words.SITE),
        ("anna.example/gallery/*", words.PREFIX),
        ("anna.example/about", words.PAGE),
        ("anna.example/a.JPG?w=640", words.PICTURE),
        ("anna.example/novel.pdf", words.FILE),
        ("isbn:9780306406157", "A book, by its ISBN."),
        ("doi:10.1000/abc", "An article or another work, by its DOI."),
    ],
)
def test_a_thing_is_told_as_what_it_was_recognised(text: str, told: str) -> None:
    assert words.recognised(ENGLISH, item(text)) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [("en", "A text of 1,619 characters."), ("fr", "Un texte de 1\u202f619 caractères.")],
)
def test_a_text_is_told_by_its_length(code: str, told: str) -> None:
    assert words.recognised(LANGUAGES[code], item(PASSAGE, Kind.TEXT)) == told


def test_every_scheme_of_works_has_a_sentence() -> None:
    assert set(words.WORKS) == set(SCHEMES)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_place_that_is_shown_is_the_accounts(account: str) -> None:
    form = canonical(Kind.ACCOUNT, account)
    assert canonical(Kind.ACCOUNT, f"https://{words.profile(form)}") == form


@pytest.mark.parametrize(("platform", "example"), words.NAMELESS_POSTS.items())
def test_posts_that_are_said_to_have_no_name_belong_to_no_account(
    platform: str, example: str
) -> None:
    address = f"https://{example.replace('…', '1234567')}"
    with pytest.raises(IdentifierError, match=f"no account on {PLATFORMS[platform].title}"):
        canonical(Kind.ACCOUNT, address)


def test_what_an_account_does_not_reach_is_told_by_its_platform() -> None:
    items = [item(text) for text in ("instagram:anna", "instagram:bob", "x:anna", "gitlab:anna")]
    told = [label for label, _ in words.beyond(ENGLISH, items)]
    assert told == ["Posts on Instagram:", "On X:"]
    (_, first), (_, second) = words.beyond(ENGLISH, items)
    assert "instagram.com/p/…" in first
    assert "twimg.com" in second


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["instagram:anna"], words.REACHES_PROFILE),
        (["instagram:anna", "youtube:@anna"], words.REACHES_PROFILE),
        (["instagram:anna", "deviantart:anna"], words.REACHES_SOME),
        (["deviantart:anna"], words.REACHES["account"][0]),
    ],
)
def test_posts_are_found_only_where_their_addresses_name_the_account(
    texts: list[str], told: str
) -> None:
    assert words.reaches(ENGLISH, [item(text) for text in texts]) == told
