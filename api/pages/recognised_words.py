"""What the page that checks says of each thing: as what it was recognised, and what it reaches."""

from __future__ import annotations

import re
from collections.abc import Mapping

from optout.api.service import Item
from optout.registry.identifiers import PLATFORMS, Kind, account_places

from .languages import N_, Language
from .words import REACHES

ACCOUNT = N_("Everything on this %(platform)s account, also future posts.")
PROFILE = N_("This %(platform)s account: its profile, and what is listed under its name.")
TEXT = N_("A text of %(count)s characters.")
SITE = N_("The whole site, with everything that is put there later.")
PREFIX = N_("Everything below this address, also what is put there later.")
PAGE = N_("This one page.")
PICTURE = N_("This one picture, at this address.")
FILE = N_("This one file, at this address.")
WORKS: Mapping[str, str] = {
    "isbn": N_("A book, by its ISBN."),
    "doi": N_("An article or another work, by its DOI."),
    "arxiv": N_("A paper, by its arXiv number."),
    "iscc": N_("A work, by its ISCC."),
}
"""By the scheme of a work's number."""

REACHES_PROFILE = N_("the profile, and what is listed under its name.")
REACHES_SOME = N_(
    "the account’s pages, posts whose addresses hold its name, and what is listed under it."
)
POSTS_ON = N_("Posts on %(platform)s:")
ON = N_("On %(platform)s:")
NAMELESS = N_("only those whose links you paste (such as %(example)s).")
SERVED = N_("it serves pictures from %(host)s, where no name stands. Add the pictures too.")
EXACT = N_("Only this exact file is looked for. Copies of it that were changed are not found.")
NO_LETTER = N_("we look for this text itself. It is not read as a letter to us.")

NAMELESS_POSTS: Mapping[str, str] = {
    "instagram": "instagram.com/p/…",
    "youtube": "youtube.com/watch?v=…",
    "vimeo": "vimeo.com/76979871",
    "twitch": "twitch.tv/videos/…",
    "facebook": "facebook.com/photo?fbid=…",
    "pinterest": "pinterest.com/pin/…",
    "artstation": "artstation.com/artwork/…",
    "behance": "behance.net/gallery/…",
    "dribbble": "dribbble.com/shots/…",
    "500px": "500px.com/photo/…",
    "unsplash": "unsplash.com/photos/…",
    "reddit": "reddit.com/r/art/comments/…",
    "wattpad": "wattpad.com/story/…",
    "ao3": "archiveofourown.org/works/…",
    "fanfiction": "fanfiction.net/s/…",
    "pixiv": "pixiv.net/artworks/…",
    "patreon": "patreon.com/posts/…",
}
"""By platform, the address of a post, where that does not hold the name of its account."""

_PICTURE = re.compile(r"\.(?:avif|gif|hei[cf]|jpe?g|png|svg|tiff?|webp)(?:\?|\Z)", re.IGNORECASE)
_FILE = re.compile(r"[^/]\.(?:docx?|epub|mp[34]|odt|pdf|txt|wav|zip)(?:\?|\Z)", re.IGNORECASE)


def recognised(language: Language, item: Item) -> str:
    """As what something was recognised, in a sentence; nothing of pictures and files."""
    form = item.understood
    if item.kind is Kind.ACCOUNT:
        nameless = _platform(form) in NAMELESS_POSTS
        return language.text(PROFILE if nameless else ACCOUNT) % {"platform": _title(form)}
    if item.kind is Kind.TEXT:
        return language.text(TEXT) % {"count": language.number(len(form))}
    if item.kind is Kind.WORK:
        return language.text(WORKS[form.partition(":")[0]])
    if item.kind is Kind.URL:
        picture = PICTURE if _PICTURE.search(form) else FILE if _FILE.search(form) else PAGE
        return language.text(picture)
    return language.text({Kind.SITE: SITE, Kind.PREFIX: PREFIX}.get(item.kind, ""))


def profile(account: str) -> str:
    """Where the pages of an account begin, such as `instagram.com/anna`.

    Args:
        account: in canonical form.
    """
    platform, _, name = account.partition(":")
    user, at, host = name.partition("@")
    if platform == "mastodon" and at:
        return f"{host}/@{user}"
    home = PLATFORMS[platform].home
    found = [
        (len(place.start), place)
        for place in account_places()
        if account.startswith(place.start) and (place.below or place.host == home)
    ]
    _, place = max(found, key=lambda each: each[0])
    handle = account[len(place.start) :]
    if place.below:
        return handle if place.whole_host else f"{handle}.{place.host}"
    path = "/".join([place.host, *place.literals])
    return path if place.in_query else f"{path}/{place.before}{handle}"


def reaches(language: Language, items: list[Item]) -> str:
    """What is found of accounts: no more than holds of all of them."""
    nameless = [_platform(item.understood) in NAMELESS_POSTS for item in items]
    if all(nameless):
        return language.text(REACHES_PROFILE)
    return language.text(REACHES_SOME if any(nameless) else REACHES["account"][0])


def beyond(language: Language, items: list[Item]) -> list[tuple[str, str]]:
    """What accounts do not reach, platform by platform: what it is told of, and a sentence."""
    told: dict[str, str] = {}
    for item in items:
        name = _platform(item.understood)
        platform = PLATFORMS[name]
        on = {"platform": platform.title}
        if example := NAMELESS_POSTS.get(name):
            told[language.text(POSTS_ON) % on] = language.text(NAMELESS) % {"example": example}
        elif platform.shared:
            told[language.text(ON) % on] = language.text(SERVED) % {"host": platform.shared[0]}
    return list(told.items())


def _platform(account: str) -> str:
    return account.partition(":")[0]


def _title(account: str) -> str:
    return PLATFORMS[_platform(account)].title
