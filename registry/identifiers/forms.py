"""The canonical form of a value that somebody registers, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optout.registry.errors import IdentifierError

from .accounts import account_of
from .address import address_of, quoted, read_address
from .keys import md5_digits, sha256_form
from .kinds import Kind
from .passages import passage_form
from .prefixes import BELOW, prefix_of
from .sites import site_of
from .works import work_of


def canonical(kind: Kind, text: str) -> str:
    """The form in which values of a kind are compared; canonical forms are their own.

    Args:
        kind: any but `image`; of a `file`, `text` is the SHA-256, or `md5:` and the MD5.
        text: the value as somebody wrote it.

    Returns:
        `host[:port]/path[?query]` of an address, `host[:port]/path` of a prefix, the host of a
        site, `platform:handle`, `scheme:number` of a work, the folded passage, the digest in lower
        case.

    Raises:
        IdentifierError: the value is not of that kind, or the kind has no written form.
    """
    if kind == Kind.URL and _is_canonical(text):
        return text
    if kind == Kind.PREFIX and _is_canonical(text):
        return prefix_of(f"//{text}")
    return understood(kind, text)


def understood(kind: Kind, text: str) -> str:
    """The canonical form of what somebody wrote, who may have meant something else.

    `and/or` is refused as an address, though there may be a host that is called `and`.

    Raises:
        IdentifierError: the value is not of that kind, or the kind has no written form.
    """
    form = _FORMS.get(kind)
    if form is None:
        raise IdentifierError("a picture has no written form", "Give the picture itself.")
    return form(text)


def _url_form(text: str) -> str:
    address = address_of(text)
    if BELOW.search(text):
        raise IdentifierError(
            f"{quoted(text.strip())} ends in a star, which in one address stands for itself",
            "Everything below an address is of the kind prefix.",
        )
    return str(address)


def _file_form(text: str) -> str:
    lower = text.strip().lower()
    if lower.startswith("md5:"):
        return f"md5:{md5_digits(lower[4:])}"
    return sha256_form(text)


_FORMS: Mapping[Kind, Callable[[str], str]] = {
    Kind.URL: _url_form,
    Kind.SITE: site_of,
    Kind.PREFIX: prefix_of,
    Kind.ACCOUNT: account_of,
    Kind.WORK: work_of,
    Kind.TEXT: passage_form,
    Kind.FILE: _file_form,
}


def _is_canonical(text: str) -> bool:
    # `intranet/page` is words to whoever registers it, and what `http://intranet/page` becomes.
    address = read_address(f"//{text}")
    return address is not None and str(address) == text
