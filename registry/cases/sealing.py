"""An item's plain value, sealed so that only the case's secret opens it.

ChaCha20-Poly1305 (RFC 8439) with a random nonce under the case's own key, bound to the numbers of
case and entry, so that no box opens in another's place. What is sealed is filled up to one of a few
sizes: the length of an address does not show.
"""

from __future__ import annotations

import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from optout.registry.errors import RegistryError

NONCE_SIZE = 12
"""Bytes of a nonce (RFC 8439, section 2.8)."""

LEAST = 512
"""Bytes of the smallest box before it is sealed; every next size is twice the one before."""

_HEAD = struct.Struct(">II")


def new_nonce() -> bytes:
    """A nonce for one item."""
    return secrets.token_bytes(NONCE_SIZE)


def seal(key: bytes, nonce: bytes, number: str, entry: int, *, place: int, shown: str) -> bytes:
    """Seal one item.

    Args:
        key: of the case.
        nonce: of the item.
        number: of the case.
        entry: the item's entry in the log.
        place: where the item stood among the others.
        shown: what its sender will recognise it by.
    """
    text = shown.encode("utf-8", "replace")
    plain = _HEAD.pack(place, len(text)) + text
    size = LEAST
    while size < len(plain):
        size *= 2
    filled = plain.ljust(size, b"\0")
    return ChaCha20Poly1305(key).encrypt(nonce, filled, _bound(number, entry))


def unseal(key: bytes, nonce: bytes, number: str, entry: int, box: bytes) -> tuple[int, str]:
    """Open what `seal` made.

    Returns:
        The item's place, and what its sender recognises it by.

    Raises:
        RegistryError: the box was changed, or belongs elsewhere.
    """
    try:
        plain = ChaCha20Poly1305(key).decrypt(nonce, box, _bound(number, entry))
    except (InvalidTag, ValueError) as fault:  # the latter for a nonce that is none
        raise RegistryError(
            f"the sealed item of entry {entry} is damaged",
            "Restore the registry from a backup, with its key.",
        ) from fault
    place, length = _HEAD.unpack_from(plain)
    return place, plain[_HEAD.size : _HEAD.size + length].decode()


def _bound(number: str, entry: int) -> bytes:
    return f"optout/v1/case/{number}/{entry}".encode()
