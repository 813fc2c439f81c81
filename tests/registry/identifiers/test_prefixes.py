"""Prefixes: a path on exactly one host, and everything below it."""

from __future__ import annotations

import hashlib

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import MAX_DEPTH, Identifier, Kind, canonical, url_keys

PATIENT = settings(deadline=None)
SEGMENTS = st.lists(st.text("abAB01-_~", min_size=1, max_size=5), min_size=1, max_size=6)


def covers(prefix: str, address: str) -> bool:
    registered = Identifier.prefix(prefix)
    keys = url_keys(address) or ()
    return (registered.kind, registered.digest, registered.probe) in keys


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://Anna.Example:443/~anna/Gallery/?page=2#top", "anna.example/~anna/Gallery"),
        ("anna.example/a", "anna.example/a"),
        ("anna.example/a///", "anna.example/a"),
        ("http://anna.example:8080/a/b", "anna.example:8080/a/b"),
        ("//anna.example/a/../b/", "anna.example/b"),
        ("anna.example/%7Eanna", "anna.example/~anna"),
        ("http://intranet/page", "intranet/page"),
        ("instagram.com/Anna/", "instagram.com/Anna"),
        ("https://flickr.com/photos/anna/", "flickr.com/photos/anna"),
    ],
)
def test_a_prefix_has_no_query_and_no_slash_at_its_end(text: str, form: str) -> None:
    assert canonical(Kind.PREFIX, text) == form
    assert canonical(Kind.PREFIX, form) == form


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("https://anna.example/gallery", True),
        ("http://anna.example/gallery/", True),
        ("https://anna.example/gallery?page=2", True),
        ("https://anna.example/gallery/2024/a.jpg?size=l", True),
        ("https://anna.example/gallery//a.jpg", True),
        ("https://anna.example/x/../gallery/a.jpg", True),
        ("https://anna.example/gallery2/a.jpg", False),
        ("https://anna.example/Gallery/a.jpg", False),
        ("https://anna.example/galler", False),
        ("https://anna.example/", False),
        ("https://anna.example/?gallery/", False),
        ("https://www.anna.example/gallery/a.jpg", False),
        ("https://anna.example:8080/gallery/a.jpg", False),
        ("https://anna.example/a/gallery/", False),
    ],
)
def test_a_prefix_covers_its_path_and_what_lies_below_it(address: str, covered: bool) -> None:
    assert covers("https://anna.example/gallery/", address) is covered


@PATIENT
@given(SEGMENTS, SEGMENTS)
def test_a_path_covers_another_where_it_is_a_beginning_of_it(one: list, other: list) -> None:
    expected = other[: len(one)] == one
    address = "https://anna.example/" + "/".join(other)
    assert covers("anna.example/" + "/".join(one), address) is expected
    assert covers("anna.example/" + "/".join(one), address + "/?q=1") is expected


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 40])
def test_prefixes_go_as_deep_as_corpora_are_searched(depth: int) -> None:
    path = "anna.example" + "/a" * depth
    keys = url_keys(f"{path}/b/c?d") or ()
    assert sum(key.kind is Kind.PREFIX for key in keys) == min(depth + 2, MAX_DEPTH)
    if depth <= MAX_DEPTH:
        assert covers(path, path)
        assert covers(path, path + "/b/c?d")
    else:
        with pytest.raises(IdentifierError, match="deeper than 16"):
            Identifier.prefix(path)


def test_the_upper_half_of_a_prefix_probe_is_its_hosts_and_the_lower_one_a_mix() -> None:
    registered = Identifier.prefix("https://anna.example:8080/a/b")
    host, path = (xxhash.xxh3_64_intdigest(part) for part in (b"anna.example:8080", b"/a/b"))
    mixed = (host * 0x9E3779B97F4A7C15 + path) % 2**64
    assert registered.probe == (host >> 32 << 32) + (mixed >> 32)
    expected = hashlib.sha256(b"optout/v1/prefix\0anna.example:8080/a/b").digest()
    assert registered.digest == expected


@pytest.mark.parametrize(
    "text",
    ["anna.example", "https://anna.example/", "anna.example/?a", "and/or", "", "ftp://a.example/b"],
)
def test_a_whole_site_and_words_are_no_prefix(text: str) -> None:
    with pytest.raises(IdentifierError):
        Identifier.prefix(text)


@pytest.mark.parametrize(
    "text",
    [
        *("instagram.com", "github.com/", "instagram.com/p", "github.com/topics/"),
        *("flickr.com/photos", "reddit.com/user/", "live.staticflickr.com/65535"),
        *("huggingface.co/datasets", "youtube.com/watch", "https://www.pinterest.com/pin/"),
        *("i.pinimg.com/originals/ab", "i.pinimg.com/736x/ab/cd", "scontent.xx.fbcdn.net/v/t1.0-9"),
        *(
            "reddit.com/r/pics",
            "x.com/search/a",
            "instagram.com/explore/tags",
            "flickr.com/groups/a",
        ),
    ],
)
def test_what_many_people_share_on_a_platform_is_refused(text: str) -> None:
    with pytest.raises(IdentifierError, match="platform"):
        Identifier.prefix(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "flickr.com/photos/anna/albums",
            "github.com/octocat/repo",
            "reddit.com/user/anna/comments",
        ),
        *("huggingface.co/datasets/anna/a", "anna.tumblr.com/post", "mastodon.social/@anna"),
        *("raw.githubusercontent.com/octocat/repo", "anna.files.wordpress.com/2020"),
        *("i0.wp.com/anna.example/uploads", "s3.amazonaws.com/anna-photos"),
    ],
)
def test_what_one_account_or_site_has_on_a_platform_is_taken(text: str) -> None:
    assert canonical(Kind.PREFIX, text) == text


@pytest.mark.parametrize("behind", ["/*", "/**", "/ *", "/* "])
def test_a_star_behind_an_address_says_that_everything_below_is_meant(behind: str) -> None:
    assert canonical(Kind.PREFIX, f"https://anna.example/gallery{behind}") == "anna.example/gallery"


def test_a_star_in_one_address_is_asked_about() -> None:
    with pytest.raises(IdentifierError, match="ends in a star") as caught:
        Identifier.url("https://anna.example/gallery/*")
    assert "prefix" in caught.value.advice
