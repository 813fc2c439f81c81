"""Passages of text: a caption, a poem, a comment that fills one field of a corpus.

Two passages are one where they read the same: the canonical form is Unicode's NFKC, case-folded,
without the characters that nobody sees, with one space for any white space, and trimmed. The form
is hashed and never kept.
"""

from __future__ import annotations

import re

from optout.registry.errors import IdentifierError

from .composing import nfkc

LEAST_CHARACTERS = 24
"""What is shorter, such as `photo of a cat`, many people have written."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point: zero-width spaces and joiners, marks of direction."""

_NEWER = re.compile(
    "([\U00010efd-\U00010eff\U00011f41\U00011f42\U0001e030-\U0001e06d\U0001e08f"
    "\U0001e4ec-\U0001e4ef]+)"
)
"""What Unicode has given properties since version 14, which Python 3.11 knows: left as it is, so
that every version of Python finds the same form."""

_HALVES = re.compile("[\ud800-\udfff]")


def fold_text(text: str) -> str:
    """The canonical form of a passage, whatever its length."""
    if text.isascii():
        return " ".join(text.lower().split())
    pieces = _NEWER.split(_HALVES.sub("\ufffd", text))
    pieces[::2] = map(_folded, pieces[::2])
    return " ".join("".join(pieces).split())


def _folded(text: str) -> str:
    before = text
    while True:
        # Folding can undo what NFKC composed, and the other way round: until nothing changes.
        after = nfkc(_INVISIBLE.sub("", before)).casefold()
        if after == before:
            return after
        before = after


def passage_of(text: str) -> str | None:
    """The canonical form of a passage, or None where it is too short to be anybody's."""
    folded = fold_text(text)
    return folded if len(folded) >= LEAST_CHARACTERS else None


def passage_form(text: str) -> str:
    """The canonical form of a passage that somebody wants to register.

    Raises:
        IdentifierError: it is too short.
    """
    folded = fold_text(text)
    if len(folded) < LEAST_CHARACTERS:
        raise IdentifierError(
            f"the text has {len(folded)} characters that tell it from others: too few",
            f"Give a passage of at least {LEAST_CHARACTERS} characters, as it stands in one field.",
        )
    return folded
