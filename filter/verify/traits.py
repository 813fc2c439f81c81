"""What a single value is looked up by: its keys, its picture's hash; slow, plain, the last word."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from optout.registry.errors import PictureError
from optout.registry.identifiers import Key, file_key, sha256_of, url_keys
from optout.registry.images import corpus_hashes

from .detection import IMAGE, SHA256

NAMESPACE = "phash256"

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_DATA = re.compile(rb"[\x00-\x20]*data:[\x00-\x20]*image/([^,]*)", re.IGNORECASE)
_BASE64 = re.compile(rb";\x20*base64\x20*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of one value.

    Attributes:
        keys: of everything that may cover it exactly.
        phash256: of the picture it is or carries, 32 bytes; None where there is none.
        unjudgeable: it cannot be judged: a picture that cannot be read, text that is no UTF-8.
    """

    keys: tuple[Key, ...] = ()
    phash256: bytes | None = None
    unjudgeable: bool = False


NOTHING = Traits()
UNJUDGEABLE = Traits(unjudgeable=True)


def traits_of(role: str, value: bytes | None, *, perceptual: bool) -> Traits:
    """What a value is looked up by.

    Args:
        role: `url`, `sha256` or `image`.
        value: the value as it is stored.
        perceptual: whether pictures are hashed; without, only their bytes count.
    """
    if not value:
        return NOTHING
    if role == IMAGE:
        return _picture(value, perceptual=perceptual)
    if role == SHA256:
        return _digest(value)
    return _address(value, perceptual=perceptual)


def _picture(data: bytes, *, perceptual: bool) -> Traits:
    keys = (file_key(sha256_of(data)),)
    if not perceptual:
        return Traits(keys)
    try:
        return Traits(keys, corpus_hashes(data, [NAMESPACE])[NAMESPACE])
    except PictureError:
        return Traits(keys, unjudgeable=True)


def _digest(value: bytes) -> Traits:
    text = _text(value)
    if text is not None and _SHA256.fullmatch(text.strip()):
        return Traits((file_key(text.strip().lower()),))
    if len(value) == 32:
        return Traits((file_key(value.hex()),))
    return UNJUDGEABLE if text is None else NOTHING


def _address(value: bytes, *, perceptual: bool) -> Traits:
    text = _text(value)
    if text is None:
        return UNJUDGEABLE
    embedded = _embedded(value)
    if embedded is None:
        return Traits(url_keys(text) or ())
    return _picture(embedded, perceptual=perceptual) if embedded else UNJUDGEABLE


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _embedded(value: bytes) -> bytes | None:
    """The picture inside a `data:` url (RFC 2397, read as the WHATWG fetch standard does).

    Returns:
        None where the value is no such url; no bytes at all where its content cannot be told.
    """
    head = _DATA.match(value)
    if head is None:
        return None
    if value[head.end() : head.end() + 1] != b",":
        return b""
    body = value[head.end() + 1 :].split(b"#", 1)[0].strip(b"\x00\t\n\f\r ")
    body = unquote_to_bytes(body)
    if not _BASE64.search(head.group(1)):
        return body
    digits = bytes(byte for byte in body if byte not in b"\t\n\f\r ")
    if len(digits) % 4 == 0 and digits.endswith(b"="):
        digits = digits[:-2] if digits.endswith(b"==") else digits[:-1]
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True)
    except binascii.Error:
        return b""
