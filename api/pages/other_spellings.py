"""Other spellings of an address: who withdraws one mostly means them all."""

from __future__ import annotations

from collections.abc import Sequence

from optout.api.service import Item, Limits, read_value, variants
from optout.registry.identifiers import Kind

from .things import Thing

SPELLINGS = ("www", "slash", "query", "size", "escape")
"""The variants that are another spelling, and not what holds an address."""

_KINDS = (Kind.URL, Kind.SITE, Kind.PREFIX)


def spellings_of(chosen: Sequence[Thing], things: Sequence[Thing], limits: Limits) -> list[Thing]:
    """The other spellings of things that were chosen, among all things of a case.

    What was chosen may be a spelling itself: then what it is a spelling of is found too, unless
    that is more than one thing, as where many pages differ in what stands behind the `?` alone.

    Args:
        chosen: what is to be withdrawn.
        things: the case's, those that were chosen too.
        limits: the ceilings on a line's length.
    """
    if len(chosen) == len(things):
        return []
    items = {thing.key: item for thing in things if (item := _read(thing, limits))}
    known = {item.identifier.digest: key for key, item in items.items()}
    spelt = {key: _spellings(item, known, limits) for key, item in items.items()}
    keys = {thing.key for thing in chosen}
    origins = set(keys)
    for key in keys:
        whose = {other for other, found in spelt.items() if key in found} - spelt.get(key, set())
        both = {other for other in spelt.get(key, ()) if key in spelt[other]}
        origins |= both | (whose if len(whose) == 1 else set())
    found = origins | {other for key in origins for other in spelt.get(key, ())}
    return [thing for thing in things if thing.key in found - keys]


def _read(thing: Thing, limits: Limits) -> Item | None:
    read = read_value(thing.kind, thing.shown, limits) if thing.kind in _KINDS else None
    return read if isinstance(read, Item) else None


def _spellings(item: Item, known: dict[bytes, str], limits: Limits) -> set[str]:
    found = (other for name in SPELLINGS for other in variants([item], name, limits))
    digests = (other.identifier.digest for other in found)
    return {known[digest] for digest in digests if digest in known}
