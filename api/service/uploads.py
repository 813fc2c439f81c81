"""Whole lists from partners: kept as files, and worked off one after another.

A list that was being worked off when the service stopped is begun anew: to repeat changes nothing.
One that fails is tried again, ever less often, while the others go on; after hours it is given up.
Of several processes with one folder, one works off what lies there, whoever took it; what lies in
another folder is left to those who have that.
No path of this machine can be named in a list: pictures and files are taken by their hashes alone.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from anyio import to_thread
from optout.api.errors import Busy, WorkerBroken
from optout.api.limits import Limits
from optout.api.places import where
from optout.registry import Registry
from optout.registry.partners import Partner, PartnersUpload

from .beside import Beside
from .locking import locked
from .working_off import UNFORESEEN, work_off, work_off_beside

log = logging.getLogger("optout.api")

FORMS = {
    "text/csv": "csv",
    "application/jsonl": "jsonl",
    "application/vnd.apache.parquet": "parquet",
}
"""What a list may be, by content type, and the ending of its file."""

_PART = ".part"
_RETRY_SECONDS = 1.0
_LEAST_OFTEN_SECONDS = 600.0
_DOUBLED = 20
_LOOK_SECONDS = 5.0

_GIVEN_UP_TRIES = 5
_GIVEN_UP_SECONDS = 3 * 3600.0
"""A list is given up after so many failures, the first of them so long ago."""

_ROOM_BYTES = 8 << 20
"""After so many bytes of a list it is looked at again whether there is room for more."""


@dataclass(slots=True)
class _Failing:
    """A list that has failed: when it is tried again, and how often and since when it is to blame.

    Where nothing can be written, no list is to blame.
    """

    put_offs: int = 0
    again: float = 0.0
    blamed: int = 0
    since: float = 0.0

    def put_off(self, now: float) -> None:
        pause = _RETRY_SECONDS * 2.0 ** min(self.put_offs, _DOUBLED)
        self.put_offs += 1
        self.again = now + min(pause, _LEAST_OFTEN_SECONDS)

    def blame(self, now: float) -> None:
        self.since = self.since if self.blamed else now
        self.blamed += 1

    def is_given_up(self, now: float) -> bool:
        return self.blamed >= _GIVEN_UP_TRIES and now - self.since >= _GIVEN_UP_SECONDS


class UploadDesk:
    """Takes lists, and works them off.

    Args:
        registry: the registry, open.
        folder: where lists are kept until they are worked off.
        limits: the service's ceilings.
        beside: where lists are worked off in processes of their own; here by default.
    """

    def __init__(
        self, registry: Registry, folder: Path, limits: Limits, beside: Beside | None = None
    ) -> None:
        self._registry = registry
        self._beside = beside
        self._folder = folder
        self._most = limits.waiting
        self._spare = limits.spare
        self._coming: set[str] = set()
        self._failing: dict[str, _Failing] = {}
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._worker: threading.Thread | None = None
        self._lock = -1  # a descriptor, while this process works off what lies in the folder

    def start(self) -> None:
        """Begin to work off what waits, and whatever comes."""
        self._wanted.set()
        self._worker = threading.Thread(target=self._run, name="uploads", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Stop after the batch that is under way; the next start goes on."""
        self._ending.set()
        self._wanted.set()
        if self._beside is not None:
            self._beside.end()
        if self._worker is not None:
            self._worker.join()

    async def take(
        self,
        partner: Partner,
        form: str,
        kind: str,
        body: AsyncIterator[bytes],
        *,
        takes_back: bool,
    ) -> str:
        """Keep a list, to be worked off in its turn.

        Args:
            partner: who sends it.
            form: the ending of its file, one of `FORMS`.
            kind: what its values are; empty where they say it themselves.
            body: the list.
            takes_back: whether it lists what this partner takes back.

        Returns:
            What it is called by.

        Raises:
            Busy: too many wait or arrive already, or there is no room, or it cannot be kept.
        """
        identity = self._registry.uploads.new_id()
        before = set(self._coming)
        waiting = await to_thread.run_sync(self._waiting)
        # What has arrived meanwhile may not be among those that wait.
        if len(before | self._coming | set(waiting)) >= self._most:
            raise Busy("too many lists wait to be worked off", "Send it again in an hour.")
        self._coming.add(identity)
        try:
            await self._keep(identity, partner, form, kind, body, takes_back=takes_back)
        finally:
            self._coming.discard(identity)
        self._wanted.set()
        return identity

    async def _keep(
        self,
        identity: str,
        partner: Partner,
        form: str,
        kind: str,
        body: AsyncIterator[bytes],
        *,
        takes_back: bool,
    ) -> None:
        uploads = self._registry.uploads
        path = self._path(identity, form)
        part = path.with_name(f"{path.name}{_PART}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_room()
            unlooked = 0
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
                # Until the registry knows of it, it must not be taken for a leftover.
                fcntl.flock(to, fcntl.LOCK_EX | fcntl.LOCK_NB)
                async for chunk in body:
                    unlooked += len(chunk)
                    if unlooked > _ROOM_BYTES:
                        unlooked = 0
                        self._check_room()
                    await to_thread.run_sync(to.write, chunk)
                to.flush()
                await to_thread.run_sync(os.fsync, to.fileno())
                part.rename(path)
                await to_thread.run_sync(
                    lambda: uploads.start(identity, partner, kind, form, takes_back=takes_back)
                )
        except BaseException as fault:
            with suppress(OSError):
                path.unlink()
            if isinstance(fault, OSError):
                raise Busy("the list cannot be kept", "Send it again in an hour.") from fault
            raise
        finally:
            with suppress(OSError):
                part.unlink()

    def _check_room(self) -> None:
        # The registry, its vault and the snapshots often lie on the same disk.
        if shutil.disk_usage(self._folder).free < self._spare:
            raise Busy("too little room is left to keep lists", "Send it again in an hour.")

    async def find(self, identity: str, partner: Partner) -> PartnersUpload | None:
        """How far a list of this partner has come; None where it has sent no such list."""
        found = await to_thread.run_sync(self._registry.uploads.find, identity)
        return found if found and found.sender == partner.name else None

    def _path(self, identity: str, form: str) -> Path:
        return self._folder / f"{identity}.{form}"

    def _run(self) -> None:
        while not self._ending.is_set():
            # Other processes put lists here as well, or end and leave theirs.
            self._wanted.wait(_LOOK_SECONDS)
            self._wanted.clear()
            try:
                if self._holds_folder():
                    self._work_off_all(self._waiting())
            except Exception as error:  # the registry or the disk is away, and may come back
                log.error("%s", where(error))
                self._ending.wait(_RETRY_SECONDS)
                self._wanted.set()
        if self._lock >= 0:
            os.close(self._lock)

    def _holds_folder(self) -> bool:
        if self._lock < 0 and (lock := locked(self._folder)) >= 0:
            try:
                self._sweep()
            except BaseException:
                os.close(lock)
                raise
            self._lock = lock
        return self._lock >= 0

    def _sweep(self) -> None:
        """Remove every file that nobody writes and that is of no list to be worked off."""
        free = {path: locked(path) for path in self._folder.iterdir() if path.is_file()}
        try:
            waiting = set(self._registry.uploads.unfinished())
            for path, lock in free.items():
                if lock >= 0 and path.stem not in waiting:
                    path.unlink(missing_ok=True)
        finally:
            for lock in free.values():
                if lock >= 0:
                    os.close(lock)

    def _waiting(self) -> list[str]:
        """The lists that lie here and are still to be worked off, in their order."""
        here = {path.stem for path in self._folder.glob("*") if path.suffix != _PART}
        return [one for one in self._registry.uploads.unfinished() if one in here] if here else []

    def _work_off_all(self, waiting: Collection[str]) -> None:
        """Work off what waits and is not put off.

        Raises:
            Exception: a list has failed, and the registry can be read or written no more.
        """
        self._failing = {one: self._failing[one] for one in waiting if one in self._failing}
        for identity in waiting:
            failing = self._failing.get(identity)
            if self._ending.is_set() or (failing and time.monotonic() < failing.again):
                continue
            try:
                self._work_off(identity)
            except Exception as error:  # one list that fails must not keep the others waiting
                log.error("%s", where(error))
                self._put_off(identity)
            else:
                self._failing.pop(identity, None)

    def _put_off(self, identity: str) -> None:
        now = time.monotonic()
        failing = self._failing.setdefault(identity, _Failing())
        failing.put_off(now)
        upload = self._registry.uploads.find(identity)
        if upload is None:
            return
        told = upload.progress
        if given_up := failing.is_given_up(now):
            told = replace(told, state="failed", fault=UNFORESEEN)
        self._registry.uploads.keep(identity, told)
        failing.blame(now)
        if given_up:
            self._path(identity, upload.form).unlink(missing_ok=True)

    def _work_off(self, identity: str) -> None:
        upload = self._registry.uploads.find(identity)
        if upload is None or self._ending.is_set():
            return
        path = self._path(identity, upload.form)
        try:
            if self._beside is None:
                done = work_off(self._registry, upload, path, self._ending)
            else:
                done = work_off_beside(self._beside, upload, path)
        except WorkerBroken as error:  # what breaks one process would break the next
            log.error("%s", where(error))
            done = True
            told = replace(upload.progress, state="failed", fault=UNFORESEEN)
            self._registry.uploads.keep(identity, told)
        if done:
            path.unlink(missing_ok=True)
