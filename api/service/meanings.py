"""What people may mean where a line leaves it open: on which platform, the account or one page.

Nothing of this is guessed for good: the pages show what can be meant, and people choose.
"""

from __future__ import annotations

from optout.registry.errors import IdentifierError
from optout.registry.identifiers import PLATFORMS, Identifier, Kind, canonical

from .items import Item

_USUAL = ("instagram", "x", "tiktok", "facebook", "youtube", "bluesky", "deviantart", "github")
"""Platforms that are named first, because most people mean one of them."""


def places_of(name: str) -> list[tuple[str, str]]:
    """Where a user name can be an account: titles of platforms, and accounts there.

    A server of the fediverse cannot be guessed: Mastodon is never among them.
    """
    bare = name.strip().lstrip("@")
    others = sorted(set(PLATFORMS) - set(_USUAL), key=lambda each: PLATFORMS[each].title.lower())
    found = []
    for platform in (*_USUAL, *others):
        account = _account(f"{platform}:{bare}") or _account(f"{platform}:{bare}.bsky.social")
        if account is not None:
            found.append((PLATFORMS[platform].title, account))
    return found


def account_meant(item: Item) -> Item | None:
    """The account whose profile an address is; None of any other page of an account, too."""
    if item.kind is not Kind.URL:
        return None
    account = _account(f"https://{item.understood}")
    above = item.understood.partition("?")[0].rstrip("/").rpartition("/")[0]
    if account is None or account == _account(f"https://{above}"):
        return None
    return Item(Identifier.parse(Kind.ACCOUNT, account), item.shown, account)


def _account(text: str) -> str | None:
    try:
        return canonical(Kind.ACCOUNT, text)
    except IdentifierError:
        return None
