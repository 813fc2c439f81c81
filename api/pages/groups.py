"""Things of one kind that have come to the same: what is said of all of them is said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from optout.registry.identifiers import Grade, Kind
from optout.registry.log import Status
from optout.registry.partners import Exclusion

from . import words
from .languages import Language
from .things import Thing

Kinded = TypeVar("Kinded")


@dataclass(frozen=True, slots=True)
class Group:
    """Some things of a case.

    Attributes:
        kind: of all of them.
        status: likewise.
        grade: how the claims are proved, likewise.
        state: what has become of each, in a sentence or two.
        things: one or more, in the order of the case.
    """

    kind: Kind
    status: Status
    grade: Grade
    state: str
    things: tuple[Thing, ...]

    @property
    def entries(self) -> frozenset[int]:
        """The numbers of all entries."""
        return frozenset(entry.index for thing in self.things for entry in thing.entries)

    @property
    def left_out(self) -> list[Exclusion]:
        """What partners claim of each of the things alike."""
        first, *others = self.things
        return [one for one in first.left_out if all(one in thing.left_out for thing in others)]


def grouped(language: Language, things: Sequence[Thing]) -> list[Group]:
    """The groups that things fall into, by kind.

    Args:
        language: of what is said of them.
        things: of a case.
    """
    found: dict[tuple[Kind, Status, Grade, str], list[Thing]] = {}
    for thing in things:
        state = words.state(language, thing.kind, thing.status, thing.grade, thing.why)
        key = (thing.kind, thing.status, thing.grade, state)
        found.setdefault(key, []).append(thing)
    groups = [Group(*key, tuple(each)) for key, each in found.items()]
    return [group for _, each in by_kind(groups, lambda group: group.kind) for group in each]


def by_kind(
    things: Iterable[Kinded], kind_of: Callable[[Kinded], Kind]
) -> list[tuple[Kind, list[Kinded]]]:
    """Anything that has a kind, kind by kind, in the order in which pages show kinds."""
    found: dict[Kind, list[Kinded]] = {kind: [] for kind in Kind}
    for one in things:
        found[kind_of(one)].append(one)
    return [(kind, each) for kind, each in found.items() if each]
