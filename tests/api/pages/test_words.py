"""There is a sentence for everything that can happen."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path

import optout.api.service
import pytest
from optout.api.http.problems import STATUSES
from optout.api.pages import words
from optout.api.pages.languages import load
from optout.api.pages.quota_words import too_often
from optout.api.pages.spelling_offers import ALIKE, SPELT
from optout.api.service import VARIANTS
from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Status

LANGUAGES = load()
SERVICE = Path(optout.api.service.__file__).parent


def reasons(module: str) -> set[str]:
    """The words by which a module of the service refuses."""
    source = (SERVICE / module).read_text(encoding="utf-8")
    return set(re.findall(r'(?:Refusal\([^"]*?|return |reason = |else )f?"([a-z-]+)"', source))


def test_every_line_that_is_refused_has_a_sentence() -> None:
    named = {"not-a-site", "not-a-url", "not-a-prefix", "not-a-work", "not-a-text"}
    found = reasons("lines.py") - {"not-a-", "not-an-"} | named | {"not-an-account"}
    assert {"handle", "email", "platform", "public-suffix"} <= found
    assert found == set(words.LINE_PROBLEMS)


def test_every_picture_that_is_refused_has_a_sentence() -> None:
    found = reasons("pictures.py") | reasons("hashed_pictures.py")
    assert {"heic", "flat", "not-a-picture"} <= found
    assert found == set(words.PICTURE_PROBLEMS)


def test_every_kind_state_and_spelling_has_a_name() -> None:
    assert set(words.KINDS) == set(words.REACHES) == {str(kind) for kind in Kind}
    assert set(words.STATES) == {str(status) for status in Status}
    assert set(words.VARIANTS) == set(VARIANTS) - set(ALIKE) | {SPELT}


def test_every_error_has_a_page() -> None:
    # A secret is missing in the interface only: the pages ask for it.
    assert {*STATUSES.values(), 500, 429, 405, 403} - {401} == set(words.FAILURES)


@pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 400])
@pytest.mark.parametrize("code", LANGUAGES)
def test_no_failure_leaves_a_visitor_without_a_word(code: str, status: int) -> None:
    heading, sentence = words.failure(LANGUAGES[code], status)
    assert heading
    assert sentence.endswith(".")


def test_an_unknown_reason_has_a_sentence_too() -> None:
    english = LANGUAGES["en"]
    assert words.line_problem(english, "?") == words.LINE_PROBLEMS["not-a-url"]
    assert words.picture_problem(english, "?") == words.PICTURE_PROBLEMS["not-a-picture"]


@pytest.mark.parametrize(
    ("kind", "status", "grade", "told"),
    [
        (Kind.SITE, Status.IN_FORCE, Grade.SELF, words.UNPROVEN_SITE),
        (Kind.SITE, Status.IN_FORCE, Grade.ACCOUNT, words.UNPROVEN_SITE),
        (Kind.SITE, Status.IN_FORCE, Grade.DOMAIN, words.STATES["in-force"]),
        (Kind.SITE, Status.WITHDRAWN, Grade.SELF, words.STATES["withdrawn"]),
        (Kind.URL, Status.IN_FORCE, Grade.SELF, words.STATES["in-force"]),
        (Kind.URL, Status.DISPUTED, Grade.SELF, words.STATES["disputed"]),
    ],
)
def test_a_state_is_told_as_filters_see_it(
    kind: Kind, status: Status, grade: Grade, told: str
) -> None:
    assert words.state(LANGUAGES["en"], kind, status, grade) == told


@pytest.mark.parametrize(
    ("code", "why", "told"),
    [
        ("en", "", "Taken out by us: filters let it pass."),
        ("en", "asked by <mail>", "The reason that we gave: “asked by <mail>”."),
        ("en", "quarantined: matches 12 of 3,400 background pictures", "12 of 3,400 pictures"),
        ("en", "quarantined: matches 1 of 1 background picture", "1 of 1 pictures"),
        ("en", "quarantined: and more", "The reason that we gave: “quarantined: and more”."),
        ("fr", "quarantined: matches 12 of 3,400 background pictures", "12 images sur 3\u202f400"),
        ("fr", "spam", "«\u202fspam\u202f»."),
    ],
)
def test_what_the_operator_took_out_is_told_as_that_with_the_reason(
    code: str, why: str, told: str
) -> None:
    of = Kind.IMAGE, Status.WITHDRAWN, Grade.SELF
    said = words.state(LANGUAGES[code], *of, why)
    assert told in said
    assert said != words.state(LANGUAGES[code], *of)
    in_force = words.state(LANGUAGES[code], Kind.IMAGE, Status.IN_FORCE, Grade.SELF, why)
    assert in_force == LANGUAGES[code].text(words.STATES["in-force"])


@pytest.mark.parametrize(
    ("code", "seconds", "path", "told"),
    [
        ("en", 1, "/look-up", "Please try again in a minute."),
        ("en", 61, "/", "Please try again in 2 minutes. Nothing has been registered."),
        ("en", 7200, "/case", "Please try again in 120 minutes. Your case is unchanged."),
        ("en", 7201, "/case/code", "Please try again in 3 hours. Your case is unchanged."),
        ("fr", 3600, "/case", "Réessayez dans 60 minutes. Votre dossier est inchangé."),
        ("en", 90, "/cases", "Please try again in 2 minutes."),
    ],
)
def test_who_asks_too_often_is_told_until_when_and_what_has_not_changed(
    code: str, seconds: int, path: str, told: str
) -> None:
    heading, sentence = too_often(LANGUAGES[code], seconds, path)
    assert heading == LANGUAGES[code].text(words.FAILURES[429][0])
    assert sentence.endswith(told)
