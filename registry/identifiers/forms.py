"""The canonical form of a value that somebody registers, whatever its kind."""

from __future__ import annotations

from optout.registry.errors import IdentifierError

from .address import address_of, read_address
from .keys import sha256_form
from .kinds import Kind
from .sites import site_of


def canonical(kind: Kind, text: str) -> str:
    """The form in which values of a kind are compared; canonical forms are their own.

    Args:
        kind: `url`, `site` or `file`; of a file `text` is the SHA-256.
        text: the value as somebody wrote it.

    Returns:
        `host[:port]/path[?query]` of an address, the host of a site, the digest in lower case.

    Raises:
        IdentifierError: the value is not of that kind, or the kind has no written form.
    """
    if kind == Kind.URL:
        return text if _is_canonical(text) else str(address_of(text))
    if kind == Kind.SITE:
        return site_of(text)
    if kind == Kind.FILE:
        return sha256_form(text)
    raise IdentifierError("a picture has no written form", "Give the picture itself.")


def _is_canonical(text: str) -> bool:
    # `intranet/page` is words to whoever registers it, and what `http://intranet/page` becomes.
    address = read_address(f"//{text}")
    return address is not None and str(address) == text
