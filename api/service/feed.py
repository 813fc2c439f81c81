"""The published pictures as a feed of hashes, page by page, in the order of their last change."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optout.registry.errors import UsageError
from optout.registry.lists import Holdings, ListRecord
from optout.registry.snapshot import read_leaves, read_openings

if TYPE_CHECKING:
    from .on_disk import Published

_TOKEN = re.compile(r"(\d{1,15})\.(\d{1,19})\.([a-z0-9]{1,16})", re.ASCII)

Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some records of a feed.

    Attributes:
        records: in the order of their last change.
        following: names the next page; empty on the last one.
    """

    records: list[ListRecord]
    following: str


class Feed:
    """The records of one snapshot after the other; made when first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[str, list[ListRecord]] | None = None

    def page(self, published: Published, since: int, token: str, size: int) -> FeedPage:
        """Records that changed at `since` or later.

        A date is all that the log says of a change: who asks again from the newest one gets that
        day's records again, and misses none.

        Args:
            published: what is in force.
            since: seconds since 1970.
            token: of the page before; empty for the first. It holds across renewals: what changed
                meanwhile stands further behind.
            size: the most records.

        Raises:
            UsageError: there is no such page.
        """
        after = _parsed(token) if token else None
        records = self._records(published)
        first = bisect_left(records, since, key=lambda record: record.changed)
        if after is not None:
            first = max(first, bisect_right(records, after, key=_key))
        found = records[first : first + size]
        more = first + size < len(records)
        following = ".".join(map(str, _key(found[-1]))) if more and found else ""
        return FeedPage(found, following)

    def forget(self) -> None:
        """Let go of the records: they may hold what has been erased."""
        with self._lock:
            self._held = None

    def _records(self, published: Published) -> list[ListRecord]:
        snapshot = published.snapshot
        with self._lock:
            if self._held is not None and self._held[0] == snapshot.digest:
                return self._held[1]
            holdings = Holdings(read_leaves(snapshot))
            records = sorted(holdings.records(lambda: read_openings(snapshot)), key=_key)
            # What is gone may hold what has been erased, and nobody would say `forget` again.
            self._held = (snapshot.digest, records) if published.is_there else None
            return records


def _key(record: ListRecord) -> Key:
    return record.changed, int(record.id), record.signal


def _parsed(token: str) -> Key:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise UsageError("there is no such page", "Begin again, without a page token.")
    return int(found[1]), int(found[2]), found[3]
