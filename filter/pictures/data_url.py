"""Pictures inside an address: `data:image/png;base64,…` (RFC 2397, read as WHATWG does)."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

_HEAD = re.compile(r"[\x00-\x20]*data:[\x00-\x20]*image/([^,]*)", re.I)
_BASE64 = re.compile(r";\x20*base64\x20*$", re.I)
_SPACE = bytes.maketrans(b"", b""), b"\t\n\f\r "


def is_picture_address(text: str) -> bool:
    """Whether an address carries a picture itself."""
    return bool(_HEAD.match(text))


def picture_of(text: str) -> bytes | None:
    """The bytes of the picture that an address carries.

    Args:
        text: an address for which `is_picture_address` holds.

    Returns:
        The bytes, not yet decoded as a picture; None where they are cut off or no base64.
    """
    head = _HEAD.match(text)
    if head is None or text[head.end() : head.end() + 1] != ",":
        return None
    body = unquote_to_bytes(text[head.end() + 1 :].split("#", 1)[0].strip("\x00\t\n\f\r "))
    if not _BASE64.search(head.group(1)):
        return body or None
    digits = body.translate(*_SPACE)
    if len(digits) % 4 == 0:
        digits = digits.removesuffix(b"=").removesuffix(b"=")
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True) or None
    except binascii.Error:
        return None
