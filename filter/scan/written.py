"""What the values of a role are as words, and the keys that cover them: the reference of the judge.

Whatever a kernel does to be fast, a value is covered by an entry exactly where one of these keys is
the entry's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from optout.filter.columns import Role, base_role
from optout.registry.identifiers import (
    Key,
    Kind,
    account_keys,
    file_key,
    md5_key,
    text_key,
    url_keys,
    work_keys,
)

REACH: Mapping[Role, frozenset[Kind]] = {
    "url": frozenset({Kind.URL, Kind.SITE, Kind.PREFIX, Kind.ACCOUNT}),
    "image": frozenset({Kind.FILE, Kind.IMAGE}),
    "sha256": frozenset({Kind.FILE}),
    "md5": frozenset({Kind.FILE}),
    "phash256": frozenset({Kind.IMAGE}),
    "phash64": frozenset({Kind.IMAGE}),
    "pdq256": frozenset({Kind.IMAGE}),
    "text": frozenset({Kind.TEXT}),
    "account": frozenset({Kind.ACCOUNT}),
    "work": frozenset({Kind.WORK}),
}
"""By role, without what follows its colon, the kinds of entry that can be found through it."""

HASHES: Mapping[Role, int] = {"phash256": 32, "phash64": 8, "pdq256": 32}
"""The roles that are hashes of pictures, which are also the names of their namespaces, in bytes."""

DIGEST_BYTES: Mapping[Role, int] = {"sha256": 32, "md5": 16, **HASHES}
"""The roles that are digests or hashes, in bytes."""

_ENOUGH_OF_A_PASSAGE = 256
_HEX = re.compile(r"(?:0x)?([0-9a-f]+)", re.I)


class NotTextError(ValueError):
    """A value should be text and is none."""


def reach(role: Role) -> frozenset[Kind]:
    """The kinds of entry that can be found through a role."""
    return REACH[base_role(role)]


def written(role: Role, data: bytes) -> str | None:
    """A value as words: of digests and hashes their hexadecimal digits in lower case.

    Args:
        role: what the value is; not `image`.
        data: the value as it is stored. Digests may be packed.

    Returns:
        The words; None where it is not what the role asks for.

    Raises:
        NotTextError: it is neither text nor a packed digest.
    """
    size = DIGEST_BYTES.get(role)
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        if size == len(data):
            return data.hex()
        raise NotTextError(role) from fault
    if size is None:
        return text
    digits = _HEX.fullmatch(text.strip())
    if digits and len(digits[1]) == 2 * size:
        return digits[1].lower()
    return data.hex() if len(data) == size else None


ALL_KINDS = frozenset(Kind)


def is_meant(role: Role, text: str) -> bool:
    """Whether a value is what its role asks for: whether `keys_of` gives it keys.

    Cheaper where nothing can cover the value and only this is to be known.
    """
    if base_role(role) in ("sha256", "md5"):
        return True
    if role == "text":
        # What stands before a space is a passage by itself, whatever follows; most are long.
        cut = text.rfind(" ", 0, _ENOUGH_OF_A_PASSAGE)
        if cut > 0 and text_key(text[:cut]) is not None:
            return True
    return keys_of(role, text, ()) is not None


def keys_of(role: Role, text: str, kinds: Container[Kind] = ALL_KINDS) -> tuple[Key, ...] | None:
    """The keys of everything that may cover a value.

    Args:
        role: what the value is; not `image` and no hash of pictures, which have no keys.
        text: its words, as `written` gives them.
        kinds: of an address, which kinds of key are asked for.

    Returns:
        The keys; None where the value is not what the role asks for.
    """
    base, _, word = role.partition(":")
    if base == "url":
        return url_keys(text, kinds)
    if base == "sha256":
        return (file_key(text),)
    if base == "md5":
        return (md5_key(text),)
    if base == "text":
        key = text_key(text)
        return None if key is None else (key,)
    if base == "account":
        return account_keys(word, text) or None
    if base == "work":
        return work_keys(text, word or None) or None
    raise ValueError(f"{role} has no keys")
