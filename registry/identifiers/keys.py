"""What identifiers are found by: a digest that decides, a probe that is fast.

The digest is the identity: SHA-256 over the kind and the canonical form. The probe, XXH3-64 of the
canonical form, can be forged and only says where to look.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from optout.registry.errors import IdentifierError
from xxhash import xxh3_64_intdigest

from .address import is_numeric, quoted, read_address
from .kinds import Kind
from .sites import LONGEST_HOST

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DOMAINS = {kind: f"optout/v1/{kind}\0".encode() for kind in Kind}


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that may have been opted out, ready to be looked up.

    Attributes:
        kind: of the identifier.
        digest: SHA-256 of `optout/v1/<kind>`, a zero byte and the canonical form; 32 bytes.
        probe: XXH3-64 of the canonical form: a prefilter, never a proof.
    """

    kind: Kind
    digest: bytes
    probe: int


def key_of(kind: Kind, canonical: str) -> Key:
    """The key of a canonical form."""
    data = canonical.encode()
    return Key(kind, hashlib.sha256(_DOMAINS[kind] + data).digest(), xxh3_64_intdigest(data))


def url_keys(text: str) -> tuple[Key, ...] | None:
    """The keys of everything that may cover an address found in a corpus.

    Args:
        text: the value as the corpus has it.

    Returns:
        the key of the address itself, then the keys of the sites above it, the narrowest first;
        None where the value is no http or https address.
    """
    address = read_address(text)
    if address is None:
        return None
    return (key_of(Kind.URL, str(address)), *map(_site_key, _sites_above(address.host)))


def _sites_above(host: str) -> list[str]:
    """The hosts whose site would cover this one, itself first; a last label alone is no site."""
    if is_numeric(host):
        return [host]
    # No site is longer than a name can be: a host of a million labels costs no more than others.
    labels = host[-LONGEST_HOST - 1 :].split(".")
    if len(host) > LONGEST_HOST:
        del labels[0]
    return [".".join(labels[start:]) for start in range(len(labels) - 1) if labels[start]]


@lru_cache(maxsize=1 << 14)
def _site_key(host: str) -> Key:
    return key_of(Kind.SITE, host)


def file_key(sha256_hex: str) -> Key:
    """The key of a file's exact bytes.

    Args:
        sha256_hex: their SHA-256, 64 hexadecimal digits.

    Raises:
        IdentifierError: it is no such digest.
    """
    return key_of(Kind.FILE, sha256_form(sha256_hex))


def sha256_form(text: str) -> str:
    """A SHA-256 digest in its canonical form: 64 hexadecimal digits in lower case.

    Raises:
        IdentifierError: it is no such digest.
    """
    lower = text.strip().lower()
    if not _SHA256.fullmatch(lower):
        raise IdentifierError(
            f"{quoted(text)} is no SHA-256 digest", "It has 64 hexadecimal digits."
        )
    return lower


def sha256_of(data: bytes) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
