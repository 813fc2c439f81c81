"""Accounts: `platform:handle`, whatever somebody says of one, and what a corpus says of it.

    github:octocat      x:anna      mastodon:anna@mastodon.social      youtube:channel/UC...

What does not say which account is meant is refused with the question that settles it. Mastodon
stands for the fediverse: any server whose addresses read `/@anna` or `/users/anna`.
"""

from __future__ import annotations

import re

from ada_url import normalize_url
from optout.registry.errors import IdentifierError

from .address import Address, quoted, read_address
from .platforms import PLATFORMS, Platform, accounts_at, platform_at, platform_named

MASTODON = "mastodon"

_USER = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,62}[a-z0-9_])?")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_NAMED = re.compile(r"\s*([^:/@]{1,40}?)\s*:(?!//)\s*(.+)", re.DOTALL)
_BEHIND = re.compile(r"(.+?)\s+(?:on|at|auf|bei|sur|@)\s+([\w. -]{1,40})|(.+?)\s*\(([^()]{1,40})\)")
_BEFORE = re.compile(r"([\w.-]{1,40}(?: face| of our own)?)[\s/]+(.+)", re.DOTALL | re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}(?:[/?#]|\Z)")
_GIT = re.compile(
    r"(?:(?:ssh|git)://)?(?:git@)?([\w.-]+\.[a-z]+)[:/]([^/].*)", re.IGNORECASE | re.DOTALL
)
_HANDLE = re.compile(r"@?[\w.·-]{1,100}")
_ASKED = 8

_LONGEST_PAIR = 300
"""Characters of a handle and its platform's name at most: what is longer is neither."""


def account_of(text: str) -> str:
    """The canonical form of an account that somebody wants to register.

    Args:
        text: `github:octocat`, `@anna@mastodon.social`, the address of a profile, `anna on X`.

    Raises:
        IdentifierError: it names no account, or not which; the advice asks what is left open.
    """
    bare = text.translate(_INVISIBLE).strip().strip("<>\"'").strip()
    if not bare:
        raise IdentifierError("the account is empty", "An account looks like instagram:anna.")
    found = _NAMED.fullmatch(bare)
    if found and not ("." in found[1] and _PORT.match(found[2])):
        word, rest = found.groups()
        platform = _known(word)
        if platform is not None:
            return _on(platform, rest)
        if bare.lower().startswith("did:"):
            return _on(PLATFORMS["bluesky"], bare)
        if read_address(bare) is None:
            raise IdentifierError(
                f"{quoted(word)} is no platform that is known here",
                f"It may be {', '.join(PLATFORMS)}. "
                "A page elsewhere is of the kind url, prefix or site.",
            )
    if form := fediverse_handle(bare):
        return form
    if bare.startswith("@") and bare.lower().endswith(".bsky.social"):
        return _on(PLATFORMS["bluesky"], bare)
    address = read_address(bare)
    if address is not None and not bare.startswith("@"):
        return _at(address, bare)
    for one, other in _pairs(bare):
        platform = _known(other)
        if platform is not None:
            return _on(platform, one)
    raise _which(bare)


def _known(word: str) -> Platform | None:
    return platform_named(word.strip().removeprefix("www."))


def _pairs(bare: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if len(bare) > _LONGEST_PAIR:
        return pairs
    if found := _BEHIND.fullmatch(bare):
        pairs.append((found[1] or found[3], found[2] or found[4]))
    if found := _BEFORE.fullmatch(bare):
        pairs.append((found[2], found[1]))
    return pairs


def _on(platform: Platform, text: str) -> str:
    """What somebody says of an account whose platform is said too."""
    name = platform.name
    form = account_form(name, text)
    if form is not None:
        return form
    shown = quoted(text.strip())
    if name == MASTODON:
        user = text.strip().lstrip("@") or "anna"
        raise IdentifierError(
            f"{shown} does not say on which server",
            f"Write it whole, such as @{_cut(user)}@mastodon.social.",
        )
    if name == "bluesky" and _USER.fullmatch(text.strip().lstrip("@").lower()):
        raise IdentifierError(
            f"{shown} is not the whole of a Bluesky handle",
            f"Is it bluesky:{text.strip().lstrip('@').lower()}.bsky.social?",
        )
    address = read_address(text)
    other = platform_at(address.host) if address is not None else None
    if other is not None and other is not platform:
        raise IdentifierError(
            f"{shown} is on {other.title}, not on {platform.title}", "Which of the two is meant?"
        )
    raise IdentifierError(
        f"{shown} is no account on {platform.title}",
        f"One looks like {name}:{platform.forms[0].mark}{platform.forms[0].example}.",
    )


def _at(address: Address, bare: str) -> str:
    forms = address_accounts(address)
    if forms:
        return forms[0]
    shown = quoted(bare)
    platform = platform_at(address.host)
    if platform is not None:
        raise IdentifierError(
            f"{shown} names no account on {platform.title}",
            f"Give the profile, or write {platform.name}:{platform.forms[0].example}. "
            "One page is of the kind url.",
        )
    if "/" not in bare and _HANDLE.fullmatch(bare):
        raise _which(bare)
    raise IdentifierError(
        f"{shown} is on no platform that is known here",
        "A whole site is of the kind site, a part of one prefix, one page url.",
    )


def _which(bare: str) -> IdentifierError:
    if re.fullmatch(r"[^\s/@:]+@[^\s/@:]+", bare):
        return _mail_or_mastodon(bare)
    handle = bare.lstrip("@").partition("/")[0]
    if not _HANDLE.fullmatch(handle):
        return IdentifierError(
            f"{quoted(bare)} is no account",
            "An account looks like instagram:anna, or is the address of a profile.",
        )
    folded = [f"{name}:{form}" for name in _ASKED_FIRST if (form := PLATFORMS[name].fold(handle))]
    offers = [*folded[:_ASKED], f"@{handle.lower()}@mastodon.social"]
    return IdentifierError(
        f"{quoted(bare)} does not say on which platform",
        f"On which platform is {'@' if bare[0] == '@' else ''}{_cut(handle)}? "
        f"Write {', '.join(offers[:-1])} or {offers[-1]}.",
    )


_ASKED_FIRST = ("instagram", "x", "tiktok", "github", "facebook", "youtube", "reddit", "flickr")


def _mail_or_mastodon(bare: str) -> IdentifierError:
    return IdentifierError(
        f"{quoted(bare)} reads like an e-mail address",
        f"Is it an account on Mastodon? Write @{_cut(bare)}. An e-mail address is no account.",
    )


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def account_form(platform: str, value: str) -> str | None:
    """The canonical form of an account of a platform that is said; None where it is none.

    Args:
        platform: its name.
        value: a handle, `owner/name`, or the address of a profile or of something below it.
    """
    bare = value.translate(_INVISIBLE).strip()
    if platform == MASTODON:
        found = fediverse_handle(bare if bare.startswith("@") else f"@{bare}")
        address = None if found else read_address(bare)
        return found or (fediverse_account(address) if address else None)
    known = PLATFORMS[platform]
    form = _plain_handle(known, bare)
    if form is not None:
        return f"{platform}:{form}"
    address = read_address(bare) if "." in bare else None
    if address is None and (git := _GIT.fullmatch(bare)) is not None:
        address = read_address(f"//{git[1]}/{git[2]}")
    if address is not None:
        for owner, handle in accounts_at(address):
            if owner is known:
                return f"{platform}:{handle}"
    return None


def _plain_handle(platform: Platform, bare: str) -> str | None:
    if "://" in bare or bare.startswith(("//", "git@")):
        return None
    for form in platform.forms:
        if form.mark and bare.lower().startswith(form.mark):
            return platform.fold(bare[len(form.mark) :].partition("/")[0], form)
    said = next((each for each in platform.before if bare.lower().startswith(each)), "")
    handle = bare[len(said) :].lstrip("@").partition("/")[0].strip()
    for form in platform.forms:
        if form.keeps_case and (folded := platform.fold(handle, form)):
            return folded
    return None if _is_host(platform, handle.lower()) else platform.fold(handle)


def _is_host(platform: Platform, handle: str) -> bool:
    """Whether what reads like a handle is the host of a profile's address."""
    if "." not in handle or platform.name == "bluesky":
        return handle in platform.hosts
    return platform_at(handle) is platform or any(
        owner is platform for owner, _ in accounts_at(Address(handle, "", "/"))
    )


def fediverse_handle(text: str) -> str | None:
    """`@user@host` as `mastodon:user@host`, or None."""
    if not text.startswith("@") or text.count("@") != 2:
        return None
    _, user, host = text.split("@")
    return _fediverse(user, host)


def _fediverse(user: str, host: str) -> str | None:
    folded = user.lower()
    if not _USER.fullmatch(folded) or not re.fullmatch(r"[^\s/?#:@\\]+\.[^\s/?#:@\\.]{2,}", host):
        return None
    try:
        href = normalize_url(f"https://{host}/")
    except ValueError:
        return None
    name = href[len("https://") : -1]
    if not re.fullmatch(r"(?=.{4,253}\Z)(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]*", name):
        return None
    return f"{MASTODON}:{folded}@{name}"


def fediverse_account(address: Address) -> str | None:
    """The account on a server of the fediverse that an address would belong to, or None."""
    path = address.target.partition("?")[0]
    if path.startswith("/@"):
        user = path[2:].partition("/")[0]
    elif path.startswith("/users/"):
        user = path[7:].partition("/")[0]
    else:
        return None
    user, at, elsewhere = user.partition("@")
    return _fediverse(user, elsewhere if at else address.host)


def address_accounts(address: Address) -> list[str]:
    """The canonical forms of the accounts that an address belongs to."""
    forms = [f"{platform.name}:{handle}" for platform, handle in accounts_at(address)]
    if not forms and address.target.startswith(("/@", "/users/")) and not platform_at(address.host):
        form = fediverse_account(address)
        return [form] if form else []
    return forms
