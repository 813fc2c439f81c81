"""Sites: a host and everything below it, at any port; never a name that strangers share.

Which names those are says the Public Suffix List (https://publicsuffix.org), its private section
included: nobody may opt out all of `github.io`. The list comes with the library publicsuffixlist;
its date is part of the canonicaliser's version. It is asked only when a site is registered: in a
corpus a site is found by every suffix of a host.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from optout.registry.errors import IdentifierError

from .address import Address, address_of, is_numeric, quoted, read_address
from .platforms import platform_at

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

LONGEST_HOST = 253
"""Characters of the longest name that DNS can hold (RFC 1035, 2.3.4)."""

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_WORD = re.compile(r"\.?[^\s./\\?#:@\[\]]+\.?")


def _date_of_list() -> str:
    path = files("publicsuffixlist") / "public_suffix_list.dat"
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if found := re.match(r"// VERSION: (\d{4}-\d{2}-\d{2})", line):
                return found[1]
            if line.startswith("// ===BEGIN"):
                break
    raise ImportError("the public suffix list of the library publicsuffixlist bears no date")


PUBLIC_SUFFIX_DATE = _date_of_list()
"""The day of the public suffix list that is used, YYYY-MM-DD."""


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def is_public_suffix(host: str) -> bool:
    """Whether the names below a host belong to different people.

    Args:
        host: in canonical form, no IP address. Its last label is taken for a top-level domain
            where the list does not know it.
    """
    return _suffixes().is_public(host)


def registrable_domain(host: str) -> str:
    """What a host belongs to that somebody can register: a public suffix and the name before it.

    Args:
        host: in canonical form. An IP address and a public suffix are given back as they are.
    """
    if is_numeric(host):
        return host
    return _suffixes().privatesuffix(host) or host


def site_of(text: str) -> str:
    """The host of a site that somebody wants to register, in canonical form.

    Args:
        text: a host, or an address without path and query; a port in it is dropped.

    Raises:
        IdentifierError: it is no host, more than a host, a public suffix, or a platform that
            many people share.
    """
    host, _, target = _address(text)
    shown = quoted(text.strip())
    if target != "/":
        raise IdentifierError(
            f"{shown} is one address, not a whole site",
            f"The site would be {quoted(host)}; a page or picture is of the kind url.",
        )
    if is_numeric(host):
        return host
    if host.startswith("*."):
        raise IdentifierError(
            f"{shown} is not the name of a site",
            f"Give {host[2:]}: a site covers everything below it.",
        )
    if len(host) > LONGEST_HOST or not all(map(_LABEL.fullmatch, host.split("."))):
        raise IdentifierError(
            f"{shown} is not the name of a site", "A site looks like anna.example."
        )
    if is_public_suffix(host):
        raise IdentifierError(
            f"{host} is a public suffix, below which names belong to many people",
            f"Give a name below it, such as anna.{host}.",
        )
    platform = platform_at(host)
    if platform is not None:
        raise IdentifierError(
            f"{host} belongs to the platform {platform.title}, which many people share",
            f"Give the account, such as {platform.name}:{platform.forms[0].example}, or one page.",
        )
    return host


def _address(text: str) -> Address:
    # A single word is no address; as a site it is a top-level domain, and refused as one.
    word = _WORD.fullmatch(text.strip())
    return (word and read_address(f"//{word[0].lstrip('.')}")) or address_of(text)
