"""From a log and the openings of its entries to what a snapshot says and holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from optout.registry.errors import LogFault
from optout.registry.identifiers import CANONICALISER_VERSION, Identifier
from optout.registry.log import Entry, Opening, State, Tree, leaf_hash

_ADVICE = "Whoever runs the registry must explain it; do not rely on it."


def read_log(leaves: Iterable[bytes]) -> tuple[State, bytes]:
    """Fold a log, and compute the root of its tree in the same pass.

    Raises:
        LogFault: a record is malformed or not allowed where it stands.
    """
    state, tree = State(), Tree()
    for leaf in leaves:
        state.apply(leaf)
        tree.append(leaf_hash(leaf))
    return state, tree.root()


def in_force(state: State) -> list[Entry]:
    """What filters must obey, by index."""
    return [entry for entry in state.entries.values() if entry.status.in_force]


def open_all(state: State, openings: Iterable[Opening]) -> Iterator[tuple[Entry, Identifier]]:
    """Every entry in force with what it covers.

    Raises:
        LogFault: an opening is missing, does not fit its entry, or opens what is not in force.
    """
    given = iter(openings)
    for entry in in_force(state):
        opening = next(given, None)
        if opening is None or opening.index > entry.index:
            raise LogFault(f"entry {entry.index} is in force, and its opening is missing", _ADVICE)
        if opening.index < entry.index:
            raise _needless(opening)
        yield entry, opening.check(entry)
    for opening in given:
        raise _needless(opening)


class Rules:
    """Which version of the rules identifiers follow: the newest that one of them needs.

    Attributes:
        version: so far.
    """

    def __init__(self) -> None:
        self.version = CANONICALISER_VERSION

    def of(self, covered: Iterable[tuple[Entry, Identifier]]) -> Iterator[tuple[Entry, Identifier]]:
        """The same entries; each is looked at when it passes."""
        for entry, identifier in covered:
            self.version = max(self.version, identifier.version)
            yield entry, identifier


def count(state: State) -> dict[str, Any]:
    """How many entries are in force, in all, by kind and by grade; none is 0."""
    entries = in_force(state)
    return {
        "entries": len(entries),
        "by_kind": dict(Counter(str(entry.kind) for entry in entries)),
        "by_grade": dict(Counter(str(entry.grade) for entry in entries)),
    }


def _needless(opening: Opening) -> LogFault:
    return LogFault(f"there is an opening of entry {opening.index}, which is not in force", _ADVICE)
