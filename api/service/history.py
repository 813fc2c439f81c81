"""The public log by page and by entry."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np
from optout.registry import Registry
from optout.registry.log import Add, Entry, State, parse_leaf


@dataclass(frozen=True, slots=True)
class EntryHistory:
    """What the log says of one entry.

    Attributes:
        entry: as it stands.
        records: about it, each with its position in the log.
    """

    entry: Entry
    records: list[tuple[int, bytes]]


class History:
    """Reads a registry's log; knows which record is about which entry.

    Takes 8 bytes a record, and reads the log once; after that only what is new.

    Args:
        registry: whose log is read.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._about = array("q")  # by position of a record, the entry that it is about

    def page(self, start: int, count: int) -> list[bytes]:
        """At most `count` records from position `start` on."""
        with closing(_leaves(self._registry, start)) as leaves:
            return list(islice(leaves, count))

    def entry(self, index: int) -> EntryHistory | None:
        """One entry and the records about it; None where no record added such an entry."""
        with self._lock:
            self._catch_up()
            if not 0 <= index < len(self._about) or self._about[index] != index:
                return None
            about = np.frombuffer(self._about, np.int64)
            positions = np.flatnonzero(about[index:] == index) + index
            del about  # an array that is looked at cannot grow
        state = State()
        records: list[tuple[int, bytes]] = []
        for position in positions.tolist():
            leaf = self.page(position, 1)[0]
            state.size = position
            state.apply(leaf)
            records.append((position, leaf))
        return EntryHistory(state.entries[index], records)

    def _catch_up(self) -> None:
        start = len(self._about)
        for position, leaf in enumerate(self._registry.leaves(start=start), start):
            record = parse_leaf(leaf)
            self._about.append(position if isinstance(record, Add) else record.entry)


def _leaves(registry: Registry, start: int) -> Generator[bytes, None, None]:
    # A generator of one's own can be closed early, and with it what the registry has open.
    yield from registry.leaves(start=start)
