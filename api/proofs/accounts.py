"""Proving an account: a line in a text that only its owner can write.

Each platform is asked where it says what an account is: by its own interface where it has one,
otherwise in what its profile page says of itself in its head. What others write (comments, posts,
reviews) stands in none of these places. Of a platform that is not named here nobody knows which
text that would be, so that its accounts cannot be proved in this way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from optout.api.errors import CannotFetch, Unprovable
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import PLATFORMS, Kind, canonical

from .challenge import Challenge
from .domains import same_domain
from .fetch import Fetcher, MayGo, Page, same_host
from .results import NotFound, Proved, Result, Unreachable
from .words import descriptions_of, first_object_of, id_at, object_of, text_at, words_of


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where platforms are asked; tests put servers of their own in their place.

    Attributes:
        mastodon: `{host}` is the account's own server.
        pages: by platform the address of a profile, with `{handle}`, whose description is what its
            owner has written.
    """

    github: str = "https://api.github.com"
    github_files: str = "https://raw.githubusercontent.com"
    gitlab: str = "https://gitlab.com"
    codeberg: str = "https://codeberg.org"
    huggingface: str = "https://huggingface.co"
    bluesky: str = "https://public.api.bsky.app"
    mastodon: str = "https://{host}"
    pages: tuple[tuple[str, str], ...] = (
        ("tumblr", "https://{handle}.tumblr.com/"),
        ("bandcamp", "https://{handle}.bandcamp.com/"),
    )


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a platform says of an account: its stable name, its own texts, and where more is."""

    stable_id: str | None
    texts: tuple[str, ...]
    more: str = ""
    """The address of a further text, which is asked for where these do not hold the line."""


class _Asking:
    """One account that is asked for."""

    def __init__(self, handle: str, fetcher: Fetcher, endpoints: Endpoints) -> None:
        self.handle = handle
        self.quoted = quote(handle, safe="")
        self.endpoints = endpoints
        self._fetcher = fetcher

    async def page(self, url: str, may_go: MayGo = same_host) -> Page | None:
        """A page, or None where there is none.

        Raises:
            CannotFetch: the server could not say whether there is.
        """
        found = await self._fetcher.fetch(url, may_go)
        if found.status in {400, 404, 410}:
            return None
        if found.status != 200:
            raise CannotFetch(
                f"{urlsplit(url).hostname} answers with HTTP status {found.status}",
                "It may be asked too often: try again in an hour.",
            )
        return found

    async def text(self, url: str) -> str:
        """The text of a file; empty where there is none."""
        found = await self.page(url)
        return found.body.decode("utf-8", "replace") if found is not None else ""

    async def object(self, url: str, may_go: MayGo = same_host) -> Mapping[str, object] | None:
        """An account as JSON, or None where there is none."""
        found = await self.page(url, may_go)
        return object_of(found.body, urlsplit(url).hostname or "") if found is not None else None

    def is_meant(self, name: str) -> bool:
        """Whether a name that a platform answers with is the one that was asked for."""
        return name.lower() == self.handle.lower()


async def _github(asking: _Asking) -> _Profile | None:
    base = asking.endpoints.github
    found = await asking.object(f"{base}/users/{asking.quoted}")
    if found is None or not asking.is_meant(text_at(found, "login")):
        return None
    name = asking.quoted
    readme = f"{asking.endpoints.github_files}/{name}/{name}/HEAD/README.md"
    return _Profile(
        id_at(found, "id", "GitHub"),
        (text_at(found, "bio"), text_at(found, "blog")),
        readme,
    )


async def _gitlab(asking: _Asking) -> _Profile | None:
    base, name = asking.endpoints.gitlab, asking.quoted
    page = await asking.page(f"{base}/api/v4/users?username={name}")
    listed = first_object_of(page.body, "GitLab") if page is not None else None
    if listed is None or not asking.is_meant(text_at(listed, "username")):
        return None
    if text_at(listed, "state") != "active":
        return None
    number = id_at(listed, "id", "GitLab")
    found = await asking.object(f"{base}/api/v4/users/{quote(number, safe='')}") or {}
    readme = f"{base}/{name}/{name}/-/raw/HEAD/README.md"
    return _Profile(number, (text_at(found, "bio"),), readme)


async def _codeberg(asking: _Asking) -> _Profile | None:
    found = await asking.object(f"{asking.endpoints.codeberg}/api/v1/users/{asking.quoted}")
    if found is None or not asking.is_meant(text_at(found, "login")):
        return None
    return _Profile(
        id_at(found, "id", "Codeberg"), (text_at(found, "description"), text_at(found, "website"))
    )


async def _huggingface(asking: _Asking) -> _Profile | None:
    base, name = asking.endpoints.huggingface, asking.quoted
    for sort, key in (("users", "user"), ("organizations", "name")):
        found = await asking.object(f"{base}/api/{sort}/{name}/overview")
        if found is not None and asking.is_meant(text_at(found, key)):
            texts = (text_at(found, "details"), text_at(found, "fullname"))
            card = f"{base}/spaces/{name}/README/raw/main/README.md"
            return _Profile(text_at(found, "_id") or None, texts, card)
    return None


async def _mastodon(asking: _Asking) -> _Profile | None:
    user, _, host = asking.handle.partition("@")
    base = asking.endpoints.mastodon.format(host=host)
    url = f"{base}/api/v1/accounts/lookup?acct={quote(user, safe='')}"
    found = await asking.object(url, same_domain)
    # An `acct` with a server in it is of somebody elsewhere, whom this server only knows.
    if found is None or text_at(found, "acct").lower() != user or found.get("suspended") is True:
        return None
    fields = found.get("fields")
    listed = fields if isinstance(fields, list) else []
    texts = [text_at(each, "value") for each in listed if isinstance(each, dict)]
    return _Profile(
        id_at(found, "id", host), tuple(map(words_of, (text_at(found, "note"), *texts)))
    )


async def _bluesky(asking: _Asking) -> _Profile | None:
    base = asking.endpoints.bluesky
    found = await asking.object(f"{base}/xrpc/app.bsky.actor.getProfile?actor={asking.quoted}")
    key = "did" if asking.handle.startswith("did:") else "handle"
    if found is None or not asking.is_meant(text_at(found, key)):
        return None
    return _Profile(id_at(found, "did", "Bluesky"), (text_at(found, "description"),))


_PLATFORMS: dict[str, Callable[[_Asking], Awaitable[_Profile | None]]] = {
    "github": _github,
    "gitlab": _gitlab,
    "codeberg": _codeberg,
    "huggingface": _huggingface,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
}


_PROFILES = {
    "github": "https://github.com/{}",
    "gitlab": "https://gitlab.com/{}",
    "codeberg": "https://codeberg.org/{}",
    "huggingface": "https://huggingface.co/{}",
    "bluesky": "https://bsky.app/profile/{}",
}


async def prove_account(
    challenge: Challenge,
    fetcher: Fetcher,
    *,
    endpoints: Endpoints | None = None,
    stable_id: str | None = None,
) -> Result:
    """Look for the line of a challenge in the profile of its account.

    Args:
        challenge: its subject is an account in canonical form.
        fetcher: fetches pages.
        endpoints: where platforms are asked.
        stable_id: what an earlier proof of the same account returned: whoever has taken over its
            name since proves nothing.

    Raises:
        Unprovable: accounts of this platform cannot be proved in this way.
    """
    endpoints = endpoints or Endpoints()
    look = _looking(challenge.subject, endpoints)
    platform, _, handle = challenge.subject.partition(":")
    title = PLATFORMS[platform].title
    asking = _Asking(handle, fetcher, endpoints)
    try:
        profile = await look(asking)
    except CannotFetch as error:
        return Unreachable(str(error))
    if profile is None:
        return NotFound(
            f"{title} knows no account {handle} that everybody can see. Check how it is written.",
            "no-account",
        )
    if stable_id is not None and profile.stable_id != stable_id:
        return NotFound(
            f"The name {handle} belongs to another account on {title} than it did. "
            "Ask for a new proof.",
            "other-account",
        )
    if any(map(challenge.is_in, profile.texts)):
        return Proved(profile.stable_id)
    try:
        further = await asking.text(profile.more) if profile.more else ""
    except CannotFetch as error:
        return Unreachable(str(error))
    if challenge.is_in(further):
        return Proved(profile.stable_id)
    return NotFound(
        f"The profile of {handle} on {title} does not hold {challenge.line} yet. "
        "Put that line into its description; a post or a comment does not count.",
        "no-line",
    )


def provable_account(text: str, endpoints: Endpoints | None = None) -> str:
    """The account that somebody wants to prove, in canonical form.

    Raises:
        Unprovable: it is no account, or none that can be proved in this way.
    """
    try:
        form = canonical(Kind.ACCOUNT, text)
    except IdentifierError as error:
        raise Unprovable(error.message, error.advice) from error
    _looking(form, endpoints or Endpoints())
    return form


def profile_of(subject: str, endpoints: Endpoints | None = None) -> str:
    """Where people see the profile of an account that `provable_account` takes."""
    platform, _, handle = subject.partition(":")
    if platform == "mastodon":
        user, _, host = handle.partition("@")
        return f"https://{host}/@{quote(user, safe='')}"
    page = dict((endpoints or Endpoints()).pages).get(platform)
    if page is not None:
        return page.format(handle=quote(handle, safe=""))
    # A name of Bluesky may be `did:plc:…`, which its addresses have as it is.
    return _PROFILES[platform].format(quote(handle, safe=":"))


def provable_platforms(endpoints: Endpoints | None = None) -> tuple[str, ...]:
    """The platforms whose accounts can be proved, by name."""
    pages = (name for name, _ in (endpoints or Endpoints()).pages)
    return tuple(sorted({*_PLATFORMS, *pages}))


def _looking(subject: str, endpoints: Endpoints) -> Callable[[_Asking], Awaitable[_Profile | None]]:
    try:
        form = canonical(Kind.ACCOUNT, subject)
    except IdentifierError as error:
        raise Unprovable(error.message, error.advice) from error
    if form != subject:
        raise Unprovable(f"{subject} is not in its canonical form", f"Give {form}.")
    platform, _, handle = subject.partition(":")
    page = dict(endpoints.pages).get(platform)
    if platform in _PLATFORMS:
        return _PLATFORMS[platform]
    # A mark such as `channel/` stands in other addresses than the one that is known here.
    if page is None or "/" in handle or handle.startswith("@"):
        raise Unprovable(
            f"an account like {subject} cannot be proved by its profile",
            "It stays without proof, or is reviewed by hand. "
            f"Profiles are read on {', '.join(provable_platforms(endpoints))}.",
        )

    async def look(asking: _Asking) -> _Profile | None:
        found = await asking.page(page.format(handle=asking.quoted))
        return _Profile(None, (descriptions_of(found.body),)) if found is not None else None

    return look
