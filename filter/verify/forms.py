"""The forms of values, and what a leaf's name says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from optout.registry.identifiers import PLATFORMS, account_keys, work_keys

from .roles import ACCOUNT, IMAGE, MD5, SCHEMES, TEXT, URL, WORK
from .shapes import (
    IS_BALANCED,
    IS_HEX16,
    IS_HEX32,
    IS_HEX64,
    IS_JSON,
    IS_TEXT,
    IS_URL,
    MAY_BE_HOLDER,
    MAY_BE_PICTURE,
    MAY_BE_WORK,
    Shapes,
    count,
    those,
)

AUTHOR = "author"
"""The form of values that may be accounts on Reddit, where the leaf is called so."""

HEX64, HEX32, HEX16, BALANCED = "64 hex", "32 hex", "16 hex", "balanced"

_URL = r"^[\x00-\x20]*(?i:https?:)?//[^\s/]\S*[\x00-\x20]*$"
_BARE_URL = (
    r"^[\x00-\x20]*(?i:[a-z0-9_-]+\.)+(?i:[a-z]{2,63}|xn--[a-z0-9-]+)\.?"
    r"(:\d+)?([/?#]\S*)?[\x00-\x20]*$"
)
_URL_NAME = ("url", "uri", "href", "link", "src")
_HEX = {HEX64: r"^[0-9a-fA-F]{64}$", HEX32: r"^[0-9a-fA-F]{32}$", HEX16: r"^[0-9a-fA-F]{16}$"}
# JPEG, PNG, GIF, WebP, BMP, TIFF; then AVIF and HEIF, JPEG XL, JPEG 2000.
_PICTURE = (
    r"^(\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF[\x00-\xff]{4}WEBP"
    r"|BM[\x00-\xff]{4}\x00\x00\x00\x00|II\*\x00|MM\x00\*"
    r"|[\x00-\xff]{4}ftyp(avi[fs]|hei[cxms]|mif1|msf1)|\xff\x0a|\x00\x00\x00\x0c(JXL |jP  )\r\n)"
)
_LEADING = re.compile(rb"[\x00-\x20]*(https?:|//[^\s/])", re.IGNORECASE)
_NUMBERED = re.compile(
    rb"\s*(?:(?:doi|arxiv|iscc|isbn(?:-?1[03])?)\s*:|10\.\d{4,9}/\S|https?://(?:dx\.)?doi\.org/10\.)",
    re.IGNORECASE,
)
_SHAPES = {URL: IS_URL, TEXT: IS_TEXT, HEX64: IS_HEX64, HEX32: IS_HEX32, HEX16: IS_HEX16}
_JSON = r"^\s*[\[{]"
_TEXT = r"[^\s\x00-\x1f]\s+[^\s\x00-\x1f]"
_TEXT_BYTES, _TEXT_SHOWN = 24, 4096
_WORK = r"^\s*(?i:(doi|arxiv|iscc|isbn(-?1[03])?)\s*:|10\.\d{4,9}/\S)"
_WORK_BYTES = 1024
_OWNER = r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}$"
_OWNER_NAME = re.compile(r"(^|_)repo(sitory)?_name$")
_WHO = (
    "user|username|owner|author|login|account|creator|artist|channel|handle|profile|blog|repo"
    "|repository"
)
_HOLDER = re.compile(rf"(?:^|_)([a-z0-9]+?)_(?:(?:{_WHO})(?:_(?:full|name|id))*|(?:full_)?name)$")
_HELD = re.compile(rf"(?:{_WHO})(?:_(?:name|id))?$")
_CALLED = {"twitter": "x", "hf": "huggingface", "yt": "youtube"}
HOLDERS: Mapping[str, str] = {
    "youtube": r"^\s*UC[A-Za-z0-9_-]{21}[AQgw]\s*$",
    "flickr": r"^\s*[0-9]{5,12}@N[0-9]{2}\s*$",
    "mastodon": r"^\s*@(?i:[a-z0-9_.-]+@([a-z0-9-]+\.)+[a-z][a-z0-9-]+)\s*$",
}
_LAST = re.compile(r"[.\[\]{}]+")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Named:
    """What a leaf's own name says of its values.

    Attributes:
        urls: any part of the path speaks of urls.
        digest: `md5`, `phash` or `pdq`; None where it says none of them.
        key: they number the rows, or something else that is no file: `id`, `uid`.
        scheme: they are numbers of works of this scheme.
        holder: they are accounts of this platform.
        repository: they are names of repositories.
    """

    urls: bool
    digest: str | None
    key: bool
    scheme: str | None
    holder: str | None
    repository: bool

    @classmethod
    def of(cls, path: str) -> Named:
        """Read a leaf's path; but for urls its last part counts."""
        parts = [part for part in _LAST.split(path) if part]
        last = parts[-1].lower() if parts else ""
        plain = re.sub(r"[^a-z0-9]", "", last)
        words = [word for word in _WORD.findall(last) if word != "id"]
        holder = _HOLDER.search(last)
        called = holder[1] if holder else None
        if holder is None and len(parts) > 1 and _HELD.fullmatch(last):
            called = parts[-2].lower()
        called = _CALLED.get(called or "", called)
        return cls(
            any(word in path.lower() for word in _URL_NAME),
            _digest_named(plain),
            last == "content_digest" or bool(re.search(r"(^|[^a-z])(id|guid)$|uu?id$", last)),
            words[-1] if words and words[-1] in SCHEMES else None,
            called if called in PLATFORMS else None,
            bool(_OWNER_NAME.search(last)),
        )


def _digest_named(plain: str) -> str | None:
    if plain.endswith("sha256"):
        return None
    if plain.endswith("md5"):
        return MD5
    if "pdq" in plain:
        return "pdq"
    return "phash" if "phash" in plain else None


def count_forms(
    path: str, values: pa.LargeBinaryArray, shapes: Shapes | None = None
) -> dict[str, int]:
    """How many values have which form; none of them may be null or empty.

    Args:
        path: the leaf's path: of some forms it must speak.
        values: of the leaf.
        shapes: of the values, as `shapes_of` tells them; where None, patterns tell all.
    """
    named = Named.of(path)
    if shapes is None:
        counts = _counted_by_patterns(path, values)
        pictures = works = holders = values
    else:
        counts = _counted_by_shapes(path, values, shapes)
        pictures = those(values, shapes, MAY_BE_PICTURE)
        works = those(values, shapes, MAY_BE_WORK)
        holders = those(values, shapes, MAY_BE_HOLDER)
    # The pattern needs the first few bytes; the rest may be megabytes.
    counts[IMAGE] = _true(_matches(pc.binary_slice(pictures, 0, 24), _PICTURE))
    counts[WORK] = _works(values if named.scheme else works, named.scheme)
    if named.holder:
        short = _short(values)
        there = (account_keys(named.holder, text) for text in short)
        counts[ACCOUNT] = sum(map(bool, there))
    elif named.repository:
        counts[ACCOUNT] = _true(_matches(values, _OWNER))
    for platform, pattern in HOLDERS.items():
        counts[f"{ACCOUNT}:{platform}"] = _true(_matches(holders, pattern))
    if is_author(path):
        counts[AUTHOR] = sum(bool(account_keys("reddit", text)) for text in _short(values))
    return counts


def _counted_by_shapes(path: str, values: pa.LargeBinaryArray, shapes: Shapes) -> dict[str, int]:
    counts = {form: count(shapes, bit) for form, bit in _SHAPES.items()}
    for form in _HEX:
        counts[f"{BALANCED} {form}"] = count(shapes, _SHAPES[form] | IS_BALANCED)
    if Named.of(path).urls and counts[URL] < len(values):
        others = values.take(pa.array(np.flatnonzero((shapes & IS_URL) == 0)))
        counts[URL] += _true(_matches(others, _BARE_URL))
    return counts


def _counted_by_patterns(path: str, values: pa.LargeBinaryArray) -> dict[str, int]:
    counts = {URL: count_urls(path, values)}
    for form, pattern in _HEX.items():
        digits = values.filter(_matches(values, pattern))
        counts[form] = len(digits)
        counts[f"{BALANCED} {form}"] = _balanced(digits)
    long = values.filter(pc.greater_equal(pc.binary_length(values), _TEXT_BYTES))
    counts[TEXT] = _true(_matches(pc.binary_slice(long, 0, _TEXT_SHOWN), _TEXT))
    return counts


def is_author(path: str) -> bool:
    """Whether a leaf's name is what the dumps of Reddit call the account that wrote a post."""
    return _LAST.split(path)[-1].lower() in ("author", "username")


def looks_like(role: str, path: str, value: bytes) -> bool:
    """Whether one string may be an address, or names a work, wherever it stands."""
    if role == URL:
        lone = pa.array([value], pa.large_binary())
        return bool(_LEADING.match(value)) or count_urls(path, lone) == 1
    return role == WORK and bool(_NUMBERED.match(value))


def count_urls(path: str, values: pa.LargeBinaryArray) -> int:
    """How many values are urls; where the path speaks of urls, addresses without a scheme too."""
    urls = _matches(values, _URL)
    if Named.of(path).urls:
        urls = pc.or_(urls, _matches(values, _BARE_URL))
    return _true(urls)


def like_json(values: pa.LargeBinaryArray, shapes: Shapes | None = None) -> pa.LargeBinaryArray:
    """The values that begin as a JSON object or array does.

    Args:
        values: none of them null.
        shapes: of the values; where None, a pattern tells.
    """
    if shapes is None:
        return values.filter(_matches(values, _JSON))
    return those(values, shapes, IS_JSON)


def _works(values: pa.LargeBinaryArray, scheme: str | None) -> int:
    """How many values number a work; a bare number does where the scheme is known."""
    shown = values if scheme else values.filter(_matches(values, _WORK))
    return sum(bool(work_keys(text, scheme)) for text in _short(shown))


def _short(values: pa.LargeBinaryArray) -> Iterator[str]:
    """Values that are no longer than a name or a number is, as text."""
    short = values.filter(pc.less_equal(pc.binary_length(values), _WORK_BYTES))
    return (value.as_py().decode(errors="replace") for value in short)


def _balanced(digits: pa.LargeBinaryArray) -> int:
    """How many numbers of equal length, in hexadecimal digits, have half of their bits set."""
    if not len(digits):
        return 0
    packed = np.frombuffer(bytes.fromhex(b"".join(digits.to_pylist()).decode()), np.uint8)
    each = packed.reshape(len(digits), -1)
    return int((np.bitwise_count(each).sum(1) * 2 == each.shape[1] * 8).sum())


def _matches(values: pa.LargeBinaryArray, pattern: str) -> pa.BooleanArray:
    return pc.match_substring_regex(values, pattern)


def _true(mask: pa.BooleanArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
