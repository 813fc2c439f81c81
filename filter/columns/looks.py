"""What a single value looks like: an address, a digest, a picture. Cheap, and meant to be generous.

A column that is looked at needlessly costs time; one that is passed over costs somebody's no.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(rb"[\x00-\x20]*(?:(?:https?:)?//[^\s/]\S*|data:image/\S+)[\x00-\x20]*", re.I)
_BARE_ADDRESS = re.compile(
    rb"[\x00-\x20]*(?:[a-z0-9_-]+\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)\.?(?::\d+)?(?:[/?#]\S*)?[\x00-\x20]*",
    re.I,
)
_HEX = re.compile(rb"[0-9a-f]+", re.I)
_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|BM....\0\0\0\0|II\*\0|MM\0\*"
    rb"|....ftyp(?:avi[fs]|hei[cxms]|mif1|msf1)|\xff\x0a|\0\0\0\x0c(?:JXL |jP  )\r\n",
    re.S,
)
_ADDRESS_WORDS = ("url", "uri", "href", "link", "src")
_PICTURE_NAMES = {
    *("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
    *("image", "img", "picture", "pic", "photo"),
}
_DIGESTS = {16: "64-bit hashes", 32: "MD5 digests", 40: "SHA-1 digests", 128: "SHA-512 digests"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def is_address(value: bytes, *, bare: bool) -> bool:
    """Whether a value is an address; `bare` takes `host.example/path` for one too."""
    return bool(_ADDRESS.fullmatch(value) or (bare and _BARE_ADDRESS.fullmatch(value)))


def is_sha256(value: bytes, *, packed: bool) -> bool:
    """Whether a value is a SHA-256 digest: 64 hexadecimal digits, or, `packed`, 32 bytes."""
    return bool(len(value) == 64 and _HEX.fullmatch(value)) or (packed and len(value) == 32)


def is_picture(value: bytes) -> bool:
    """Whether bytes begin as a picture does."""
    return bool(_PICTURE.match(value))


def other_digest(values: list[bytes]) -> str | None:
    """What digests these all are, other than SHA-256, in words; None where they are none."""
    lengths = {len(value) for value in values}
    if len(lengths) == 1 and all(map(_HEX.fullmatch, values)):
        return _DIGESTS.get(lengths.pop())
    return None


def named_address(name: str) -> bool:
    """Whether a column's name speaks of addresses."""
    return any(word in name.lower() for word in _ADDRESS_WORDS)


def named_exactly_address(name: str) -> bool:
    """Whether a column's name says that its values are addresses: `URL`, `page_url`, `imageUrl`."""
    return bool(_words(name)) and _words(name)[-1] in _ADDRESS_WORDS


def named_sha256(name: str) -> bool:
    """Whether a column's name says that its values are SHA-256 digests."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).endswith("sha256")


def named_picture(name: str) -> bool:
    """Whether a column's name says that its bytes are pictures: `jpg`, `image_bytes`."""
    return not _PICTURE_NAMES.isdisjoint(_words(name))


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
