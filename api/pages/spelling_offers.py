"""Boxes that offer other addresses beside those that were given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optout.api.service import Item

ALIKE = ("www", "slash")
"""The spellings that one box stands for, because nobody can be asked to tell them apart."""

SPELT = "spelt"
"""What that box sends."""


@dataclass(frozen=True, slots=True)
class Variants:
    """Other spellings that can be registered too.

    Attributes:
        name: what they have in common, one of the service's `VARIANTS`, or `SPELT`.
        items: the addresses and sites.
        wanted: whether they are to be registered.
    """

    name: str
    items: Sequence[Item]
    wanted: bool


def named(values: Iterable[str]) -> frozenset[str]:
    """The names of variants that boxes have sent."""
    sent = frozenset(values)
    return sent.union(ALIKE) if SPELT in sent else sent


def boxes(found: Sequence[Variants]) -> list[Variants]:
    """What stands beside each box, in order: spellings that are alike have one together."""
    alike = [one for one in found if one.name in ALIKE]
    told: list[Variants] = []
    for one in found:
        if one not in alike:
            told.append(one)
        elif one is alike[0]:
            items = {item.identifier.digest: item for each in alike for item in each.items}
            wanted = any(each.wanted for each in alike)
            told.append(Variants(SPELT, list(items.values()), wanted))
    return told
