"""The registry's snapshot as it is served: renewed now and then, gone when it must go.

A snapshot is built once for a size of the log, and not sooner after the one before than the service
allows: who registers and asks by turns must not keep it building. Older ones stay one step longer,
for whoever is in the middle of fetching, except where something was erased in between: then they
are deleted before anything else happens, because they hold what was erased.

A build that is overtaken by an erasure is thrown away and begun anew. Where that happens again and
again, a build holds up the erasures of this process, so that a snapshot comes to be published
whatever is erased.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from optout.api.errors import Busy
from optout.api.places import where
from optout.registry import Registry
from optout.registry.log import Erase, parse_leaf

from .beside import Beside
from .building import build_beside, build_here
from .lulls import Lull
from .on_disk import MANIFEST, Published, open_published
from .own_folder import OwnFolder

log = logging.getLogger("optout.api")

_OFTEN = 3
"""Builds, one after another, that were overtaken by erasures: the next one holds them up."""

_FIRST_PAUSE = 5.0
"""Seconds after a build that failed, and twice as many after every further one."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file of a snapshot, open: it can be read to its end even if the snapshot goes."""

    stream: BinaryIO
    size: int
    digest: str


class Publisher:
    """Keeps one current snapshot of a registry in a folder.

    Args:
        registry: whose log is published.
        folder: where snapshots are built, in a folder of its own for each process that serves the
            registry. Leftovers of an earlier process are removed, because something may have been
            erased in the meantime.
        seconds: for how long a snapshot is served as it is, however the log grows; with 0 a
            manifest is always that of the log as it stands.
        when_dropped: called once what held something erased is deleted: what was made of it must
            go too. Whoever keeps such a thing makes sure first that its snapshot `is_there`.
        beside: where snapshots are built in processes of their own; here by default.
    """

    def __init__(
        self,
        registry: Registry,
        folder: Path,
        seconds: float = 0,
        when_dropped: Sequence[Callable[[], None]] = (),
        beside: Beside | None = None,
    ) -> None:
        self._registry = registry
        self._seconds = seconds
        self._when_dropped = when_dropped
        self._beside = beside
        self.lull = Lull()
        self._built = -seconds  # when, on the clock that never goes back
        self._overtaken = 0  # builds, since one was not
        self._pause, self._paused_until = 0.0, 0.0
        self._own = OwnFolder(folder)
        self._making: Path | None = None
        # The newest first; replaced and never changed, so that it can be read without the lock.
        self._published: list[Published] = []
        self._building = threading.Lock()
        self._state = threading.Lock()
        self._watched = registry.size  # nothing older is published

    def served(self) -> Published:
        """The newest snapshot that is published, built only where there is none.

        With `seconds` of 0 it is that of the log as it stands.
        """
        if self._seconds:
            newest = self.newest()
            if newest is not None:
                return newest
        return self._renewed(at_once=not self._seconds)

    def newest(self) -> Published | None:
        """The newest snapshot that is published, if there is one; asks nothing of the registry."""
        return next(iter(self._whole()), None)

    def current(self) -> Published:
        """The snapshot of the log as it stands, built if there is none."""
        return self._renewed(at_once=True)

    def renew(self) -> None:
        """Publish what the log has come to, if it is time or nothing is published.

        Does nothing while another does it, nor for a while after a build that failed: twice as long
        after each, up to `seconds`.
        """
        now = time.monotonic()
        due = now - self._built >= self._seconds or self.newest() is None
        if due and now >= self._paused_until and self._building.acquire(blocking=False):
            try:
                self._build_current()
            finally:
                self._building.release()

    def _renewed(self, *, at_once: bool) -> Published:
        with self._building:
            if not at_once:  # who has waited for another's is content with it
                newest = self.newest()
                if newest is not None:
                    return newest
                if time.monotonic() < self._paused_until:
                    raise Busy("no snapshot can be built at present", "Try again in some minutes.")
            return self._build_current()

    def _build_current(self) -> Published:
        while True:
            with self._state:
                self._drop_erased()
                for newest in self._whole():
                    if newest.size == self._registry.size:
                        return newest
            is_often = self._overtaken >= _OFTEN
            with self.lull.holding() if is_often else nullcontext():
                began = self._built = time.monotonic()
                published = self._publish_built()
                if published is None:
                    self._overtaken += 1
                    continue
                if is_often:
                    self.lull.prolong(time.monotonic() - began)
                    # If it goes on, one build leaves erasures alone, and the next one does not.
                    self._overtaken = _OFTEN - 1
                elif not self.lull.is_on:
                    self._overtaken = 0
                return published

    def _publish_built(self) -> Published | None:
        """Build once, and publish it unless something was erased in the meantime."""
        try:
            built = self._build()
            with self._state:
                self._drop_erased()
                if built is None or self._erased_since(built.size):
                    return None
                self._published, self._making = [built, *self._published[:1]], None
                return built
        finally:
            with self._state:
                self._making = None
                self._own.keep([one.folder for one in self._published])

    def _whole(self) -> list[Published]:
        """The newest snapshot, unless somebody has removed it."""
        return [one for one in self._published[:1] if one.is_there]

    def open(self, path: str) -> OpenFile | None:
        """Open one file.

        Args:
            path: as the manifest names it. The manifest is that of what is `served`; any
                other file is looked for in what is published already and holds
                nothing that anybody has erased since.

        Returns:
            None where no published snapshot has such a file.
        """
        if path == MANIFEST:
            self.served()
        with self._state:
            self._drop_erased()
            for snapshot in self._published:
                file = snapshot.folder / path
                if path in snapshot.digests and file.is_file():
                    size = file.stat().st_size
                    return OpenFile(file.open("rb"), size, snapshot.digests[path])
        return None

    def forget_erased(self) -> None:
        """Delete what is published if it holds something that has been erased since.

        Called after every erasure; now and then, and before every file, for those that another
        process made.
        """
        with self._state:
            self._drop_erased()

    def erase(self, erase: Callable[[], None], *, at_once: bool) -> bool:
        """Erase something, and delete what is published: it may hold it.

        Args:
            erase: does it, in the registry.
            at_once: also where it should rather wait.

        Returns:
            False where it was not done, because it has to wait until there is no `lull`.

        Raises:
            OptOutError: `erase` has failed; where it has not, nothing does.
        """
        with self.lull.erasing(at_once=at_once) as is_let:
            if not is_let:
                return False
            erase()
            try:
                self.forget_erased()
            except Exception as error:  # it is erased, whatever the log does not tell just now
                log.error("%s", where(error))
                with self._state:
                    self._take_down()
            return True

    def close(self) -> None:
        """Delete everything published, and what is being built: nobody would watch over it."""
        if self._beside is not None:
            self._beside.end()
        with self._building, self._state:
            self._published = []
            self._own.close()

    def _build(self) -> Published | None:
        """A snapshot of the log as it stands; None where it was overtaken."""
        name = f"{self._registry.size}-{secrets.token_hex(4)}"
        folder = self._making = self._own.ready() / name
        try:
            if self._beside is None:
                whole = build_here(self._registry, folder)
            else:
                whole = build_beside(self._beside, folder)
            built = open_published(folder) if whole else None
        except Exception:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), self._seconds)
            self._paused_until = time.monotonic() + self._pause
            raise
        self._pause = 0.0
        return built

    def _drop_erased(self) -> None:
        erased, watched = False, self._watched
        for leaf in self._registry.leaves(start=watched):
            watched += 1
            erased = erased or isinstance(parse_leaf(leaf), Erase)
        if erased:
            self._take_down()
        # Not before: where reading fails halfway, what it had read is read once more.
        self._watched = watched

    def _erased_since(self, size: int) -> bool:
        later = self._registry.leaves(start=size)
        return any(isinstance(parse_leaf(leaf), Erase) for leaf in later)

    def _take_down(self) -> None:
        self._published = []
        # What is being built is not published, and goes when it is built.
        self._own.keep([self._making] if self._making is not None else [])
        for forget in self._when_dropped:
            forget()
