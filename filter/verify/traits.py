"""What a single value is looked up by: its keys, its picture's hash; slow, plain, the last word."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from optout.registry.errors import PictureError
from optout.registry.identifiers import (
    Key,
    account_keys,
    file_key,
    md5_key,
    sha256_of,
    text_key,
    url_keys,
    work_keys,
)
from optout.registry.images import sighted_hashes, sighted_pdq

from .roles import (
    ACCOUNT,
    HASH_BYTES,
    IMAGE,
    MD5,
    PHASH256,
    SHA256,
    TEXT,
    WORK,
    detail,
    family,
)

_HEX = re.compile(r"(?:0x)?([0-9a-f]+)", re.IGNORECASE)
_DIGEST_BYTES = {SHA256: 32, MD5: 16, **HASH_BYTES}
_DATA = re.compile(rb"[\x00-\x20]*data:[\x00-\x20]*image/([^,]*)", re.IGNORECASE)
_BASE64 = re.compile(rb";\x20*base64\x20*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of one value.

    Attributes:
        keys: of everything that may cover it exactly.
        hashed: of the picture it is, carries or names; None where there is none.
        mirrored: the hash of its mirror image; None where there is no picture, but only a hash.
        namespace: which kind of hash these are.
        pdq: of the picture and of its mirror image, where they are at hand and were asked for: only
            entries without a phash256 are known by it.
        unjudgeable: it cannot be judged: a picture that cannot be read, text that is no UTF-8.
    """

    keys: tuple[Key, ...] = ()
    hashed: bytes | None = None
    mirrored: bytes | None = None
    namespace: str = PHASH256
    pdq: tuple[bytes, ...] = ()
    unjudgeable: bool = False

    @property
    def ways(self) -> tuple[bytes, ...]:
        """The hashes by which it is looked for: the picture's, and that of its mirror image."""
        return tuple(packed for packed in (self.hashed, self.mirrored) if packed)


NOTHING = Traits()
UNJUDGEABLE = Traits(unjudgeable=True)


def traits_of(role: str, value: bytes | None, *, perceptual: bool, by_pdq: bool = False) -> Traits:
    """What a value is looked up by.

    Args:
        role: one of `roles`.
        value: the value as it is stored.
        perceptual: whether pictures are hashed; without, only their bytes count.
        by_pdq: whether their PDQ is made too, where they are hashed.
    """
    if not value:
        return NOTHING
    if role == IMAGE:
        return _picture(value, perceptual=perceptual, by_pdq=by_pdq)
    if role in _DIGEST_BYTES:
        return _digest(role, value)
    text = _text(value)
    if text is None:
        return UNJUDGEABLE
    if role == TEXT:
        passage = text_key(text)
        return Traits(() if passage is None else (passage,))
    if family(role) == ACCOUNT:
        return Traits(account_keys(detail(role), text))
    if family(role) == WORK:
        return Traits(work_keys(text, detail(role) or None))
    embedded = _embedded(value)
    if embedded is None:
        return Traits(url_keys(text) or ())
    if not embedded:
        return UNJUDGEABLE
    return _picture(embedded, perceptual=perceptual, by_pdq=by_pdq)


def _picture(data: bytes, *, perceptual: bool, by_pdq: bool) -> Traits:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    keys = (file_key(sha256_of(data)), md5_key(md5))
    if not perceptual:
        return Traits(keys)
    try:
        pdq = filter(None, sighted_pdq(data, plain=True)) if by_pdq else ()
        return Traits(keys, *sighted_hashes(data), pdq=tuple(pdq))
    except PictureError:
        return Traits(keys, unjudgeable=True)


def _digest(role: str, value: bytes) -> Traits:
    text, size = _text(value), _DIGEST_BYTES[role]
    digits = _HEX.fullmatch("" if text is None else text.strip())
    if digits and len(digits[1]) == 2 * size:
        packed = bytes.fromhex(digits[1])
    elif len(value) == size:
        packed = value
    else:
        return UNJUDGEABLE if text is None else NOTHING
    if role == SHA256:
        return Traits((file_key(packed.hex()),))
    if role == MD5:
        return Traits((md5_key(packed.hex()),))
    return Traits(hashed=packed, namespace=role)


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
