"""The registry's snapshot as it is served: renewed now and then, gone when it must go.

A snapshot is built once for a size of the log, and not sooner after the one before than the service
allows: who registers and asks by turns must not keep it building. Older ones stay one step longer,
for whoever is in the middle of fetching, except where something was erased in between: then they
are deleted before anything else happens, because they hold what was erased.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from optout.api.errors import Busy
from optout.registry import Registry, Snapshot
from optout.registry.documents import parse
from optout.registry.durable import TEMPORARY_PREFIX
from optout.registry.errors import SnapshotError
from optout.registry.log import Erase, parse_leaf

from .beside import Beside
from .building import build_beside, build_here
from .locking import locked
from .ranges import Ranges

MANIFEST = "snapshot.json"
_OURS = re.compile(
    rf"^(?:service-[0-9a-f]{{16}}|\d+-[0-9a-f]{{8}}|{re.escape(TEMPORARY_PREFIX)}.*)$"
)


@dataclass(frozen=True, slots=True)
class Published:
    """One snapshot on disk.

    Attributes:
        folder: where it lies.
        size: records of the log that it stands for.
        digests: SHA-256 in hex of every file, by path: nothing else is ever served.
        snapshot: the same, open.
        ranges: finds single items in it.
    """

    folder: Path
    size: int
    digests: dict[str, str]
    snapshot: Snapshot
    ranges: Ranges

    @property
    def is_there(self) -> bool:
        """Whether nobody has removed it."""
        return (self.folder / MANIFEST).is_file()


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
        self._built = -seconds  # when, on the clock that never goes back
        self._folder = folder
        self._own = folder / f"service-{secrets.token_hex(8)}"
        self._lock = -1  # a descriptor, while there is an own folder
        # The newest first; replaced and never changed, so that it can be read without the lock.
        self._published: list[Published] = []
        self._building = threading.Lock()
        self._state = threading.Lock()
        self._watched = registry.size  # nothing older is published
        self._sweep()

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

        Does nothing while another does it.
        """
        due = time.monotonic() - self._built >= self._seconds or self.newest() is None
        if due and self._building.acquire(blocking=False):
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
            return self._build_current()

    def _build_current(self) -> Published:
        while True:
            with self._state:
                self._drop_erased()
                for newest in self._whole():
                    if newest.size == self._registry.size:
                        return newest
            self._built = time.monotonic()
            built = self._build()
            with self._state:
                self._drop_erased()
                if self._erased_since(built.size):
                    shutil.rmtree(built.folder, ignore_errors=True)
                    continue
                for old in self._published[1:]:
                    shutil.rmtree(old.folder, ignore_errors=True)
                self._published = [built, *self._published[:1]]
                return built

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

    def close(self) -> None:
        """Delete everything published, and what is being built: nobody would watch over it."""
        if self._beside is not None:
            self._beside.end()
        with self._building, self._state:
            self._published = []
            self._unlock()
            self._sweep()
            with suppress(OSError):
                self._folder.rmdir()

    def _build(self) -> Published:
        folder = self._own_folder() / f"{self._registry.size}-{secrets.token_hex(4)}"
        if self._beside is None:
            build_here(self._registry, folder)
        elif not build_beside(self._beside, folder):
            raise Busy("the service ends", "Try again in a minute.")
        snapshot = Snapshot.open(folder)
        data = (folder / MANIFEST).read_bytes()
        manifest = parse(data, str(folder / MANIFEST), error=SnapshotError)
        digests = {path: str(file["sha256"]) for path, file in manifest["files"].items()}
        digests[MANIFEST] = hashlib.sha256(data).hexdigest()
        ranges = Ranges(folder, digests[MANIFEST])
        return Published(folder, int(manifest["size"]), digests, snapshot, ranges)

    def _own_folder(self) -> Path:
        # Another service that begins or ends may sweep it away before it is locked.
        while self._lock < 0 or not self._own.is_dir():
            self._unlock()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError, FileNotFoundError):
                self._own.mkdir(mode=0o700)
            self._lock = locked(self._own)
        return self._own

    def _unlock(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _drop_erased(self) -> None:
        erased, watched = False, self._watched
        for leaf in self._registry.leaves(start=watched):
            watched += 1
            erased = erased or isinstance(parse_leaf(leaf), Erase)
        if erased:
            dropped, self._published = self._published, []
            for snapshot in dropped:
                shutil.rmtree(snapshot.folder, ignore_errors=True)
            for forget in self._when_dropped:
                forget()
        # Not before: where reading fails halfway, what it had read is read once more.
        self._watched = watched

    def _erased_since(self, size: int) -> bool:
        later = self._registry.leaves(start=size)
        return any(isinstance(parse_leaf(leaf), Erase) for leaf in later)

    def _sweep(self) -> None:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            lock = locked(path) if _OURS.match(path.name) else -1
            if lock >= 0:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)
