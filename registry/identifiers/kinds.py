"""The words of the registry: kinds of identifier, grades of proof, usages."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from optout.registry.errors import LogFault, UsageError


class Kind(StrEnum):
    """What an identifier names.

    A code is what files store, and never changes.
    """

    URL = "url"
    SITE = "site"
    PREFIX = "prefix"
    ACCOUNT = "account"
    WORK = "work"
    TEXT = "text"
    FILE = "file"
    IMAGE = "image"

    @property
    def code(self) -> int:
        """The kind as a small number; where one of several kinds must be named, the least."""
        return _CODES[self]

    @staticmethod
    def from_code(code: int) -> Kind:
        """The kind that a file stores as this number.

        Raises:
            LogFault: no kind of this version has it.
        """
        kind = _BY_CODE.get(code)
        if kind is None:
            raise LogFault(f"no kind has the code {code}", "A newer optout may know it: upgrade.")
        return kind


_CODES = {
    Kind.URL: 1,
    Kind.SITE: 2,
    Kind.PREFIX: 3,
    Kind.ACCOUNT: 4,
    Kind.WORK: 5,
    Kind.TEXT: 6,
    Kind.FILE: 7,
    Kind.IMAGE: 8,
}
_BY_CODE = {code: kind for kind, code in _CODES.items()}


class Grade(StrEnum):
    """How the claim to an item was proved, from the weakest to the strongest."""

    SELF = "self"
    ACCOUNT = "account"
    DOMAIN = "domain"
    REVIEWED = "reviewed"

    @property
    def rank(self) -> int:
        """The grade as a number, 0 for the weakest."""
        return _RANKS[self]

    @staticmethod
    def from_rank(rank: int) -> Grade:
        """The grade of this rank.

        Raises:
            LogFault: there is none.
        """
        if not 0 <= rank < len(_GRADES):
            raise LogFault(f"no grade has the rank {rank}", "A newer optout may know it: upgrade.")
        return _GRADES[rank]


_GRADES = tuple(Grade)
_RANKS = {grade: rank for rank, grade in enumerate(_GRADES)}

USAGES = ("train-ai", "search")
"""What content may be used for, in AIPREF's words; the order gives each its bit."""

DEFAULT_USAGE = ("train-ai",)
"""What a claim says no to where it does not say."""


def usage_mask(words: Iterable[str]) -> int:
    """Usages as one number: bit i stands for `USAGES[i]`.

    Raises:
        UsageError: a word is no usage.
    """
    mask = 0
    for word in words:
        if word not in USAGES:
            raise UsageError(f"{word!r} is no usage", f"It may be {' or '.join(USAGES)}.")
        mask |= 1 << USAGES.index(word)
    return mask
