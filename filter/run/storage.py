"""Where a run puts what it writes: whole or not at all, under a final key, never renamed by it.

A store of objects has no rename and no folders; nothing at this boundary needs either.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, TypeVar

from optout.filter.errors import StorageError
from optout.registry.durable import TEMPORARY_PREFIX, publishing, sync_folder

Result = TypeVar("Result")

_PATIENCE = 100
"""How often a folder may vanish before it is taken for one that cannot be made."""

_FEW = 64
"""Files that are made lasting one by one; of more, the whole file system is."""

_ADVICE = {
    errno.ENOSPC: "Free some space there, or choose another OUT, and run the same command again.",
    errno.EDQUOT: "Free some of your quota, or choose another OUT, and run it again.",
    errno.EROFS: "Choose an OUT that can be written to.",
    errno.EACCES: "Change its permissions, or choose another path.",
    errno.EPERM: "Change its permissions, or choose another path.",
    errno.EIO: "The disk is failing: copy what matters, then choose an OUT on another one.",
    errno.ENOTDIR: "A file stands where a folder is needed: move it, or choose another OUT.",
    errno.EISDIR: "A folder stands where a file is needed: move it, or choose another OUT.",
    errno.ENOENT: "Check the path.",
    errno.ENAMETOOLONG: "Give the input shorter names.",
}


class Storage(Protocol):
    """Files by name; a name is relative, with `/` between its parts."""

    def put(
        self, name: str, writer: Callable[[IO[bytes]], Result], *, lasting: bool = True
    ) -> Result:
        """Write a file that appears under `name` whole, or not at all."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""

    def exists(self, name: str) -> bool:
        """Whether there is a whole file under `name`."""

    def settle(self, names: Iterable[str]) -> None:
        """Have files outlive a power failure that were put without; absent ones are passed over."""

    def delete(self, name: str, *, lasting: bool = True) -> None:
        """Remove a file; it is no error when there is none."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """The names of all whole files below `prefix`, sorted."""

    def claim(self, name: str, *, wait: bool = False) -> AbstractContextManager[bool]:
        """Hold `name` against every other process for as long as the block runs.

        A claim ends with the process that has it, whatever ends that. It is advice to those who
        ask and protects nothing: what is written must be the same whoever writes it. A store
        without locks keeps a key that is put only where there is none, and that runs out unless
        it is renewed.
        """


@contextmanager
def storage_faults(path: Path) -> Iterator[None]:
    """Turn what the system raises about `path` into a `StorageError` that names it."""
    try:
        yield
    except OSError as fault:
        reason = os.strerror(fault.errno) if fault.errno else str(fault)
        advice = _ADVICE.get(fault.errno or 0, "")
        raise StorageError(f"{path}: {reason}", advice) from fault


class LocalStorage:
    """Files below a folder of this machine.

    A file that is being written has a temporary name in the same folder and is locked by its
    writer, so that `clean` can tell what a killed process left from what a living one needs.

    Args:
        root: the folder; made by the first `put`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where `name` lies on the disk.

        Raises:
            StorageError: the name is absolute, climbs out of the root, or is a temporary one.
        """
        pure = PurePosixPath(name)
        if not pure.name or pure.is_absolute() or ".." in pure.parts or str(pure) != name:
            raise StorageError(f"{name!r} is not a name below {self.root}")
        if pure.name.startswith(TEMPORARY_PREFIX):
            raise StorageError(f"{name!r} is the name of a temporary file")
        return self.root / pure

    def put(
        self, name: str, writer: Callable[[IO[bytes]], Result], *, lasting: bool = True
    ) -> Result:
        """Write a file that appears under `name` whole, or not at all.

        Args:
            name: the file's final name; what was there is replaced.
            writer: writes to the stream it is given; what it returns is returned.
            lasting: whether the file outlives a power failure, which is most of what a small one
                costs; without, whoever reads it has to check that it is what was written.

        Raises:
            StorageError: the disk is full, failing or must not be written to; nothing has changed.
        """
        path = self.path(name)
        with storage_faults(path):
            vanished = 0
            while True:
                try:
                    _make_folders(path.parent)
                    with _held_publishing(path, lasting=lasting) as stream:
                        return writer(stream)
                except _TakenForLeftover:
                    continue
                except FileNotFoundError:
                    # A run that shares the place may remove the folders of scans it has used.
                    vanished += 1
                    if vanished == _PATIENCE or path.parent.exists():
                        raise

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading.

        Raises:
            StorageError: there is none, or it must not be read.
        """
        path = self.path(name)
        with storage_faults(path):
            return path.open("rb")

    def exists(self, name: str) -> bool:
        """Whether there is a whole file under `name`.

        Raises:
            StorageError: it cannot be told.
        """
        path = self.path(name)
        with storage_faults(path):
            return path.is_file()

    def delete(self, name: str, *, lasting: bool = True) -> None:
        """Remove a file; it is no error when there is none.

        Args:
            name: the file's name.
            lasting: whether it stays away after a power failure.

        Raises:
            StorageError: it must not be removed.
        """
        path = self.path(name)
        with storage_faults(path):
            if path.exists():
                path.unlink(missing_ok=True)
                if lasting:
                    with suppress(FileNotFoundError):  # the folder too, by another run's hand
                        sync_folder(path.parent)

    def settle(self, names: Iterable[str]) -> None:
        """Have files outlive a power failure that were put without.

        Each would wait for the disk by itself, and of thousands most have reached it meanwhile.

        Args:
            names: of the files; absent ones are passed over.

        Raises:
            StorageError: the disk is full or failing.
        """
        paths = [path for path in map(self.path, names) if path.is_file()]
        if len(paths) > _FEW and _synced_whole(self.root):
            return
        for path in paths:
            with storage_faults(path), suppress(FileNotFoundError):
                _sync(path)
        for folder in {path.parent for path in paths}:
            with storage_faults(folder), suppress(FileNotFoundError):
                sync_folder(folder)

    def list(self, prefix: str = "") -> Iterator[str]:
        """The names of all whole files that begin with `prefix`, sorted."""
        names = (path.relative_to(self.root).as_posix() for path in self._files())
        yield from sorted(
            name
            for name in names
            if name.startswith(prefix) and not PurePosixPath(name).name.startswith(TEMPORARY_PREFIX)
        )

    @contextmanager
    def claim(self, name: str, *, wait: bool = False) -> Iterator[bool]:
        """Hold `name` against every other process for as long as the block runs.

        Args:
            name: what is claimed; no file of this name need be there.
            wait: until nobody else holds it.

        Yields:
            Whether it is held; where `wait` is not said it may be another's.

        Raises:
            StorageError: no lock can be made.
        """
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        path = self.root / f"{TEMPORARY_PREFIX}claim-{digest}"
        with storage_faults(path):
            descriptor = self._lock(path, wait=wait)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                # Removed while it is held: whoever waits for it finds it gone, and takes a new one.
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                os.close(descriptor)

    def _lock(self, path: Path, *, wait: bool) -> int | None:
        while True:
            _make_folders(path.parent)
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except FileNotFoundError:
                continue  # a run that overwrites has removed the folder
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                if os.fstat(descriptor).st_nlink:
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def clean(self) -> int:
        """Remove what killed processes left half written; what others write now stays.

        Returns:
            How many files were removed.
        """
        leftovers = [p for p in self._files() if p.name.startswith(TEMPORARY_PREFIX)]
        return sum(_remove_leftover(path) for path in leftovers)

    def _files(self) -> Iterator[Path]:
        with storage_faults(self.root):
            for folder, _, names in os.walk(self.root):
                for name in names:
                    yield Path(folder, name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _synced_whole(folder: Path) -> bool:
    """Have everything on a file system reach the disk, where the system can do that."""
    synchronise = getattr(ctypes.CDLL(None), "syncfs", None)
    if synchronise is None:
        return False
    with storage_faults(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return bool(synchronise(descriptor) == 0)
        finally:
            os.close(descriptor)


class _TakenForLeftover(Exception):  # noqa: N818  # caught two lines below where it is raised
    """Somebody cleaned the temporary file away before its writer had locked it."""


@contextmanager
def _held_publishing(path: Path, *, lasting: bool) -> Iterator[IO[bytes]]:
    # The outer of the two: what it closes, it closes after the rename.
    with ExitStack() as held, publishing(path, lasting=lasting) as stream:
        # A second descriptor keeps the lock until the rename, which comes after the close.
        descriptor = os.dup(stream.fileno())
        held.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _TakenForLeftover from None
        if os.fstat(descriptor).st_nlink == 0:
            raise _TakenForLeftover
        yield stream


def _remove_leftover(path: Path) -> bool:
    with storage_faults(path), suppress(FileNotFoundError), path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink()
        return True
    return False


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it durable: a file is not safer than the way to it."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for absent in reversed(missing):
        absent.mkdir(exist_ok=True)
        sync_folder(absent.parent)
