"""What identifiers are found by: a digest that decides, a probe that is fast.

The digest is the identity: SHA-256 over the kind and the canonical form. The probe, XXH3-64 of the
canonical form (of a prefix see `prefix_probe`), can be forged and only says where to look.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

from optout.registry.errors import IdentifierError
from xxhash import xxh3_64_intdigest

from .accounts import account_form, address_accounts
from .address import is_numeric, quoted, read_address
from .kinds import Kind
from .passages import passage_of
from .platforms import PLATFORMS, serves_accounts
from .prefixes import paths_above, prefix_probe
from .sites import LONGEST_HOST
from .works import SCHEMES, work_form

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_DOMAINS = {kind: f"optout/v1/{kind}\0".encode() for kind in Kind}


class Key(NamedTuple):
    """One thing that may have been opted out, ready to be looked up.

    Attributes:
        kind: of the identifier.
        digest: SHA-256 of `optout/v1/<kind>`, a zero byte and the canonical form; 32 bytes.
        probe: XXH3-64 of the canonical form, of a prefix `prefix_probe`: a prefilter, never a
            proof.
    """

    kind: Kind
    digest: bytes
    probe: int


def key_of(kind: Kind, canonical: str | bytes) -> Key:
    """The key of a canonical form, which may be given as its UTF-8."""
    data = canonical.encode() if isinstance(canonical, str) else canonical
    digest = hashlib.sha256(_DOMAINS[kind] + data).digest()
    if kind is Kind.PREFIX:
        slash = data.index(b"/")
        return Key(kind, digest, prefix_probe(data[:slash], data[slash:]))
    return Key(kind, digest, xxh3_64_intdigest(data))


def url_keys(text: str, kinds: Container[Kind] = frozenset(Kind)) -> tuple[Key, ...] | None:
    """The keys of everything that may cover an address found in a corpus.

    Args:
        text: the value as the corpus has it.
        kinds: which of them are asked for; all by default.

    Returns:
        the key of the address itself, then those of the sites above it, the narrowest first, of
        the prefixes above it, the deepest first, and of the accounts on known platforms that it
        belongs to; None where the value is no http or https address.
    """
    address = read_address(text)
    if address is None:
        return None
    host, port, target = address
    known = _host_keys if len(host) <= LONGEST_HOST else _long_host_keys
    site_keys, has_accounts = known(host)
    keys = [key_of(Kind.URL, f"{host}{port}{target}")] if Kind.URL in kinds else []
    if Kind.SITE in kinds:
        keys += site_keys
    if Kind.PREFIX in kinds and len(target) > 1:
        keys += _prefix_keys(f"{host}{port}", target)
    if Kind.ACCOUNT in kinds and (has_accounts or target.startswith(("/@", "/users/"))):
        keys += [key_of(Kind.ACCOUNT, form) for form in address_accounts(address)]
    return tuple(keys)


def sites_above(host: str) -> list[str]:
    """The hosts whose site would cover this one, itself first; a last label alone is no site."""
    if is_numeric(host):
        return [host]
    # No site is longer than a name can be: a host of a million labels costs no more than others.
    labels = host[-LONGEST_HOST - 1 :].split(".")
    if len(host) > LONGEST_HOST:
        del labels[0]
    return [".".join(labels[start:]) for start in range(len(labels) - 1) if labels[start]]


def _long_host_keys(host: str) -> tuple[tuple[Key, ...], bool]:
    sites = tuple(key_of(Kind.SITE, site) for site in sites_above(host))
    return sites, serves_accounts(host)


_host_keys = lru_cache(maxsize=1 << 14)(_long_host_keys)


def _prefix_keys(host: str, target: str) -> list[Key]:
    start = host.encode()
    domain = _DOMAINS[Kind.PREFIX] + start
    keys = []
    for path in paths_above(target):
        data = path.encode()
        digest = hashlib.sha256(domain + data).digest()
        keys.append(Key(Kind.PREFIX, digest, prefix_probe(start, data)))
    return keys


def account_keys(platform: str, value: str) -> tuple[Key, ...]:
    """The keys of the account that a column of owners or authors names.

    Args:
        platform: one of `PLATFORMS`.
        value: a handle, `owner/name`, or the address of a profile.

    Returns:
        one key; none where the value names no account.

    Raises:
        IdentifierError: the platform is not known.
    """
    if platform not in PLATFORMS:
        raise IdentifierError(
            f"{quoted(platform)} is no platform that is known here",
            f"It may be {', '.join(PLATFORMS)}.",
        )
    form = account_form(platform, value)
    return () if form is None else (key_of(Kind.ACCOUNT, form),)


def work_keys(value: str, scheme: str | None = None) -> tuple[Key, ...]:
    """The keys of the work that a value of a corpus names.

    Args:
        value: as the corpus has it.
        scheme: `isbn`, `doi`, `arxiv` or `iscc` where the column says so; None where only the
            value does. A bare number is then no ISBN, whatever its check digit.

    Returns:
        one key; none where the value names no work.

    Raises:
        IdentifierError: the scheme is not known.
    """
    if scheme is not None and scheme not in SCHEMES:
        raise IdentifierError(
            f"{quoted(scheme)} is no scheme of works", f"It may be {', '.join(SCHEMES)}."
        )
    form = work_form(value, scheme)
    return () if form is None else (key_of(Kind.WORK, form),)


def text_key(text: str) -> Key | None:
    """The key of a passage that fills a field; None where it is too short to be anybody's."""
    form = passage_of(text)
    return None if form is None else key_of(Kind.TEXT, form)


def md5_key(digits: str) -> Key:
    """The key of a file's exact bytes by their MD5, for corpora that carry only that.

    Args:
        digits: 32 hexadecimal digits.

    Raises:
        IdentifierError: it is no such digest.
    """
    return key_of(Kind.FILE, f"md5:{md5_digits(digits)}")


def md5_digits(text: str) -> str:
    """An MD5 digest as 32 hexadecimal digits in lower case.

    Raises:
        IdentifierError: it is no such digest.
    """
    lower = text.strip().lower()
    if not _MD5.fullmatch(lower):
        raise IdentifierError(f"{quoted(text)} is no MD5 digest", "It has 32 hexadecimal digits.")
    return lower


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
