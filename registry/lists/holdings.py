"""A registry's pictures as a list of hashes for others, with tombstones.

Of each picture the hashes of its original shape are listed, under the number of its entry. What was
withdrawn is taken back by its hashes, where they are known and no other entry has them; otherwise,
and where it was erased, by its number alone. Of every other kind a registry keeps no value that
others could use: those entries are counted.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping

from optout.registry.errors import LogFault
from optout.registry.identifiers import Identifier, Kind
from optout.registry.log import (
    Add,
    Entry,
    Erase,
    Opening,
    Restore,
    State,
    Status,
    Withdraw,
    parse_leaf,
)

from .records import ListRecord, Standing

_NAMESPACES = {"phash256": "phash256", "phash64": "phash64", "pdq256": "pdq"}
"""Namespaces of hashes, and the signals that they are."""

_STANDINGS = {Status.WITHDRAWN: Standing.WITHDRAWN, Status.ERASED: Standing.DELETED}


class Holdings:
    """What a log says of its pictures. Takes memory in proportion to them.

    Args:
        leaves: the log, from its first record on.

    Attributes:
        left_out: entries in force that cannot be listed, by kind.

    Raises:
        LogFault: a record is malformed, or not allowed where it stands.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._pictures = State()
        self._dates: dict[int, str] = {}
        kinds = bytearray()
        ended: set[int] = set()
        for position, leaf in enumerate(leaves):
            record = parse_leaf(leaf)
            kinds.append(record.kind.code if isinstance(record, Add) else 0)
            entry = position if isinstance(record, Add) else record.entry
            if entry in self._pictures.entries or kinds[position] == Kind.IMAGE.code:
                self._pictures.size = position
                self._pictures.apply(leaf)
                self._dates[entry] = record.date
            elif isinstance(record, Withdraw | Erase):
                ended.add(entry)
            elif isinstance(record, Restore):
                ended.discard(entry)
        for entry in ended:
            kinds[entry] = 0
        counts = {str(kind): kinds.count(kind.code) for kind in Kind if kind is not Kind.IMAGE}
        self.left_out: Mapping[str, int] = {kind: many for kind, many in counts.items() if many}

    def records(self, openings: Callable[[], Iterable[Opening]]) -> Iterator[ListRecord]:
        """The list, by number of entry.

        Args:
            openings: by index, each time it is called; those of other kinds are passed over.

        Raises:
            LogFault: an opening is missing, or does not fit its entry.
        """
        kept = self._kept_elsewhere(openings)
        for entry, identifier in self._covered(openings()):
            if identifier is None and entry.status.in_force:
                raise LogFault(
                    f"entry {entry.index} is in force, and there is no opening of it",
                    "Do it again: it may have been erased meanwhile.",
                )
            signals = [] if identifier is None else _signals(identifier)
            taken = [one for one in signals if entry.status.in_force or one not in kept]
            # A receiver who knows hashes alone must not drop one that somebody else asks for.
            for signal, value in taken or [(signals[0][0] if signals else "phash256", "")]:
                yield self._record(entry, signal, value)

    def _kept_elsewhere(self, openings: Callable[[], Iterable[Opening]]) -> set[tuple[str, str]]:
        """Signals of withdrawn entries that an entry in force has, too."""
        if all(entry.status is not Status.WITHDRAWN for entry in self._pictures.entries.values()):
            return set()
        withdrawn: set[tuple[str, str]] = set()
        for entry, identifier in self._covered(openings()):
            if identifier is not None and not entry.status.in_force:
                withdrawn.update(_signals(identifier))
        return {
            one
            for entry, identifier in self._covered(openings())
            if identifier is not None and entry.status.in_force
            for one in _signals(identifier)
            if one in withdrawn
        }

    def _covered(self, openings: Iterable[Opening]) -> Iterator[tuple[Entry, Identifier | None]]:
        """Every picture ever registered, and what it is, where that is known."""
        given = iter(openings)
        opening = next(given, None)
        for index, entry in self._pictures.entries.items():
            while opening is not None and opening.index < index:
                opening = next(given, None)
            mine = opening if opening is not None and opening.index == index else None
            yield entry, None if mine is None else mine.check(entry)

    def _record(self, entry: Entry, signal: str, value: str) -> ListRecord:
        midnight = datetime.datetime.fromisoformat(self._dates[entry.index])
        return ListRecord(
            signal=signal,
            value=value,
            standing=_STANDINGS.get(entry.status, Standing.ACTIVE),
            id=str(entry.index),
            case=str(entry.index),
            changed=int(midnight.replace(tzinfo=datetime.UTC).timestamp()),
        )


def _signals(identifier: Identifier) -> list[tuple[str, str]]:
    """The hashes of a picture's original shape: type of signal, and value."""
    return [
        (signal, packed.hex())
        for namespace, signal in _NAMESPACES.items()
        if (packed := identifier.hashes.get(namespace, {}).get("original"))
    ]
