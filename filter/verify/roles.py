"""What a leaf's values can be taken for, and what can be found through them.

A role of a family is written `account:github` or `work:doi`; `work` alone leaves the scheme to the
values.
"""

from __future__ import annotations

from collections.abc import Mapping

from optout.registry.identifiers import PLATFORMS, Kind

URL, SHA256, MD5, IMAGE, TEXT = "url", "sha256", "md5", "image", "text"
PHASH256, PHASH64, PDQ256 = "phash256", "phash64", "pdq256"
ACCOUNT, WORK = "account", "work"

HASH_BYTES: Mapping[str, int] = {PHASH256: 32, PHASH64: 8, PDQ256: 32}
"""Roles of columns that carry hashes of pictures, and how many bytes such a hash has."""

SCHEMES = frozenset({"isbn", "doi", "arxiv", "iscc"})

_REACH: Mapping[str, frozenset[Kind]] = {
    URL: frozenset({Kind.URL, Kind.SITE, Kind.PREFIX, Kind.ACCOUNT}),
    SHA256: frozenset({Kind.FILE}),
    MD5: frozenset({Kind.FILE}),
    IMAGE: frozenset({Kind.FILE, Kind.IMAGE}),
    TEXT: frozenset({Kind.TEXT}),
    ACCOUNT: frozenset({Kind.ACCOUNT}),
    WORK: frozenset({Kind.WORK}),
    **dict.fromkeys(HASH_BYTES, frozenset({Kind.IMAGE})),
}
_PLURAL: Mapping[str, str] = {
    URL: "addresses",
    SHA256: "SHA-256 digests",
    MD5: "MD5 digests",
    IMAGE: "pictures",
    TEXT: "passages",
    ACCOUNT: "accounts",
    WORK: "numbers of works",
    **{role: f"{role} hashes" for role in HASH_BYTES},
}


def family(role: str) -> str:
    """A role without its platform or scheme: `account` of `account:github`."""
    return role.partition(":")[0]


def detail(role: str) -> str:
    """The platform or scheme of a role; empty where it has none."""
    return role.partition(":")[2]


def known(role: str) -> bool:
    """Whether there is such a role."""
    first, colon, last = role.partition(":")
    if first == ACCOUNT:
        return last in PLATFORMS
    if first == WORK and colon:
        return last in SCHEMES
    return role in _REACH


def reach(role: str) -> frozenset[Kind]:
    """The kinds of entry that can be found through a leaf of this role."""
    return _REACH[family(role)]


def plural(role: str) -> str:
    """What such values are called."""
    return _PLURAL[family(role)]
