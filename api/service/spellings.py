"""Other spellings of an address, and what holds it: each worth an entry of its own.

The same page or picture is often listed under another address, and who names one page of a gallery
often means all of it. Nothing of this is guessed: people are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from optout.api.limits import Limits
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Kind, canonical, close_variants

from .items import Item
from .lines import read_value

VARIANTS = ("account", "work", "prefix", "www", "slash", "query", "size", "escape")
"""What can be offered beside an address: what holds it, and other spellings of it."""


def variant(item: Item, name: str) -> tuple[Kind, str] | None:
    """One thing to offer beside an item, as its kind and its text; None where there is none.

    Args:
        item: an address, a site or a prefix.
        name: one of VARIANTS: the account whose profile it is; the work that it resolves;
            everything below it; or one of the registry's `close_variants`.
    """
    if name in {Kind.ACCOUNT, Kind.WORK}:
        return _named(Kind(name), item.understood) if item.kind is Kind.URL else None
    if name == Kind.PREFIX:
        path, question, _ = item.understood.partition("?")
        # A last part with a dot is mostly a picture or a document.
        last = path.rstrip("/").rpartition("/")
        holds = item.kind is Kind.URL and not question and last[0] and "." not in last[2]
        return (Kind.PREFIX, path) if holds else None
    text = dict(close_variants(item.kind, item.understood)).get(name)
    return (item.kind, text) if text else None


def _named(kind: Kind, address: str) -> tuple[Kind, str] | None:
    try:
        return kind, canonical(kind, f"https://{address}")
    except IdentifierError:
        return None  # no profile on a platform, or no resolver's address


def variants(items: Sequence[Item], name: str, limits: Limits) -> list[Item]:
    """All variants of one name that are not among the items already."""
    known = {item.identifier.digest for item in items}
    found: list[Item] = []
    for item in items:
        offered = variant(item, name)
        result = read_value(*offered, limits) if offered else None
        if isinstance(result, Item) and result.identifier.digest not in known:
            known.add(result.identifier.digest)
            found.append(result)
    return found
