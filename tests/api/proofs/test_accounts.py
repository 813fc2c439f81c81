"""An account is proved by a line that only its owner can have written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from optout.api.proofs import (
    Challenge,
    Endpoints,
    Fetcher,
    NotFound,
    Proved,
    Result,
    Unprovable,
    Unreachable,
    profile_of,
    provable_account,
    provable_platforms,
    prove_account,
)
from optout.api.proofs.words import descriptions_of, words_of

from .servers import Site, answer, run

BASE = "https://api.example"
AT = Endpoints(
    github=BASE,
    github_files="https://files.example",
    gitlab=BASE,
    codeberg=BASE,
    huggingface=BASE,
    bluesky=BASE,
    pages=(("tumblr", f"{BASE}/{{handle}}"),),
)


def challenge(subject: str) -> Challenge:
    return Challenge("C-1", subject, bytes(range(32)), datetime(2027, 1, 1, tzinfo=UTC))


GITHUB = challenge("github:anna")
LINE = GITHUB.line
USER = "api.example/users/anna"
README = "files.example/anna/anna/HEAD/README.md"
Looking = Callable[..., Result]


@pytest.fixture
def looking(fetching: Callable[..., Fetcher]) -> Looking:
    def looking(asked: Challenge = GITHUB, stable_id: str | None = None) -> Result:
        async def look() -> Result:
            return await prove_account(asked, fetching(), endpoints=AT, stable_id=stable_id)

        result: Result = run(look)
        return result

    return looking


def told(value: Any) -> bytes:
    return answer(json.dumps(value))


def test_a_line_in_the_profile(site: Site, looking: Looking) -> None:
    site.pages[USER] = told({"login": "Anna", "id": 7, "bio": f"I paint {LINE}", "blog": None})
    assert looking() == Proved("7")


def test_a_line_in_the_file_of_the_profile(site: Site, looking: Looking) -> None:
    site.pages[USER] = told({"login": "anna", "id": 7, "bio": None})
    found = looking()
    assert isinstance(found, NotFound)
    assert LINE in found.advice
    site.pages[README] = answer(f"# Anna\n\n<!-- {LINE} -->\n")
    assert looking() == Proved("7")


def test_where_the_profile_holds_the_line_nothing_more_is_asked_for(
    site: Site, looking: Looking
) -> None:
    site.pages[README] = answer(LINE)
    for bio, questions in ((LINE, 1), ("", 2)):
        site.asked.clear()
        site.pages[USER] = told({"login": "anna", "id": 7, "bio": bio})
        assert looking() == Proved("7")
        assert len(site.asked) == questions


def test_a_further_text_that_cannot_be_read_says_nothing(site: Site, looking: Looking) -> None:
    site.pages[USER] = told({"login": "anna", "id": 7, "bio": ""})
    site.pages[README] = answer(status=503)
    assert isinstance(looking(), Unreachable)


def test_the_line_of_another_case_does_not_count(site: Site, looking: Looking) -> None:
    other = replace(GITHUB, case_number="C-2")
    site.pages[USER] = told({"login": "anna", "id": 7, "bio": other.line})
    assert isinstance(looking(), NotFound)


def test_what_others_write_does_not_count(site: Site, looking: Looking) -> None:
    site.pages[USER] = told({"login": "anna", "id": 7, "bio": "", "comments": [LINE], "name": None})
    assert isinstance(looking(), NotFound)


def test_a_name_that_was_taken_over_proves_nothing(site: Site, looking: Looking) -> None:
    site.pages[USER] = told({"login": "anna", "id": 8, "bio": LINE})
    found = looking(stable_id="7")
    assert isinstance(found, NotFound)
    assert "belongs to another account" in found.advice
    assert looking(stable_id="8") == Proved("8")


@pytest.mark.parametrize("sent", [answer(status=404), told({"login": "eve", "id": 1, "bio": LINE})])
def test_an_account_that_is_not_there(site: Site, looking: Looking, sent: bytes) -> None:
    site.pages[USER] = sent
    found = looking()
    assert isinstance(found, NotFound)
    assert "knows no account anna" in found.advice


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (answer(status=403), "HTTP status 403"),
        (answer(status=500), "HTTP status 500"),
        (answer("<html>"), "something else than an account"),
        (answer("[" * 200_000), "something else than an account"),
        (answer(b"\xff\xfe\x00"), "something else than an account"),
        (answer("9" * 10_000), "something else than an account"),
        (told([]), "something else than an account"),
        (told({"login": "anna", "bio": LINE}), "something else than an account"),
        (told({"login": "anna", "id": True, "bio": LINE}), "something else than an account"),
        (told({"login": "anna", "id": {}, "bio": LINE}), "something else than an account"),
        (answer(b" " * 600_000), "answers with more than 512 KiB"),
        (answer(status=302, Location="https://files.example/"), "leads to another host"),
    ],
)
def test_hostile_answers(site: Site, looking: Looking, sent: bytes, words: str) -> None:
    site.pages[USER] = sent
    found = looking()
    assert isinstance(found, Unreachable)
    assert words in found.advice


@pytest.mark.parametrize("bio", [None, 7, [LINE], {"text": LINE}])
def test_a_text_of_another_type_is_none(site: Site, looking: Looking, bio: object) -> None:
    site.pages[USER] = told({"login": "anna", "id": 7, "bio": bio})
    assert isinstance(looking(), NotFound)


def test_gitlab(site: Site, looking: Looking) -> None:
    asked = challenge("gitlab:anna")
    by_name = "api.example/api/v4/users?username=anna"
    site.pages[by_name] = told([])
    assert isinstance(looking(asked), NotFound)
    site.pages[by_name] = told({})
    assert isinstance(looking(asked), Unreachable)
    site.pages[by_name] = told([{"id": 5, "username": "anna", "state": "blocked"}])
    site.pages["api.example/api/v4/users/5"] = told({"bio": asked.line})
    assert isinstance(looking(asked), NotFound)
    site.pages[by_name] = told([{"id": 5, "username": "anna", "state": "active"}])
    assert looking(asked) == Proved("5")
    del site.pages["api.example/api/v4/users/5"]
    assert isinstance(looking(asked), NotFound)
    site.pages["api.example/anna/anna/-/raw/HEAD/README.md"] = answer(asked.line)
    assert looking(asked) == Proved("5")


def test_codeberg(site: Site, looking: Looking) -> None:
    asked = challenge("codeberg:anna")
    assert isinstance(looking(asked), NotFound)
    site.pages["api.example/api/v1/users/anna"] = told(
        {"login": "anna", "id": 3, "description": asked.line}
    )
    assert looking(asked) == Proved("3")


def test_hugging_face_users_and_organizations(site: Site, looking: Looking) -> None:
    asked = challenge("huggingface:anna")
    assert isinstance(looking(asked), NotFound)
    site.pages["api.example/api/organizations/anna/overview"] = told(
        {"name": "anna", "details": asked.line}
    )
    assert looking(asked) == Proved(None)
    site.pages["api.example/api/users/anna/overview"] = told({"user": "anna", "_id": "abc"})
    assert isinstance(looking(asked), NotFound)
    site.pages["api.example/spaces/anna/README/raw/main/README.md"] = answer(asked.line)
    assert looking(asked) == Proved("abc")


def test_mastodon_asks_the_account_s_own_server(site: Site, looking: Looking) -> None:
    asked = challenge("mastodon:anna@social.example")
    place = "social.example/api/v1/accounts/lookup?acct=anna"
    account: dict[str, Any] = {"id": "99", "acct": "Anna", "note": f"<p>Hi<br>{asked.line}</p>"}
    site.pages[place] = told(account)
    assert looking(asked) == Proved("99")
    field = {"name": "optout", "value": f"optout:<b>{asked.line[7:]}</b>"}
    site.pages[place] = told(account | {"note": "", "fields": [1, field]})
    assert looking(asked) == Proved("99")
    for other in ({"acct": "anna@evil.example"}, {"suspended": True}, {"note": None, "fields": 1}):
        site.pages[place] = told(account | other)
        assert isinstance(looking(asked), NotFound)


def test_bluesky_by_name_and_by_did(site: Site, looking: Looking) -> None:
    did = "did:plc:" + "a" * 24
    asked = challenge("bluesky:anna.example")
    place = "api.example/xrpc/app.bsky.actor.getProfile?actor="
    profile = {"did": did, "handle": "anna.example", "description": asked.line}
    site.pages[f"{place}anna.example"] = told(profile)
    assert looking(asked) == Proved(did)
    site.pages[f"{place}anna.example"] = told(profile | {"handle": "handle.invalid"})
    assert isinstance(looking(asked), NotFound)
    by_did = challenge(f"bluesky:{did}")
    site.pages[f"{place}{did.replace(':', '%3A')}"] = told(profile | {"description": by_did.line})
    assert looking(by_did) == Proved(did)


def test_a_profile_page_counts_by_its_head_only(site: Site, looking: Looking) -> None:
    asked = challenge("tumblr:anna")
    meta = f'<meta property="og:description" content="I paint. {asked.line}">'
    assert isinstance(looking(asked), NotFound)
    site.pages["api.example/anna"] = answer(f"<html><head>{meta}</head><body></body></html>")
    assert looking(asked) == Proved(None)
    for body in (
        f"<head></head><body>{asked.line}{meta}",
        f"<body>{meta}",
        f"<HEAD></HEAD>{meta}",
        f"<script>{meta}",
        f"<script type=x>{{'comment': '{meta}'}}</script>",
        f"<title>{meta}</title>",
        f"<!-- {meta} -->",
        meta.replace(">", "<"),
    ):
        site.pages["api.example/anna"] = answer(body)
        assert isinstance(looking(asked), NotFound)


def test_of_two_descriptions_the_first_counts() -> None:
    page = b"<meta name=description content=one><meta name=Description content=two><meta>"
    assert descriptions_of(page) == "one"


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<a ", "<a b='", "<meta ", "<meta a=", "<meta a='", "<script>", "&#", "a"],
)
def test_broken_pages_take_no_time(piece: str) -> None:
    page = piece * (600_000 // len(piece))
    started = time.process_time()
    words_of(page)
    descriptions_of(page.encode())
    descriptions_of(f"<meta {page}>".encode())
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize("subject", ["x:anna", "instagram:anna", "linkedin:anna-smith"])
def test_platforms_of_which_nobody_knows(looking: Looking, subject: str) -> None:
    with pytest.raises(Unprovable, match="cannot be proved by its profile") as caught:
        looking(challenge(subject))
    assert "bluesky, codeberg, github" in caught.value.advice


@pytest.mark.parametrize("subject", ["github:Anna", "github:-", "nowhere:anna", ""])
def test_what_is_no_account(looking: Looking, subject: str) -> None:
    with pytest.raises(Unprovable):
        looking(challenge(subject))


def test_the_platforms_that_can_be_proved() -> None:
    assert provable_platforms() == (
        "bandcamp",
        "bluesky",
        "codeberg",
        "github",
        "gitlab",
        "huggingface",
        "mastodon",
        "tumblr",
    )


@pytest.mark.parametrize(
    ("given", "form", "profile"),
    [
        ("GitHub:Anna", "github:anna", "https://github.com/anna"),
        ("https://gitlab.com/anna", "gitlab:anna", "https://gitlab.com/anna"),
        ("codeberg:anna", "codeberg:anna", "https://codeberg.org/anna"),
        ("huggingface:anna", "huggingface:anna", "https://huggingface.co/anna"),
        ("@Anna@social.example", "mastodon:anna@social.example", "https://social.example/@anna"),
        ("bluesky:anna.example", "bluesky:anna.example", "https://bsky.app/profile/anna.example"),
        (
            "bluesky:did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "bluesky:did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "https://bsky.app/profile/did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        ),
        ("tumblr:anna", "tumblr:anna", "https://anna.tumblr.com/"),
        ("bandcamp:anna", "bandcamp:anna", "https://anna.bandcamp.com/"),
    ],
)
def test_an_account_that_can_be_proved_and_where_people_see_it(
    given: str, form: str, profile: str
) -> None:
    assert provable_account(given) == form
    assert profile_of(form) == profile
    assert form.partition(":")[0] in provable_platforms()


@pytest.mark.parametrize("given", ["instagram:anna", "nowhere:anna", "github:-", ""])
def test_an_account_that_cannot_be_proved(given: str) -> None:
    with pytest.raises(Unprovable):
        provable_account(given)
