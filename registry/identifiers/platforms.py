"""Platforms: where each one puts the name of an account, read from `platforms.json`.

A place is a pattern of an address: `/{}` is the first part of the path on every host of the
platform, `/@{}` the same behind an at sign, `{}.tumblr.com` a name before the host,
`/profile.php?id={}` a field of the query. What stands behind it belongs to that account too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from .address import Address

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a platform names accounts.

    Attributes:
        mark: what tells it from the platform's other forms, such as `channel/`; mostly nothing.
        handle: a pattern of what a name is, once it is folded.
        example: a name.
        keeps_case: whether names that differ by case only are two.
        dropped: characters that say nothing, such as the dots in a name on Facebook.
        whole_host: whether a name before the host is a name together with the host.
    """

    mark: str
    handle: re.Pattern[str]
    example: str
    keeps_case: bool
    dropped: str
    whole_host: bool


@dataclass(frozen=True, slots=True)
class Platform:
    """Where people have accounts.

    Attributes:
        name: the word before the colon of a canonical form, such as `github`.
        title: as the platform writes itself.
        aliases: other words that people use for it.
        hosts: its own hosts and former ones, without those that begin with an account's name.
        forms: its ways to name accounts, the usual one first.
        reserved: words that stand where names do and are none.
        before: what people write before a name, such as `u/`.
        home: the host of its own that most addresses name; empty where it has none.
        shared: hosts that serve what belongs to many, in addresses without a name.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    hosts: frozenset[str]
    forms: tuple[Form, ...]
    reserved: frozenset[str]
    before: tuple[str, ...] = ()
    home: str = ""
    shared: tuple[str, ...] = ()

    def fold(self, handle: str, form: Form | None = None) -> str | None:
        """A name as the platform compares it, with its form's mark; None where it is none.

        Args:
            handle: as it was written, without an at sign.
            form: the way in which it names an account; the usual one where None.
        """
        form = form or self.forms[0]
        folded = handle if form.keeps_case else handle.lower()
        if form.dropped:
            folded = folded.translate({ord(each): None for each in form.dropped})
        if not form.handle.fullmatch(folded):
            return None
        if not form.mark and folded in self.reserved:
            return None
        return form.mark + folded


@dataclass(frozen=True, slots=True)
class _Place:
    """A pattern of an address, cut up."""

    platform: Platform
    form: Form
    literals: tuple[str, ...]
    before: str
    field: str | None

    def handle(self, segments: list[str], query: str) -> str | None:
        depth = len(self.literals)
        if [segment.lower() for segment in segments[:depth]] != list(self.literals):
            return None
        if self.field is not None:
            return _field(query, self.field) if len(segments) == depth else None
        if len(segments) <= depth:
            return None
        written = segments[depth]
        if "%" in written:
            written = unquote(written)
        if not written.startswith(self.before):
            return None
        return written[len(self.before) :]


def _field(query: str, name: str) -> str | None:
    for each in query.split("&"):
        key, equals, value = each.partition("=")
        if equals and key == name:
            return unquote(value)
    return None


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """Where addresses may hold the name of an account, for those who look through many.

    What stands there still has to be a name: that says `Platform.fold`.

    Attributes:
        host: the host, or where `below`, what follows the name's label in it.
        below: whether the name is the first label of the host.
        start: what a canonical form begins with: platform, colon, mark.
        literals: parts of the path before the name, in lower case.
        before: characters before it in its own part.
        in_query: whether the name is in the query, behind just those parts.
        keeps_case: whether its case is kept.
        dropped: characters that are dropped from it.
        whole_host: where `below`, whether the name is the host as a whole.
    """

    host: str
    below: bool
    start: str
    literals: tuple[str, ...] = ()
    before: str = ""
    in_query: bool = False
    keeps_case: bool = False
    dropped: str = ""
    whole_host: bool = False


class _Table:
    """Every platform, and what is found by host."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.platforms: dict[str, Platform] = {}
        self.names: dict[str, Platform] = {}
        self.by_host: dict[str, tuple[_Place, ...]] = {}
        self.by_parent: dict[str, tuple[Platform, Form]] = {}
        self.shared: dict[str, Platform] = {}
        self._common = frozenset(document["reserved"])
        for name, entry in document["platforms"].items():
            self._take(name, entry)

    def _take(self, name: str, entry: Mapping[str, Any]) -> None:
        hosts = {host for each in entry["hosts"] for host in (each, f"www.{each}")}
        forms = tuple(
            Form(
                form.get("mark", ""),
                re.compile(form["handle"]),
                form["example"],
                form.get("case", "folded") == "kept",
                form.get("dropped", ""),
                form.get("whole_host", False),
            )
            for form in entry["forms"]
        )
        reserved = set(entry.get("reserved", ())) | self._common
        for place in (place for form in entry["forms"] for place in form["places"]):
            # What leads to the names of one form is no name of another.
            reserved.update(re.split(r"[/?]", place.partition("/")[2])[:1])
        reserved = {word for word in reserved if "{" not in word}
        platform = Platform(
            name,
            entry["title"],
            tuple(entry.get("aliases", ())),
            frozenset(hosts),
            forms,
            frozenset(reserved),
            tuple(entry.get("before", ())),
            next(iter(entry["hosts"]), ""),
            tuple(entry.get("shared", ())),
        )
        self.platforms[name] = platform
        for word in (name, platform.title, *platform.aliases):
            self.names[plain_name(word)] = platform
        self.shared |= dict.fromkeys((*hosts, *entry.get("shared", ())), platform)
        for form, told in zip(forms, entry["forms"], strict=True):
            for place in told["places"]:
                self._place(platform, form, place, hosts)

    def _place(self, platform: Platform, form: Form, place: str, hosts: set[str]) -> None:
        host, _, target = place.partition("/")
        if host.startswith("{}."):
            self.by_parent[host[3:]] = (platform, form)
            self.shared.setdefault(host[3:], platform)
            return
        path, _, query = target.partition("?")
        *literals, last = path.split("/")
        if query:
            literals, last = [*literals, last], ""
        field = query.partition("=")[0] or None
        cut = _Place(platform, form, tuple(literals), last.partition("{}")[0], field)
        for each in [host] if host else sorted(hosts):
            self.by_host[each] = (*self.by_host.get(each, ()), cut)
            self.shared.setdefault(each, platform)


def plain_name(word: str) -> str:
    """What a platform is called, without case, spaces and `.com`."""
    bare = re.sub(r"[\s_\-]", "", word.lower())
    return bare.removesuffix(".com").removesuffix(".org").removesuffix(".net")


def _read() -> _Table:
    text = (files("optout.registry.identifiers") / "platforms.json").read_text(encoding="utf-8")
    return _Table(json.loads(text))


_TABLE = _read()

_MOST_DOTS = 1 + max(host.count(".") for host in (*_TABLE.shared, *_TABLE.by_parent))
"""In a host that is told by the tables, with a name before it."""

PLATFORMS: Mapping[str, Platform] = MappingProxyType(_TABLE.platforms)
"""The platforms that are known, by name."""


def platform_named(word: str) -> Platform | None:
    """The platform that somebody calls so."""
    return _TABLE.names.get(plain_name(word))


def platform_at(host: str) -> Platform | None:
    """The platform that strangers share this host of, or None where it is nobody's or one's own.

    Args:
        host: in canonical form.
    """
    # Longer ends of a host are in no table, however many there are.
    host = ".".join(host.rsplit(".", _MOST_DOTS + 1)[-_MOST_DOTS - 1 :])
    while host:
        if platform := _TABLE.shared.get(host):
            return platform
        if _before(host) is not None:
            return None
        host = host.partition(".")[2]
    return None


def is_shared_path(host: str, path: str) -> Platform | None:
    """The platform on which a path of a host holds what belongs to many people, or None.

    Args:
        host: in canonical form.
        path: in canonical form, without a slash at the end.
    """
    platform = platform_at(host)
    if platform is None:
        return None
    segments = [segment.lower() for segment in path.split("/") if segment]
    for place in _TABLE.by_host.get(host, ()):
        if segments == list(place.literals[: len(segments)]):
            return platform
    # `/pin`, `/watch`, `/65535`: one part that is no account's and no file's.
    if len(segments) == 1 and "." not in segments[0] and not any(_at(host, path)):
        return platform
    return None


def serves_accounts(host: str) -> bool:
    """Whether addresses on a host may belong to accounts that `accounts_at` finds."""
    return host in _TABLE.by_host or host.partition(".")[2] in _TABLE.by_parent


def account_places() -> Iterator[AccountPlace]:
    """All places that `accounts_at` looks at, those of one host one after the other."""
    for host, places in _TABLE.by_host.items():
        for place in places:
            form = place.form
            yield AccountPlace(
                host,
                False,
                f"{place.platform.name}:{form.mark}",
                place.literals,
                place.before,
                place.field is not None,
                form.keeps_case,
                form.dropped,
            )
    for parent, (platform, form) in _TABLE.by_parent.items():
        yield AccountPlace(
            parent,
            True,
            f"{platform.name}:{form.mark}",
            keeps_case=form.keeps_case,
            dropped=form.dropped,
            whole_host=form.whole_host,
        )


def accounts_at(address: Address) -> list[tuple[Platform, str]]:
    """The accounts that an address belongs to: platforms, and names as they compare them."""
    return list(_at(address.host, address.target))


def _at(host: str, target: str) -> Iterator[tuple[Platform, str]]:
    if (owner := _before(host)) is not None:
        yield owner
    places = _TABLE.by_host.get(host)
    if places is None:
        return
    path, _, query = target.partition("?")
    segments = [segment for segment in path.split("/", _DEEPEST)[1:] if segment]
    for place in places:
        handle = place.handle(segments, query)
        folded = place.platform.fold(handle, place.form) if handle else None
        if folded is not None:
            yield place.platform, folded
            return


def _before(host: str) -> tuple[Platform, str] | None:
    """The account whose name stands before the platform's host."""
    label, _, parent = host.partition(".")
    owner = _TABLE.by_parent.get(parent)
    if owner is None:
        return None
    platform, form = owner
    folded = platform.fold(label, form) if not form.whole_host else None
    if form.whole_host and label not in platform.reserved:
        folded = platform.fold(host, form)
    return None if folded is None else (platform, folded)
