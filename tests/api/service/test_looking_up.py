"""What is looked for to know whether a thing is registered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from optout.api.limits import Limits
from optout.api.service import (
    Asked,
    Item,
    Question,
    Upload,
    picture_question,
    read_line,
    read_question,
)
from optout.api.service.looking_up import found_in
from optout.api.service.pictures import read_picture
from optout.registry.identifiers import Grade, Identifier, Kind, canonical
from optout.registry.log import Status

LIMITS = Limits()


def asked(text: str) -> list[tuple[str, str]]:
    question = read_question(text, LIMITS)
    assert isinstance(question, Question), question
    return [(one.kind, one.form) for one in question.asked]


def test_of_a_link_everything_is_looked_for_that_would_cover_it() -> None:
    assert asked("<https://www.instagram.com/anna/p/1?x>,") == [
        ("url", "www.instagram.com/anna/p/1?x"),
        ("site", "www.instagram.com"),
        ("site", "instagram.com"),
        ("prefix", "www.instagram.com/anna/p/1"),
        ("prefix", "www.instagram.com/anna/p"),
        ("prefix", "www.instagram.com/anna"),
        ("account", "instagram:anna"),
    ]


@pytest.mark.parametrize("end", [".", "…", ").", "!”", ";)"])
def test_what_ends_the_sentence_is_no_part_of_a_link_or_is(end: str) -> None:
    plain = asked("anna.example/boat_(blue)")
    assert asked("https://anna.example/boat_(blue),") == plain
    found = asked(f"https://anna.example/boat_(blue){end}")
    assert found[0] == plain[0]
    assert set(found) > set(plain)
    assert asked(f"anna.example{end}")[0] == ("site", "anna.example")


@pytest.mark.parametrize("link", ["wiki/Washington,_D.C.", "wiki/Yahoo!", "boat?q='x'"])
def test_a_link_that_ends_as_sentences_do_is_looked_for(link: str) -> None:
    found = asked(f"https://anna.example/{link}")
    assert ("url", canonical(Kind.URL, f"https://anna.example/{link}")) in found
    below = read_line(f"https://anna.example/{link.partition('?')[0]}/*", LIMITS)
    assert isinstance(below, Item)
    assert ("prefix", below.understood) in found


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("anna.example", ("site", "anna.example"), 2),
        ("- https://Anna.Example/", ("site", "anna.example"), 2),
        ("anna.example/gallery/*", ("prefix", "anna.example/gallery"), 2),
        ("github.io", ("site", "github.io"), 2),
        ("instagram:Anna", ("account", "instagram:anna"), 1),
        ("anna on Instagram", ("account", "instagram:anna"), 1),
        ("@anna@mastodon.social", ("account", "mastodon:anna@mastodon.social"), 1),
        ("ISBN 0-306-40615-2", ("work", "isbn:9780306406157"), 1),
        ("MD5:" + "A" * 32, ("file", "md5:" + "a" * 32), 1),
        ("A" * 64, ("file", "a" * 64), 2),
        ("a line\nand another line of it", ("text", "a line and another line of it"), 1),
        ("words enough to be somebody’s own", ("text", "words enough to be somebody’s own"), 1),
    ],
)
def test_what_is_named_is_looked_for_first(text: str, first: tuple[str, str], count: int) -> None:
    forms = asked(text)
    assert forms[0] == first
    assert len(forms) == count


def test_a_resolvers_link_is_looked_for_as_the_work_too() -> None:
    assert ("work", "doi:10.1000/182") in asked("https://doi.org/10.1000/182")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("words", "words"),
        ("@anna", "handle"),
        ("anna@anna.example", "email"),
        ("ftp://anna.example/a", "scheme"),
        ("isbn:1", "not-a-work"),
        ("instagram:", "not-an-account"),
        ("https://a b/", "words"),
        ("https://anna.example:99999/", "not-a-site"),
        ("https://anna.example:99999/a", "not-a-url"),
        ("https://anna.example:99999/*", "not-a-prefix"),
        ("\0", "words"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}", "words"),
        ("<script>", "words"),
        ("short\nlines", "not-a-text"),
        ("a" * (LIMITS.passage + 1), "too-long"),
        ("\ufdfa" * (LIMITS.passage // 18 + 1), "too-long"),
        ("a" * 5000, "too-long"),
    ],
)
def test_what_is_nothing_is_refused_with_a_reason(text: str, reason: str) -> None:
    question = read_question(text, Limits(line=4096))
    if len(text) == 5000:
        assert isinstance(question, Question)  # too long for a link, and a passage
        return
    assert not isinstance(question, Question)
    assert question.reason == reason


def test_of_a_picture_its_fingerprints_and_the_file_are_looked_for(photograph: Callable) -> None:
    data = photograph()
    upload = Upload("a.jpg", data)
    question = picture_question(read_picture(upload, 1), upload)
    assert isinstance(question, Question)
    hashes = Identifier.image(data).hashes["phash256"].values()
    pictures = [one.digits for one in question.asked if one.space == "image"]
    assert set(pictures) == {hashed.hex() for hashed in hashes}
    files = [one.digits for one in question.asked if one.kind is Kind.FILE]
    sha256 = Identifier.file_sha256(hashlib.sha256(data).hexdigest())
    assert files[0] == sha256.digest.hex()
    assert len(files) == 2


def test_of_what_is_no_picture_the_file_is_looked_for() -> None:
    upload = Upload("a.bin", b"no picture")
    question = picture_question(read_picture(upload, 1), upload)
    assert isinstance(question, Question)
    assert question.kind is Kind.FILE


@pytest.mark.parametrize("upload", [Upload("a.jpg"), Upload("a.jpg", excess="too-large")])
def test_of_what_did_not_arrive_nothing_is_looked_for(upload: Upload) -> None:
    assert not isinstance(picture_question(read_picture(upload, 1), upload), Question)


def test_made_up_lines_and_other_rests_are_passed_over() -> None:
    one = Asked(Kind.URL, "a", "items", "0" * 64, "a")
    lines = [
        f"{'0' * 59}:url    :self    :in-force:0",
        f"{'0' * 58}1:url    :self    :in-force:1",
        f"{'0' * 59}:url    :domain  :disputed:1",
    ]
    (found,) = found_in(one, lines)
    assert (found.grade, found.status) == (Grade.DOMAIN, Status.DISPUTED)
