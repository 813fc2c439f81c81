"""What the page for looking things up says, with a script and without."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from optout.api.service import Refusal

from . import words
from .languages import N_, Language

NAMES: Mapping[str, str] = {
    "url": N_("The link itself"),
    "site": N_("The whole site"),
    "prefix": N_("This part of the site"),
    "account": N_("The account"),
    "work": N_("The book or article"),
    "text": N_("The passage of text"),
    "image": N_("The picture, by its fingerprint"),
    "file": N_("The exact file"),
}
"""By kind, what is looked for."""

STATES: Mapping[str, str] = {
    "in-force": N_("Registered and in force."),
    "disputed": N_("Registered and in force. Somebody disputes it, and a person will look at it."),
    "withdrawn": N_("Withdrawn: filters let it pass."),
    "erased": N_("Erased: nothing is known of it any more."),
}
GRADES: Mapping[str, str] = {
    "self": N_("Whoever registered it says that it is theirs; nothing was proved."),
    "account": N_("Whoever registered it has proved that the account is theirs."),
    "domain": N_("Whoever registered it has proved that the site is theirs."),
    "reviewed": N_("A person has looked at the claim and confirmed it."),
}
UNPROVEN_SITE = N_("Filters that ask for proof of who owns a site do not follow it yet.")

YES = N_("Yes, it is registered.")
NO = N_("No, it is not on the list.")
AS_OF = N_("As of %(when)s. What was registered since then comes with the next list.")
_UNSURE = N_(
    "Your browser and our list may read this differently, so we will not guess. Ask our server: it "
    "then sees what you ask about."
)
SCRIPT: Mapping[str, str] = {
    "busy": N_("One moment…"),
    "empty": N_("Please paste something or choose a picture first."),
    "failed": N_("We could not reach the list. Please try again in a minute."),
    "unsure": _UNSURE,
    "picture": N_(
        "Your browser cannot read this picture, so only the exact file was looked for. Our server "
        "can look at the picture itself: it then sees it, and keeps nothing of it."
    ),
}
"""What only the script says."""


def said(language: Language) -> Mapping[str, Mapping[str, str] | str]:
    """Everything that the script may have to say, in a language."""

    def told(table: Mapping[str, str]) -> Mapping[str, str]:
        return {name: language.text(sentence) for name, sentence in table.items()}

    return {
        "names": told(NAMES),
        "states": told(STATES),
        "grades": told(GRADES),
        "problems": {**told(words.LINE_PROBLEMS), **told(words.PICTURE_PROBLEMS)},
        "unproven": language.text(UNPROVEN_SITE),
        "yes": language.text(YES),
        "no": language.text(NO),
        "asOf": language.text(AS_OF),
        **told(SCRIPT),
    }


def problem(language: Language, refusal: Refusal) -> str:
    """Why something cannot be looked for."""
    if refusal.reason in words.PICTURE_PROBLEMS:
        return words.picture_problem(language, refusal.reason)
    return words.line_problem(language, refusal.reason)


def moment(language: Language, when: datetime.datetime) -> str:
    """A minute in words, such as `24 November 2026, 09:05 UTC`."""
    return f"{language.date(when.date())}, {when:%H:%M} UTC"


def as_of(language: Language, when: datetime.datetime) -> str:
    """Of when an answer is, in a sentence."""
    return language.text(AS_OF) % {"when": moment(language, when)}
