"""What is published, at the desk: files of the snapshot, ranges, addresses judged, the feed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from anyio import current_time, sleep
from optout.api.limits import Limits
from optout.registry import Registry, Snapshot
from optout.registry.identifiers import Identifier, Kind

from .beside import Beside
from .feed import Feed, FeedPage
from .judging import AddressJudge
from .looking_up import Asked, Found, found_in
from .lulls import HELD_SECONDS
from .on_disk import Published
from .publication import OpenFile, Publisher
from .ranges import DIGITS
from .turns import Turns

T = TypeVar("T")

_LOOK_SECONDS = 0.1
_PHASH256 = 32
"""Bytes of one."""


class PublishedDesk:
    """Serves the snapshot, and what is made of it.

    Args:
        registry: the registry, open.
        folder: where snapshots are built.
        limits: the service's ceilings.
        beside: where long work has processes of its own; everything is done here by default.
    """

    def __init__(
        self, registry: Registry, folder: Path, limits: Limits, beside: Beside | None = None
    ) -> None:
        self._limits = limits
        self._judge = AddressJudge()
        self._feed = Feed()
        made_of_it = (self._judge.forget, self._feed.forget)
        self._publisher = Publisher(registry, folder, limits.publish_seconds, made_of_it, beside)
        self._builders = Turns(1, limits.waiting)
        self._renewers = Turns(1, limits.waiting)
        self._watchers = Turns(1, limits.waiting)
        self._judges = Turns(1, limits.waiting)
        self._waiters = Turns(limits.waiting, limits.waiting)
        self._erasers = Turns(1, limits.waiting)

    def close(self) -> None:
        """Take down what is published."""
        self._publisher.close()

    @property
    def waiting(self) -> int:
        """How many wait for what has to be built."""
        return self._builders.waiting

    async def open(self, path: str) -> OpenFile | None:
        """A file of the current snapshot, open; None where it has no such file."""
        return await self._builders.run(self._publisher.open, path)

    async def renew(self) -> None:
        """Publish what the log has come to, if it is time or nothing is published.

        Holds up nobody.
        """
        await self._renewers.run(self._publisher.renew)

    @property
    def is_there(self) -> bool:
        """Whether a snapshot can be served at once."""
        return self._publisher.newest() is not None

    async def find(self, asked: Sequence[Asked]) -> tuple[Published, list[Found]]:
        """The entries that are what is looked for, and the snapshot in which they were found."""
        published = await self.current()
        look_up = published.ranges.look_up
        return published, [
            found
            for one in asked
            for found in found_in(one, look_up(one.space, one.digits[:DIGITS]))
        ]

    async def opted_out(self, addresses: Sequence[str]) -> list[bool]:
        """Which of many addresses a filter would drop by what is published.

        What is longer than an address may be is none.
        """
        most = self._limits.line
        asked = [address if len(address) <= most else "" for address in addresses]
        return await self._judges.run(
            self._of_published, lambda published: self._judge.opted_out(published, asked)
        )

    async def entries_of(self, identifier: Identifier) -> list[int]:
        """The numbers of the published entries that cover just this.

        Those of a picture have its phash256 among their own, in whichever shape.

        Raises:
            Busy: too many are waiting already.
            RegistryError: the snapshot cannot be read.
        """
        return await self._judges.run(
            self._of_published, lambda published: _entries_of(published.snapshot, identifier)
        )

    async def feed_page(self, since: int, token: str, size: int) -> FeedPage:
        """A page of the published pictures' hashes.

        Raises:
            UsageError: there is no such page.
        """
        return await self._judges.run(
            self._of_published, lambda published: self._feed.page(published, since, token, size)
        )

    async def watch(self) -> None:
        """Take down what another process has erased, also while something is being built."""
        await self._watchers.run(self.forget_erased)

    def forget_erased(self) -> None:
        """Take down what is published if another process has erased something it holds."""
        self._publisher.forget_erased()

    async def erase(self, erase: Callable[[], None]) -> None:
        """Erase something, and take down what is published: it may hold it.

        Waits, `HELD_SECONDS` at most, where nothing would ever be published otherwise.

        Args:
            erase: does it, in the registry.

        Raises:
            Busy: too many are waiting already; nothing was erased.
            OptOutError: `erase` has failed; where it has not, nothing does.
        """
        until = current_time() + HELD_SECONDS
        async with self._waiters.hold():
            # One after another, as they are written: who has waited with many crowds out nobody.
            while not await self._erasers.run(
                self._publisher.erase, erase, at_once=current_time() >= until
            ):
                while self._publisher.lull.is_on and current_time() < until:
                    await sleep(_LOOK_SECONDS)

    def _of_published(self, work: Callable[[Published], T]) -> T:
        """Make something of what is published; once more where that was taken down meanwhile."""
        published = self._publisher.served()
        try:
            made = work(published)
        except Exception:
            if published.is_there:
                raise
        else:
            if published.is_there:
                return made
        return work(self._publisher.served())

    async def current(self) -> Published:
        """The snapshot that is served, built where there is none."""
        # What is published is looked at here and now; a thread is for where it has to be built.
        newest = self._publisher.newest() if self._limits.publish_seconds else None
        if newest is not None:
            return newest
        return await self._builders.run(self._publisher.served)


def _entries_of(snapshot: Snapshot, identifier: Identifier) -> list[int]:
    if identifier.kind is Kind.IMAGE:
        hashed = identifier.hashes.get("phash256", {}).get("original", b"")
        queries = np.frombuffer(hashed, np.uint8).reshape(-1, _PHASH256)
        return sorted(set(snapshot.near("phash256", queries, 0).entry.tolist()))
    found = snapshot.find(identifier.kind, identifier.digest, identifier.probe)
    return sorted({entry.index for entry in found})
