"""What people say in their own words, in a field of several lines."""

from __future__ import annotations

from optout.api.service import Form
from optout.registry.cases import MOST_CHARACTERS

from .languages import N_, Language

_EMPTY = N_("Please write a sentence or two first.")
_TOO_LONG = N_("This is too long: please say it in at most %(most)s characters.")


def statement_of(form: Form, name: str = "statement") -> str:
    """What stands in a field, its lines ended as they are counted: with one sign each."""
    return form.text(name).replace("\r\n", "\n").strip()


def statement_problem(language: Language, statement: str) -> str:
    """Why something cannot be taken as a statement; empty where it can."""
    if not statement:
        return language.text(_EMPTY)
    return length_problem(language, statement)


def length_problem(language: Language, text: str, most: int = MOST_CHARACTERS) -> str:
    """Why something is too long; empty where it is not."""
    return "" if len(text) <= most else language.text(_TOO_LONG) % {"most": language.number(most)}
