"""Prefixes: a path on one host and everything below it, such as a gallery or an author's pages.

    https://Anna.Example:443/~anna/Gallery/?page=2   is   anna.example/~anna/Gallery

The canonical form is that of an address without its query and without slashes at the end. It
covers the addresses on exactly this host and port whose path is that path, or goes on behind it
with a slash; what stands in their query says nothing.
"""

from __future__ import annotations

import re

from optout.registry.errors import IdentifierError
from xxhash import xxh3_64_intdigest

from .accounts import address_accounts
from .address import Address, address_of, quoted
from .platforms import Platform, is_shared_path, platform_at

MAX_DEPTH = 16
"""The most slashes in the path of a prefix: as deep as corpora are searched for them."""

BELOW = re.compile(r"/\s*\*{1,2}\s*\Z")
"""How people write that everything below is meant."""

_MIX = 0x9E3779B97F4A7C15
_ALL_BITS = (1 << 64) - 1
_UPPER_HALF = 0xFFFFFFFF00000000


def prefix_probe(host: bytes, path: bytes) -> int:
    """The probe of a prefix: its upper half is that of `XXH3-64(host)`, its lower half a mix.

    The mix is the upper half of `XXH3-64(host) * 0x9E3779B97F4A7C15 + XXH3-64(path)`, modulo
    2**64. So whoever looks for many paths on one host hashes the host once, and looks for none
    where no prefix on that host is registered.

    Args:
        host: with its port, as in the canonical form.
        path: from its first slash.
    """
    start = xxh3_64_intdigest(host)
    mixed = (start * _MIX + xxh3_64_intdigest(path)) & _ALL_BITS
    return start & _UPPER_HALF | mixed >> 32


def prefix_of(text: str) -> str:
    """The canonical form of a prefix that somebody wants to register.

    Args:
        text: the address of a page below which everything is meant; a star behind it says so too.

    Raises:
        IdentifierError: it is no address, a whole site, a part of a platform that many people
            share, or deeper than corpora are searched.
    """
    host, port, target = address_of(BELOW.sub("/", text))
    path = target.partition("?")[0].rstrip("/")
    shown = quoted(text.strip().removeprefix("//"))
    platform = is_shared_path(host, path) or _shared_folder(Address(host, port, path or "/"))
    if platform is not None:
        raise IdentifierError(
            f"{shown} is a part of the platform {platform.title} that many people share",
            f"Give the account, such as {platform.name}:{platform.forms[0].example}, or one page.",
        )
    if not path:
        raise IdentifierError(
            f"{shown} is a whole site, not a part of one",
            f"A prefix goes on behind the host, as in {host}/gallery; a host is of the kind site.",
        )
    if path.count("/") > MAX_DEPTH:
        raise IdentifierError(
            f"{shown} lies deeper than {MAX_DEPTH} folders", "Give a folder further up."
        )
    return f"{host}{port}{path}"


def _shared_folder(address: Address) -> Platform | None:
    """The platform that keeps what belongs to many people in a folder that is no account's."""
    # `i0.wp.com/anna.example/uploads` is what one site has, passed on by a platform.
    if "." in address.target.split("/")[1] or address_accounts(address):
        return None
    return platform_at(address.host)


def paths_above(target: str) -> list[str]:
    """The paths whose prefix would cover an address, the deepest first.

    Args:
        target: path and query of the address, in canonical form.
    """
    path = target.partition("?")[0]
    cuts: list[str] = []
    slash = 0
    for _ in range(MAX_DEPTH):
        slash = path.find("/", slash + 1)
        if slash < 0:
            break
        if path[slash - 1] != "/":
            cuts.append(path[:slash])
    else:
        return cuts[::-1]
    if path[-1] != "/":
        cuts.append(path)
    return cuts[::-1]
