"""What the page that checks asks where a line leaves something open, and what is answered there.

Questions are plain fields of the form: a list of platforms beside a user name, two buttons beside
the link to a profile. What was answered is read as though it had been typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from optout.api.service import Form, Item, Line, Refusal, account_meant
from optout.api.service import places_of as _places_of

LEFT_OUT = "-"
"""The answer that leaves a user name out."""

MOST_ASKED = 10
"""User names that one page asks about."""

_MEANS = re.compile(r"means-[0-9a-f]{16}")
_PAGE = "page"


@dataclass(frozen=True, slots=True)
class Profile:
    """The link to somebody's profile, which may mean the account or this one page.

    Attributes:
        page: the page.
        account: the account.
        only_page: whether the page alone is meant.
    """

    page: Item
    account: Item
    only_page: bool

    @property
    def name(self) -> str:
        """Of the field that says which of the two is meant."""
        return _name(self.page)

    @property
    def meant(self) -> Item:
        """What is to be registered."""
        return self.page if self.only_page else self.account


def places_of(line: Line) -> list[tuple[str, str]]:
    """Where a user name that stands alone can be an account; nowhere of any other line."""
    asked = isinstance(line.result, Refusal) and line.result.reason == "handle"
    return _places_of(line.text) if asked else []


def profile_of(item: Item, only_pages: frozenset[str]) -> Profile | None:
    """What the link to a profile may mean; None of anything else.

    Args:
        item: what was typed.
        only_pages: the fields that said of a profile that the page alone is meant.
    """
    account = account_meant(item)
    return None if account is None else Profile(item, account, _name(item) in only_pages)


def only_pages(form: Form) -> frozenset[str]:
    """The fields of a form that say of a profile that the page alone is meant."""
    return frozenset(
        name for name, value in form.fields if value == _PAGE and _MEANS.fullmatch(name)
    )


def answers(form: Form) -> list[str]:
    """The lines that user names have become: a link, an account, or still a name alone."""
    return [link or account or name for name, account, link in _asked(form) if account != LEFT_OUT]


def answered(form: Form) -> bool:
    """Whether anything was corrected, or any question answered, that nobody has seen yet."""
    said = any(account or link for _, account, link in _asked(form))
    return said or any(text.strip() for text in form.texts("fix"))


def unanswered(form: Form) -> frozenset[str]:
    """The user names of which nobody said where they are."""
    return frozenset(name for name, account, link in _asked(form) if not account and not link)


def are_asked(lines: Sequence[Line]) -> bool:
    """Whether all of some lines, which are not many, are user names whose platform is asked."""
    return 0 < len(lines) <= MOST_ASKED and all(map(places_of, lines))


def _asked(form: Form) -> Iterator[tuple[str, str, str]]:
    fields = ([text.strip() for text in form.texts(name)] for name in ("handle", "account", "link"))
    return ((name, account, link) for name, account, link in zip_longest(*fields, fillvalue=""))


def _name(item: Item) -> str:
    return f"means-{item.identifier.digest.hex()[:16]}"
