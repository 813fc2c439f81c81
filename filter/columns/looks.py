"""What a single value looks like: an address, a digest, a picture, a passage.

Cheap, and meant to be generous.
A column that is looked at needlessly costs time; one that is passed over costs somebody's no.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(rb"[\x00-\x20]*(?:(?:https?:)?//[^\s/]\S*|data:image/\S+)[\x00-\x20]*", re.I)
_BARE_ADDRESS = re.compile(
    rb"[\x00-\x20]*(?:[a-z0-9_-]+\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)\.?(?::\d+)?(?:[/?#]\S*)?[\x00-\x20]*",
    re.I,
)
_SCHEME = re.compile(rb"[\x00-\x20]*https?:", re.I)
_HEX = re.compile(rb"[0-9a-f]+", re.I)
_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0|II\*\0|MM\0\*"
    rb"|....ftyp(?:avi[fs]|hei[cxms]|mif1|msf1)|\xff\x0a|\0\0\0\x0c(?:JXL |jP  )\r\n",
    re.S,
)
_DIGESTS = {16: "64-bit hashes", 32: "MD5 digests", 40: "SHA-1 digests", 128: "SHA-512 digests"}
_WORK = re.compile(
    r"\s*(?:(?:doi|arxiv|iscc|isbn(?:-?1[03])?)\s*:|10\.\d{4,9}/\S|https?://(?:dx\.)?doi\.org/10\.)",
    re.I,
)
_OWNED = re.compile(r"\s*[a-z0-9][a-z0-9-]{0,38}/[\w.-]+\s*", re.I | re.A)

_HOLDERS = {
    "youtube": re.compile(rb"UC[A-Za-z0-9_-]{21}[AQgw]"),
    "flickr": re.compile(rb"[0-9]{5,12}@N[0-9]{2}"),
    "mastodon": re.compile(rb"@[a-z0-9_.-]+@(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+", re.I),
}
"""By platform, how its accounts are numbered or written as nothing else is."""

_LONGEST_HOLDER = 320

LEAST_PASSAGE = 24
"""Characters that a passage has at the least."""

_LEAST_BREAKS = 2
"""White space in a passage, where the column's name does not say that it holds passages."""


def is_address(value: bytes, *, bare: bool) -> bool:
    """Whether a value is an address; `bare` takes `host.example/path` for one too."""
    return bool(_ADDRESS.fullmatch(value) or (bare and _BARE_ADDRESS.fullmatch(value)))


def may_lead(value: bytes, *, bare: bool) -> bool:
    """Whether a value may be an address, told by how it begins; `bare` as above."""
    return bool(_SCHEME.match(value)) or is_address(value, bare=bare)


def is_digest(value: bytes, digits: int, *, packed: bool) -> bool:
    """Whether a value has this many hexadecimal digits, or, `packed`, half as many bytes."""
    shown = value.strip()
    return bool(len(shown) == digits and _HEX.fullmatch(shown)) or (
        packed and len(value) == digits // 2
    )


def is_picture(value: bytes) -> bool:
    """Whether bytes begin as a picture does."""
    return bool(_PICTURE.match(value))


def is_passage(value: bytes, *, named: bool) -> bool:
    """Whether a value is a passage of 24 characters or more, and no address.

    Args:
        value: the value.
        named: whether its column's name says that it holds passages; otherwise it needs words, or
            letters of a script that has no spaces between them.
    """
    if len(value) < LEAST_PASSAGE:
        return False
    try:
        text = value.decode().strip()
    except UnicodeDecodeError:
        return False
    if len(text) < LEAST_PASSAGE or is_address(value, bare=False):
        return False
    if named:
        return True
    if text[0] in "{[<":
        return False
    return len(text.split(None, _LEAST_BREAKS)) > _LEAST_BREAKS or len(value) > 2 * len(text)


def is_owned(value: bytes) -> bool:
    """Whether a value is `owner/name`, as hosts of code write it."""
    return bool(_OWNED.fullmatch(_shown(value)))


def holder(value: bytes) -> str | None:
    """The platform whose account a value names beyond doubt: a channel's number, `@anna@server`."""
    shown = value.strip()
    if len(shown) > _LONGEST_HOLDER:
        return None
    return next((name for name, form in _HOLDERS.items() if form.fullmatch(shown)), None)


def is_work(value: bytes) -> bool:
    """Whether a value begins as the number of a work does: `doi:`, `10.1000/`, `arXiv:`."""
    return bool(_WORK.match(_shown(value)))


def other_digest(values: list[bytes]) -> str | None:
    """What digests these all are, in words; None where they are none, or SHA-256."""
    lengths = {len(value) for value in values}
    if len(lengths) == 1 and all(map(_HEX.fullmatch, values)):
        return _DIGESTS.get(lengths.pop())
    return None


def _shown(value: bytes) -> str:
    return value[:4096].decode(errors="replace")
