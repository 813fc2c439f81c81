"""Accounts: one person on one platform, however somebody or a corpus writes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import (
    PLATFORMS,
    Identifier,
    Kind,
    account_keys,
    canonical,
    url_keys,
)

PATIENT = settings(deadline=None)


def form(text: str) -> str:
    return canonical(Kind.ACCOUNT, text)


def covers(account: str, address: str) -> bool:
    registered = Identifier.account(account)
    return (registered.kind, registered.digest, registered.probe) in (url_keys(address) or ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github:Octocat", "github:octocat"),
        ("GitHub: @Octocat ", "github:octocat"),
        ("github.com/Octocat/", "github:octocat"),
        ("github:Steveloughran/all", "github:steveloughran"),
        ("@Anna@Mastodon.Social", "mastodon:anna@mastodon.social"),
        ("https://mastodon.social/@Anna/1", "mastodon:anna@mastodon.social"),
        ("https://a.example/@Anna@b.example", "mastodon:anna@b.example"),
        ("mastodon: anna@mastodon.social", "mastodon:anna@mastodon.social"),
        ("anna on Instagram", "instagram:anna"),
        ("Anna (Instagram)", "instagram:anna"),
        ("IG: @anna", "instagram:anna"),
        ("hugging face/anna", "huggingface:anna"),
        ("twitter:Anna", "x:anna"),
        ("https://mobile.twitter.com/Anna/status/1?s=20", "x:anna"),
        ("facebook.com/Anna.Smith", "facebook:annasmith"),
        ("https://www.facebook.com/profile.php?id=100001234", "facebook:100001234"),
        ("youtube.com/@Anna", "youtube:anna"),
        ("youtube:UCBR8-60-B28hp2BmDPdntcQ", "youtube:channel/UCBR8-60-B28hp2BmDPdntcQ"),
        ("https://www.youtube.com/c/AnnaPaints/videos", "youtube:c/annapaints"),
        ("https://www.youtube.com/user/Anna", "youtube:user/anna"),
        ("anna.tumblr.com", "tumblr:anna"),
        ("https://www.tumblr.com/anna/1", "tumblr:anna"),
        ("anna.substack.com", "substack:anna"),
        ("https://substack.com/@anna", "substack:@anna"),
        ("https://anna.files.wordpress.com/2020/a.jpg", "wordpress:anna"),
        ("https://www.flickr.com/photos/12345678@N00/1", "flickr:12345678@n00"),
        ("https://bsky.app/profile/Anna.bsky.social", "bluesky:anna.bsky.social"),
        ("@anna.bsky.social", "bluesky:anna.bsky.social"),
        ("https://anna.bsky.social", "bluesky:anna.bsky.social"),
        (
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "bluesky:did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        ),
        ("https://archiveofourown.org/users/Anna_B/works", "ao3:anna_b"),
        ("https://de.pinterest.com/anna/cats", "pinterest:anna"),
        ("https://www.tiktok.com/%40anna", "tiktok:anna"),
    ],
)
def test_an_account_has_one_form(text: str, expected: str) -> None:
    assert form(text) == expected
    assert form(expected) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@Anna", "On which platform is @Anna? Write instagram:anna, x:anna"),
        ("bluesky:anna", "Is it bluesky:anna.bsky.social?"),
        ("anna.example", "On which platform is anna.example?"),
        ("mastodon:anna", "such as @anna@mastodon.social"),
        ("anna@mastodon.social", "Is it an account on Mastodon? Write @anna@mastodon.social"),
        ("instagram: https://x.com/anna", "Which of the two is meant?"),
        ("foo:bar", "It may be github"),
        ("instagram.com/explore", "Give the profile, or write instagram:anna"),
        ("x:@a-b", "One looks like x:anna"),
        ("https://anna.example/about", "A whole site is of the kind site"),
        ("", "An account looks like instagram:anna"),
        ("\ud800", "An account looks like instagram:anna"),
    ],
)
def test_what_is_left_open_is_asked(text: str, told: str) -> None:
    with pytest.raises(IdentifierError) as refusal:
        form(text)
    assert told in refusal.value.advice


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_example_of_every_platform_is_an_account(name: str) -> None:
    for each in PLATFORMS[name].forms:
        text = f"{name}:{each.mark}{each.example}"
        understood = form(text)
        assert understood.startswith(f"{name}:{each.mark}")
        assert form(understood) == understood
        assert account_keys(name, f"{each.mark}{each.example}")[0].digest == (
            Identifier.account(text).digest
        )


@pytest.mark.parametrize("name", [name for name in PLATFORMS if PLATFORMS[name].hosts])
def test_no_host_of_a_platform_can_be_registered_whole(name: str) -> None:
    for host in PLATFORMS[name].hosts:
        with pytest.raises(IdentifierError, match=r"platform|suffix"):
            Identifier.site(host)


@pytest.mark.parametrize(
    ("account", "address", "covered"),
    [
        ("instagram:anna", "https://www.instagram.com/Anna/p/XYZ/?img=1", True),
        ("instagram:anna", "https://www.instagram.com/p/anna/", False),
        ("instagram:anna", "https://www.instagram.com/anna2/", False),
        ("instagram:anna", "https://instagram.com.example/anna/", False),
        ("instagram:anna", "https://x.com/anna", False),
        ("x:anna", "http://twitter.com/anna/status/1", True),
        ("x:anna", "https://x.com/i/anna", False),
        ("github:octocat", "https://raw.githubusercontent.com/Octocat/a/main/b.py", True),
        ("github:octocat", "https://octocat.github.io/a/", True),
        ("github:octocat", "https://github.com/other/octocat", False),
        ("tumblr:anna", "https://anna.tumblr.com/post/1", True),
        ("tumblr:anna", "https://64.media.tumblr.com/anna/1.jpg", False),
        ("mastodon:anna@mastodon.social", "https://mastodon.social/users/Anna/statuses/1", True),
        ("mastodon:anna@mastodon.social", "https://other.example/@anna/1", False),
    ],
)
def test_an_account_covers_its_addresses_only(account: str, address: str, covered: bool) -> None:
    assert covers(account, address) is covered


@pytest.mark.parametrize(
    ("platform", "value", "account"),
    [
        ("github", "Octocat/Hello-World", "github:octocat"),
        ("github", "https://github.com/Octocat/Hello-World.git", "github:octocat"),
        ("github", "git@github.com:Octocat/Hello-World.git", "github:octocat"),
        ("instagram", "@Anna", "instagram:anna"),
        ("mastodon", "anna@mastodon.social", "mastodon:anna@mastodon.social"),
    ],
)
def test_a_column_names_accounts_in_several_ways(platform: str, value: str, account: str) -> None:
    assert [key.digest for key in account_keys(platform, value)] == [
        Identifier.account(account).digest
    ]


@pytest.mark.parametrize("value", ["", "  ", "explore", "a b", "https://x.com/anna", "é"])
def test_what_is_no_handle_has_no_key(value: str) -> None:
    assert account_keys("instagram", value) == ()


def test_an_unknown_platform_is_named() -> None:
    with pytest.raises(IdentifierError, match="'nowhere' is no platform"):
        account_keys("nowhere", "anna")


@PATIENT
@given(st.text() | st.text("ab@.:/ xgithub", max_size=20))
def test_no_text_brings_the_reader_down(text: str) -> None:
    try:
        understood = form(text)
    except IdentifierError as refusal:
        understood, told = None, (refusal.message, refusal.advice)
    if understood is None:
        assert all(told)
    else:
        assert form(understood) == understood


@pytest.mark.parametrize("text", ["a" + " " * 300_000 + "b", "a." * 300_000 + "b"])
def test_what_is_far_too_long_is_no_account_at_once(text: str) -> None:
    with pytest.raises(IdentifierError):
        form(text)
    assert account_keys("github", text) == ()


@pytest.mark.parametrize("said", ["u/Anna", "/u/anna", "user/anna", "@anna"])
def test_what_reddit_writes_before_a_name_says_nothing(said: str) -> None:
    assert canonical(Kind.ACCOUNT, f"reddit:{said}") == "reddit:anna"
    assert account_keys("reddit", said) == account_keys("reddit", "anna")
