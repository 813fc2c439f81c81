"""What a leaf holds, judged by its values alone: an audit that asks nobody what was planned.

A value counts as a url when it begins with `http://`, `https://` or `//` and has no white space
inside; as a SHA-256 when it is 64 hexadecimal digits and nothing else; as a picture when it begins
like one. In a leaf whose name speaks of urls, addresses without a scheme count too. A leaf can be
matched when at least `MATCHABLE_SHARE` of what is in it counts, over all shards or in one of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from .leaves import Values

MATCHABLE_SHARE = 0.5
"""Of the values that are neither null nor empty. Captions quote an address now and then; a column
of addresses has little else."""

SHARD_EVIDENCE = 100
"""Values that must look alike before one shard speaks for itself against the other shards."""

URL, SHA256, IMAGE = "url", "sha256", "image"
ROLES = (URL, SHA256, IMAGE)

_URL = r"^[\x00-\x20]*(?i:https?:)?//[^\s/]\S*[\x00-\x20]*$"
_BARE_URL = (
    r"^[\x00-\x20]*(?i:[a-z0-9_-]+\.)+(?i:[a-z]{2,63}|xn--[a-z0-9-]+)\.?"
    r"(:\d+)?([/?#]\S*)?[\x00-\x20]*$"
)
_URL_NAME = ("url", "uri", "href", "link", "src")
_SHA256 = r"^[0-9a-fA-F]{64}$"
# JPEG, PNG, GIF, WebP, BMP, TIFF; then AVIF and HEIF, JPEG XL, JPEG 2000.
_PICTURE = (
    r"^(\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF[\x00-\xff]{4}WEBP"
    r"|BM[\x00-\xff]{4}\x00\x00\x00\x00|II\*\x00|MM\x00\*"
    r"|[\x00-\xff]{4}ftyp(avi[fs]|hei[cxms]|mif1|msf1)|\xff\x0a|\x00\x00\x00\x0c(JXL |jP  )\r\n)"
)
_JSON = r"^\s*[\[{][\x00-\xff]*(?i:https?:)\\?/\\?/"


@dataclass
class Counted:
    """How many values of a leaf there are and what they look like.

    Attributes:
        values: how many are neither null nor empty.
        alike: for each role, how many look it.
        json: how many are JSON with a url somewhere inside.
    """

    values: int = 0
    alike: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ROLES, 0))
    json: int = 0

    def roles(self, at_least: int = 1) -> frozenset[str]:
        """The roles in which the leaf can be matched, each shown by `at_least` values."""
        return frozenset(
            role
            for role, count in self.alike.items()
            if count >= max(at_least, MATCHABLE_SHARE * self.values)
        )


def looks(role: str, values: pa.LargeBinaryArray, path: str) -> pa.BooleanArray:
    """For each value, whether it looks the role; null stays null.

    Args:
        role: one of `ROLES`.
        values: a `large_binary` array.
        path: the leaf's path: urls without a scheme count only where it speaks of urls.
    """
    if role == SHA256:
        return _matches(values, _SHA256)
    if role == IMAGE:
        # The pattern needs the first few bytes; the rest may be megabytes.
        return _matches(pc.binary_slice(values, 0, 24), _PICTURE)
    urls = _matches(values, _URL)
    if any(word in path.lower() for word in _URL_NAME):
        urls = pc.or_(urls, _matches(values, _BARE_URL))
    return urls


def _matches(values: pa.LargeBinaryArray, pattern: str) -> pa.BooleanArray:
    return pc.match_substring_regex(values, pattern)


class Detection:
    """What was counted leaf by leaf, over all shards so far."""

    def __init__(self) -> None:
        self.leaves: dict[str, Counted] = {}
        self._in_one_shard: dict[str, frozenset[str]] = {}

    def add_shard(self, batches: Iterable[Iterable[Values]]) -> None:
        """Take a shard into account, given the leaves of its batches."""
        shard: dict[str, Counted] = {}
        for leaves in batches:
            for leaf in leaves:
                _count(leaf, shard.setdefault(leaf.path, Counted()))
        for path, counted in shard.items():
            total = self.leaves.setdefault(path, Counted())
            total.values += counted.values
            total.json += counted.json
            for role in ROLES:
                total.alike[role] += counted.alike[role]
            known = self._in_one_shard.get(path, frozenset())
            self._in_one_shard[path] = known | counted.roles(SHARD_EVIDENCE)

    def matchable(self) -> dict[str, frozenset[str]]:
        """The leaves that can be matched, and as what."""
        found = {
            path: counted.roles() | self._in_one_shard[path]
            for path, counted in self.leaves.items()
        }
        return {path: roles for path, roles in found.items() if roles}


def _count(leaf: Values, counted: Counted) -> None:
    values = leaf.values.filter(pc.greater(pc.binary_length(leaf.values), 0))
    if not len(values):
        return
    counted.values += len(values)
    for role in ROLES:
        counted.alike[role] += _true(looks(role, values, leaf.path))
    counted.json += _true(_matches(values, _JSON))


def _true(mask: pa.BooleanArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
